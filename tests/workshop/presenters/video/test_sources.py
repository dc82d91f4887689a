"""Footage of many kinds made into a presenter: turned, quick, uneven, cut, empty in parts, with two faces, on green."""

from __future__ import annotations

import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.face import Avatar
from anchor.face.avatar import resolve_avatar
from anchor.media.decode import read_frames
from anchor.media.tool import find_ffmpeg
from anchor.packs import Shelf, find_pack
from anchor.workshop.presenters.build_report import BuildOptions, BuildReport
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.video.build import build_video
from tests.workshop.presenters.video.clips import before_screen, room, screen, shown, write_clip

pytestmark = [pytest.mark.slow, pytest.mark.media]
U8 = NDArray[np.uint8]
SIZE = (640, 360)
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", "-pix_fmt", "yuv420p")
Make = Callable[..., Path]


def anchor(name: str) -> Avatar:
    return resolve_avatar(find_pack(Shelf.AVATARS, name, (Path(__file__).resolve().parents[4],)))


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes a clip out of four silent seconds of lan (input 0) by ffmpeg's own words."""
    folder = tmp_path_factory.mktemp("sources")
    idle = write_clip(find_ffmpeg(), shown(anchor("lan"), room(*SIZE), [None] * 120), SIZE, folder / "idle.mp4")

    def made(name: str, *words: object) -> Path:
        path = folder / name
        if not path.exists():
            command = [find_ffmpeg().path, "-v", "error", "-y", "-i", idle, *words, path]
            subprocess.run([str(word) for word in command], check=True)
        return path

    return made


def built(
    clip: Path, pack: Path, models: FaceModels, background: str = "keep", face: tuple[float, float] | None = None
) -> BuildReport:
    pack.mkdir()
    options = BuildOptions("clip", background=background, canvas=SIZE, face=face)
    return build_video(clip, pack, models, options, lambda *_: None, lambda: False)


def plate_of(pack: Path, kind: str = "rgb24", file: str = "plate.mp4") -> list[U8]:
    return [np.ascontiguousarray(frame) for frame in read_frames(find_ffmpeg(), pack / file, kind)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quick.mp4", ("-vf", "minterpolate=fps=60:mi_mode=blend", *FAST)),
        ("fifty.mp4", ("-vf", "minterpolate=fps=50:mi_mode=blend", *FAST)),
        ("uneven.mkv", ("-vf", "select='not(mod(n\\,3))+gt(random(0)\\,.3)'", "-fps_mode", "vfr", *FAST)),
    ],
)
def test_any_rate_gives_an_even_loop(
    name: str, words: tuple[str, ...], make: Make, face_models: FaceModels, tmp_path: Path
) -> None:
    report = built(make(name, *words), tmp_path / "pack", face_models)
    frames = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(int) for frame in plate_of(tmp_path / "pack")]
    assert 1.99 <= len(frames) * 1001 / 30000 <= 4.2
    assert report.facts["source_s"] == pytest.approx(4, abs=0.25)
    steps = [float(np.abs(a - b).mean()) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps) < 6 * float(np.median(steps)) + 0.6


def test_a_turned_phone_gives_an_upright_presenter(make: Make, face_models: FaceModels, tmp_path: Path) -> None:
    lying = make("lying.mp4", "-vf", "transpose=1", *FAST)
    turned = lying.with_name("turned.mp4")
    words = [find_ffmpeg().path, "-v", "error", "-y", "-i", str(lying), "-c", "copy", "-metadata:s:v:0", "rotate=90"]
    subprocess.run([*words, str(turned)], check=True)
    built(turned, tmp_path / "pack", face_models)
    frame = plate_of(tmp_path / "pack")[0]
    assert frame.shape == (360, 640, 3)
    (face,) = FaceFinder(face_models).find(frame)
    assert 200 < face.centre[0] < 440 and face.centre[1] < 200


def test_a_loop_crosses_no_cut_and_no_empty_frames(make: Make, face_models: FaceModels, tmp_path: Path) -> None:
    """4 s, a second of nothing, 3.3 s closer and brighter."""
    graph = (
        "[0]split[a][b];color=gray:s=640x360:r=30000/1001:d=1,setsar=1[none];"
        "[b]trim=0:3.3,setpts=PTS-STARTPTS,scale=800:450,crop=640:360:80:20,eq=brightness=0.2,setsar=1[near];"
        "[a]setsar=1[far];[far][none][near]concat=n=3"
    )
    report = built(make("scenes.mp4", "-filter_complex", graph, *FAST), tmp_path / "pack", face_models)
    start = float(str(report.facts["loop_from_s"]))
    end = start + float(str(report.facts["loop_s"]))
    before = start - float(str(report.facts["dissolve_frames"])) * 1001 / 30000
    assert (before >= -0.05 and end <= 4.05) or (before >= 4.95 and end <= 8.4)
    assert report.facts["usable_share"] == pytest.approx(7.3 / 8.3, abs=0.06)
    light = [float(frame.mean()) for frame in plate_of(tmp_path / "pack", "gray")]
    assert max(light) - min(light) < 3


@pytest.mark.parametrize("side", [0, 1])
def test_the_chosen_one_of_two(side: int, make: Make, face_models: FaceModels, tmp_path: Path) -> None:
    """The picture twice side by side, one of them darker."""
    graph = "[0]split[a][b];[b]eq=brightness=-0.15[c];[a][c]hstack"
    clip = make("two.mp4", "-filter_complex", graph, *FAST)
    built(clip, tmp_path / "pack", face_models, face=(320.0 + 640 * side, 140.0))
    frame = plate_of(tmp_path / "pack")[0]
    middle = float(frame[100:180, 290:350].mean())
    source = next(iter(read_frames(find_ffmpeg(), clip, "rgb24")))
    halves = [float(source[100:180, 290 + 640 * k : 350 + 640 * k].mean()) for k in (0, 1)]
    assert abs(halves[0] - halves[1]) > 15
    assert abs(middle - halves[side]) < 8


def test_green_is_taken_away_and_leaves_no_light_behind(face_models: FaceModels, tmp_path: Path) -> None:
    frames = before_screen(anchor("hao"), screen(*SIZE), 110)
    clip = write_clip(find_ffmpeg(), frames, SIZE, tmp_path / "green.mp4")
    report = built(clip, tmp_path / "pack", face_models, background="auto")
    assert report.facts["background"] == "green"
    plates, mattes = plate_of(tmp_path / "pack"), plate_of(tmp_path / "pack", "gray", "matte.mp4")
    assert len(plates) == len(mattes)
    for plate, matte in zip(plates[::20], mattes[::20], strict=True):
        assert 0.1 < float((matte > 250).mean()) < 0.6
        assert float(((matte > 5) & (matte < 250)).mean()) < 0.06
        assert matte[:4].max() < 5
        seen = plate[matte > 40].astype(int)
        spill = seen[:, 1] - seen[:, [0, 2]].max(axis=1)
        assert float(np.percentile(spill, 99.5)) <= 6


@pytest.mark.alone
def test_memory_hardly_grows_with_the_footage(make: Make, face_models: FaceModels, tmp_path: Path) -> None:
    """Ten minutes are 18,000 frames: at 25 kB each they hold 0.45 GB."""
    peaks = []
    for name, times in (("once.mp4", 0), ("long.mp4", 3)):
        clip = make(name, "-c", "copy")
        if times:
            looped = clip.with_name("looped.mp4")
            words = [find_ffmpeg().path, "-v", "error", "-y", "-stream_loop", str(times), "-i", str(clip)]
            subprocess.run([*words, "-c", "copy", str(looped)], check=True)
            clip = looped
        # Frames in flight between threads only add: the lesser of two runs is what the footage costs.
        peaks.append(min(_peak_bytes(clip, tmp_path / f"{clip.stem}{run}", face_models) for run in range(2)))
    assert peaks[1] - peaks[0] < 360 * 25_000, peaks


def _peak_bytes(clip: Path, pack: Path, models: FaceModels) -> int:
    tracemalloc.start()
    try:
        built(clip, pack, models)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
