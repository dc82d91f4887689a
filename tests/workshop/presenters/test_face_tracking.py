"""Footage of every kind, made with ffmpeg from a figure of the shelf: read, followed, or refused with a reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import JobCancelled, MediaError, Place
from anchor.face.pose import fit_similarity
from anchor.face.track import Similarity
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.face_selection import check_photo_face, choose_face, face_fault
from anchor.workshop.presenters.face_tracking import open_footage, track_footage
from anchor.workshop.presenters.landmarks import CHEEKS, JAW_LINE, OUTER_LIP, STABLE, Landmarker, Landmarks
from anchor.workshop.presenters.occlusion import Suspicions, signs_of
from tests.workshop.presenters.face_pictures import AVATARS, astronaut, over_grey, portrait, still

pytestmark = pytest.mark.media
U8 = NDArray[np.uint8]
Make = Callable[..., Path]
UNEVEN = ",select='not(mod(n\\,3))+gt(random(0)\\,.5)'"
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def ffmpeg() -> FFmpeg:
    """The ffmpeg that serves here."""
    return find_ffmpeg()


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, ffmpeg: FFmpeg) -> Make:
    """Makes a clip by ffmpeg's own words; kept by name."""
    folder = tmp_path_factory.mktemp("clips")

    def made(name: str, *words: str) -> Path:
        path = folder / name
        if not path.exists():
            subprocess.run([ffmpeg.path, "-v", "error", "-y", *words, str(path)], check=True)
        return path

    return made


def plate(size: str = "640:360", more: str = "") -> tuple[str, ...]:
    """Words for the figure's idle plate, reduced."""
    return ("-i", str(AVATARS / "lan" / "plate.mp4"), "-vf", f"scale={size}{more}")


def moving(make: Make, name: str, picture: U8, motion: str, seconds: float = 4) -> Path:
    """A clip of a still picture under a filter."""
    still_path = make(f"{name}.png", "-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1")
    cv2.imwrite(str(still_path), picture[..., ::-1])
    return make(
        f"{name}.mp4", "-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", str(still_path), "-vf", motion, *FAST
    )


def test_a_face_is_followed_and_blinks_are_seen(make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    footage = open_footage(ffmpeg, make("lan.mp4", *plate(), *FAST))
    told: list[tuple[str, int, int]] = []
    tracked = track_footage(footage, face_models, progress=lambda *words: told.append(words))
    assert len(tracked.frames) == 240
    assert tracked.faults == {}
    assert tracked.cuts == ()
    blinking = {i for i, frame in enumerate(tracked.frames) if frame.blinking}
    assert {60, 170} <= blinking <= {*range(55, 66), *range(165, 177)}
    assert told[-1] == ("follow", 240, 240)
    assert tracked.points().shape == (240, 468, 3)


@pytest.mark.parametrize(
    ("name", "words", "size"),
    [
        ("slow.mp4", (*plate(), "-r", "25", *FAST), (640, 360)),
        ("double.mkv", (*plate(), "-r", "60", *FAST), (640, 360)),
        ("stream.ts", (*plate(), *FAST), (640, 360)),
        (
            "vfr.mkv",
            (*plate(more=",select='not(mod(n\\,3))+gt(random(0)\\,.5)'"), "-fps_mode", "vfr", *FAST),
            (640, 360),
        ),
        ("old.avi", (*plate(), "-c:v", "mjpeg", "-q:v", "3"), (640, 360)),
        ("wide.mp4", (*plate("320:360", ",setsar=2"), *FAST), (640, 360)),
        ("grey.mkv", (*plate(), "-c:v", "ffv1", "-pix_fmt", "gray"), (640, 360)),
        ("web.webm", (*plate(), "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"), (640, 360)),
    ],
)
def test_any_rate_container_and_shape(
    name: str, words: tuple[str, ...], size: tuple[int, int], make: Make, ffmpeg: FFmpeg, face_models: FaceModels
) -> None:
    footage = open_footage(ffmpeg, make(name, "-t", "4", *words))
    assert footage.size == size
    frames = list(footage.read())
    assert len(frames) == pytest.approx(4 * 30000 / 1001, abs=4)
    for start in (1, 70, 100):
        again = list(footage.read(start, 2))
        assert all(np.array_equal(a, b) for a, b in zip(again, frames[start : start + 2], strict=True)), start
    (face,) = FaceFinder(face_models).find(frames[-1])
    assert face.centre == pytest.approx((320, 144), abs=12)


def test_a_turned_phone(make: Make, ffmpeg: FFmpeg) -> None:
    lying = make("lying.mp4", "-t", "4", *plate("640:360", ",transpose=1"), *FAST)
    turned = make("turned.mp4", "-i", str(lying), "-c", "copy", "-metadata:s:v:0", "rotate=90")
    footage = open_footage(ffmpeg, turned)
    assert footage.size == (640, 360)
    upright = next(footage.read(0, 1))
    straight = next(open_footage(ffmpeg, make("slow.mp4", "-t", "4", *plate(), "-r", "25", *FAST)).read(0, 1))
    assert np.abs(upright.astype(int) - straight).mean() < 4


@pytest.mark.slow
def test_four_k_is_reduced_while_decoding(make: Make, ffmpeg: FFmpeg) -> None:
    footage = open_footage(ffmpeg, make("uhd.mp4", "-t", "3.2", *plate("3840:2160"), *FAST))
    assert footage.source_size == (3840, 2160)
    assert footage.size == (1920, 1080)
    assert next(footage.read(5, 1)).shape == (1080, 1920, 3)


def test_a_cut_a_gap_and_a_second_scene(make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    """4 s of a face, 1 s of nothing, 1 s of the face elsewhere."""
    words = (
        *("-t", "4", "-i", str(AVATARS / "lan" / "plate.mp4")),
        *("-f", "lavfi", "-t", "1", "-i", "color=gray:s=640x360:r=30000/1001"),
        *("-t", "1", "-i", str(AVATARS / "hao" / "plate.mp4"), "-filter_complex"),
        "[0]scale=640:360,setsar=1[a];[1]setsar=1[b];"
        "[2]scale=800:450,crop=640:360:0:0,eq=brightness=0.2,setsar=1[c];[a][b][c]concat=n=3",
    )
    tracked = track_footage(open_footage(ffmpeg, make("scenes.mp4", *words, *FAST)), face_models)
    first, second = tracked.cuts
    assert first == pytest.approx(120, abs=1)
    assert second == pytest.approx(150, abs=1)
    assert tracked.faults["none"] == pytest.approx(30, abs=3)
    assert tracked.frames[-1].usable
    points = tracked.points()
    assert np.array_equal(points[122], points[119])
    assert np.array_equal(points[148], points[second])
    assert [w.code for w in tracked.weak] == ["often-none"]


@pytest.fixture(scope="module")
def two() -> U8:
    """Two faces side by side, 640 x 360."""
    one = astronaut()[20:240, 110:340]
    picture = np.full((360, 640, 3), 90, np.uint8)
    picture[60:280, 40:270] = one
    picture[60:280, 370:600] = one[:, ::-1]
    return picture


def test_two_faces_and_none_chosen(two: U8, make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    footage = open_footage(ffmpeg, moving(make, "two", two, "null"))
    with pytest.raises(MediaError, match=r"2 faces and none was chosen: 1 at \d+,\d+ .*--face N.*") as caught:
        track_footage(footage, face_models)
    assert "frame 0" in str(caught.value)
    left = track_footage(footage, face_models, (150.0, 160.0))
    assert left.frames[-1].face is not None
    assert left.frames[-1].face.xy[:, 0].max() < 320
    for wanted in (3, (320.0, 20.0)):
        with pytest.raises(MediaError, match="there is no face"):
            track_footage(footage, face_models, wanted)


REFUSED = {
    "nobody": ("testsrc2=s=640x360:r=30:d=4", "no face was found"),
    "short": ("testsrc2=s=640x360:r=30:d=1", "lasts 1.0 s, at least 3 s"),
    "long": ("color=s=64x64:r=2:d=700", "12 minutes, at most 10"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_made_pictures_are_refused(name: str, make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    source, words = REFUSED[name]
    path = make(f"{name}.mp4", "-f", "lavfi", "-i", source, *FAST)
    with pytest.raises(MediaError, match=words) as caught:
        track_footage(open_footage(ffmpeg, path), face_models)
    assert caught.value.hint
    assert caught.value.place is not None


def test_a_small_face_and_a_leaving_one(make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    small = np.full((720, 1280, 3), 100, np.uint8)
    small[300:460, 500:660] = cv2.resize(astronaut()[:320, 60:380], (160, 160), interpolation=cv2.INTER_AREA)
    cases = {
        "small": (moving(make, "small", small, "null"), "too small in 100%"),
        "leaving": (
            moving(make, "leaving", portrait(150)[:, 100:], "crop=400:500:x='min(260,60*t+60)':y=100"),
            "leaves the picture",
        ),
    }
    for path, words in cases.values():
        with pytest.raises(MediaError, match=words) as caught:
            track_footage(open_footage(ffmpeg, path), face_models)
        assert caught.value.hint


@pytest.mark.parametrize("kind", ["sound", "index", "text", "zip", "tail"])
def test_files_that_are_no_footage(kind: str, tmp_path: Path, make: Make, ffmpeg: FFmpeg) -> None:
    path = tmp_path / "clip.mp4"
    whole = make("slow.mp4", "-t", "4", *plate(), "-r", "25", *FAST).read_bytes()
    words = {"sound": "sound only", "zip": "not a media file", "text": "not a media file"}.get(kind, "again")
    if kind == "sound":
        path = make("sound.m4a", "-f", "lavfi", "-i", "sine=d=4")
    else:
        at = whole.rindex(b"moov")
        data = {
            "index": whole[: at + 300],
            "text": "新聞".encode() * 100,
            "zip": b"PK\x03\x04" + bytes(5000),
            "tail": whole[:at].replace(b"mdat", b"free", 1),
        }
        path.write_bytes(data[kind])
    with pytest.raises(MediaError, match=words) as caught:
        open_footage(ffmpeg, path)
    assert caught.value.hint
    assert caught.value.place == Place(file=str(path))


def test_stopping(make: Make, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    footage = open_footage(ffmpeg, make("lan.mp4", *plate(), *FAST))
    with pytest.raises(JobCancelled):
        track_footage(footage, face_models, cancelled=lambda: True)


def test_a_photo_of_a_small_or_cut_face(face_models: FaceModels) -> None:
    finder, landmarker, place = FaceFinder(face_models), Landmarker(face_models), Place(file="a.jpg")
    picture = astronaut()
    face = landmarker.of_face(picture, choose_face(finder.find(picture), None, place))
    with pytest.raises(MediaError, match="too small: 43 pixels between the eyes"):
        check_photo_face(face, (512, 512), place)
    large = portrait(300)
    cut = np.ascontiguousarray(large[:, 640:])
    face = landmarker.of_face(cut, finder.find(cut)[0])
    with pytest.raises(MediaError, match="leaves the picture"):
        check_photo_face(face, (cut.shape[1], cut.shape[0]), place)
    with pytest.raises(MediaError, match="no face was found"):
        choose_face([], None, place)


@pytest.mark.parametrize(
    ("axis", "degrees", "fault"), [(1, 35, "turned"), (1, 10, ""), (0, 35, "turned"), (2, 40, "tilted")]
)
def test_a_head_turned_away_is_no_frontal_face(axis: int, degrees: int, fault: str, face_models: FaceModels) -> None:
    """The points of a frontal face, turned in the model's own depth."""
    picture = portrait(300)
    face = Landmarker(face_models).of_face(picture, FaceFinder(face_models).find(picture)[0])
    turn = np.zeros(3)
    turn[axis] = np.radians(degrees)
    middle = face.points.mean(0)
    points = ((face.points - middle) @ cv2.Rodrigues(turn)[0].T + middle).astype(np.float32)
    assert face_fault(Landmarks(points, face.score), (1536, 1536)) == fault


@pytest.mark.parametrize("grain", [0, 2])
def test_drawn_skin_has_no_grain(grain: int, face_models: FaceModels) -> None:
    picture = portrait(300).copy()
    finder, landmarker = FaceFinder(face_models), Landmarker(face_models)
    face = landmarker.of_face(picture, finder.find(picture)[0])
    for x, y in face.xy[list(CHEEKS)]:
        cv2.circle(picture, (int(x), int(y)), 34, (226, 178, 150), -1)
    noise = np.random.default_rng(3).normal(0, 2 * grain, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    face = landmarker.of_face(picture, finder.find(picture)[0])
    assert ("drawn" in signs_of(picture, face)) == (grain == 0)


def covered(what: str, models: FaceModels) -> U8:
    """The portrait with something laid over it."""
    picture = portrait(300).copy()
    points = Landmarker(models).of_face(picture, FaceFinder(models).find(picture)[0]).xy
    unit = float(np.linalg.norm(points[263] - points[33]))
    mouth = points[list(OUTER_LIP)].mean(0)
    if what == "glasses":
        for corners in ((33, 133), (362, 263)):
            x, y = (int(v) for v in points[list(corners)].mean(0))
            cv2.ellipse(picture, (x, y), (int(0.32 * unit), int(0.25 * unit)), 0, 0, 360, (14, 14, 16), -1)
    elif what == "mask":
        outline = np.vstack([points[[1, 50, 280]], points[list(JAW_LINE)] + (0, 8)]).astype(np.float32)
        cv2.fillConvexPoly(picture, cv2.convexHull(outline).astype(np.int32), (120, 170, 215))
    elif what == "hand":
        x, y = (int(v) for v in mouth)
        cv2.ellipse(picture, (x, y), (int(0.75 * unit), int(0.4 * unit)), 5, 0, 360, (205, 160, 140), -1)
    return picture


@pytest.mark.parametrize(
    ("what", "signs"),
    [("nothing", ()), ("glasses", ("eyes-covered",)), ("mask", ("mouth-covered",)), ("hand", ("mouth-covered",))],
)
def test_what_covers_a_face_is_suspected(what: str, signs: tuple[str, ...], face_models: FaceModels) -> None:
    picture = covered(what, face_models)
    face = Landmarker(face_models).of_face(picture, FaceFinder(face_models).find(picture)[0])
    assert signs_of(picture, face) == signs
    odd = Suspicions()
    for _ in range(3):
        odd.see(picture, face)
    if not signs:
        odd.refuse(Place(file="a.jpg"))
        return
    with pytest.raises(MediaError, match="to be covered") as caught:
        odd.refuse(Place(file="a.jpg"))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_figures_raise_no_suspicion_of_covering(name: str, face_models: FaceModels) -> None:
    picture = over_grey(still(name))
    face = Landmarker(face_models).of_face(picture, FaceFinder(face_models).find(picture)[0])
    assert not {"eyes-covered", "mouth-covered"} & set(signs_of(picture, face))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lan", "hao"])
def test_points_hold_still_against_the_head(name: str, ffmpeg: FFmpeg, face_models: FaceModels) -> None:
    """The head's place from the stable points, against the true one: rms of what changes faster than a head does."""
    tracked = track_footage(open_footage(ffmpeg, AVATARS / name / "plate.mp4"), face_models)
    truth = json.loads((AVATARS / name / "track.json").read_text())["data"]
    middle = np.array([960.0, 430.0])
    points = tracked.points()[:, list(STABLE), :2].astype(np.float64)
    off = []
    for frame, seen in zip(truth, points, strict=True):
        row = np.array(fit_similarity(points[0], seen)).reshape(2, 3)
        true = np.array(Similarity.model_validate(frame["similarity"]).affine).reshape(2, 3)
        off.append(row[:, :2] @ middle + row[:, 2] - true[:, :2] @ middle - true[:, 2])
    error = np.array(off) - np.mean(off, axis=0)
    slow = cv2.GaussianBlur(error, (0, 0), sigmaX=0.01, sigmaY=4.0, borderType=cv2.BORDER_REPLICATE)
    assert np.sqrt((error**2).sum(1).mean()) < 1.0
    assert np.sqrt(((error - slow) ** 2).sum(1).mean()) < 0.3
