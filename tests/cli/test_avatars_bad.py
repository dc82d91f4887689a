"""`anchor avatars add` with sources that no presenter can be made of: each says what, where and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from skimage.transform import PiecewiseAffineTransform, warp
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.core.errors import EngineUnavailable
from anchor.media.tool import find_ffmpeg
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import face_models
from anchor.workshop.presenters.landmarks import FACE_OVAL, OUTER_LIP, Landmarker

pytestmark = pytest.mark.media
ROOT = Path(__file__).parents[2]
MODELS = Path(os.environ.get("ANCHOR_TEST_MODELS") or ROOT / ".venv" / "models")
U8 = NDArray[np.uint8]
Make = Callable[[Path], Path]
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p")


@cache
def portrait() -> U8:
    """A portrait by NASA in the public domain; the face is 250 pixels wide."""
    photo = Image.fromarray(skimage.data.astronaut())
    return np.asarray(photo.resize((1280, 1280), Image.Resampling.LANCZOS))


@cache
def points() -> NDArray[np.float32]:
    """[468, 3]: the landmarks of its face."""
    known = face_models(MODELS)
    return Landmarker(known).of_face(portrait(), FaceFinder(known).find(portrait())[0]).points


def clip(path: Path, *words: object) -> Path:
    """A video made by ffmpeg's own words."""
    subprocess.run([find_ffmpeg().path, "-v", "error", "-y", *map(str, words), str(path)], check=True)
    return path


def photo(draw: Callable[[], U8]) -> Make:
    def make(folder: Path) -> Path:
        Image.fromarray(draw()).save(folder / "a.png", compress_level=1)
        return folder / "a.png"

    return make


def filmed(draw: Callable[[], U8], motion: str = "null") -> Make:
    """Four seconds of a still picture under a filter."""

    def make(folder: Path) -> Path:
        Image.fromarray(draw()).save(folder / "frame.png", compress_level=1)
        still = ("-loop", "1", "-framerate", "15", "-t", "4", "-i", folder / "frame.png")
        return clip(folder / "a.mp4", *still, "-vf", f"{motion},crop=trunc(iw/2)*2:trunc(ih/2)*2", *FAST)

    return make


def empty_room() -> U8:
    rows, columns = np.mgrid[0:480, 0:640]
    return np.stack([columns // 4, rows // 3, 120 + 0 * rows], axis=2).astype(np.uint8)


def couple() -> U8:
    return np.concatenate([portrait()[:640, 200:840]] * 2, axis=1)


def far_away() -> U8:
    room = np.full((720, 1280, 3), 100, np.uint8)
    room[300:460, 500:660] = np.asarray(Image.fromarray(portrait()[:800, 150:950]).resize((160, 160)))
    return room


def cut_off() -> U8:
    return portrait()[:, int(points()[33, 0]) + 30 :]


def turned(degrees: float = -48) -> U8:
    """The face turned in the depth of its landmarks; what lies around it stays."""
    oval = points()[[*FACE_OVAL, *range(0, 468, 9)]].astype(np.float64)
    middle = oval.mean(axis=0)
    turn = cv2.Rodrigues(np.array([0.0, np.radians(degrees), 0.0]))[0]
    wanted = (oval - middle) @ turn.T + middle
    edge = np.array([(x, y) for x in (0, 640, 1279) for y in (0, 640, 1279) if (x, y) != (640, 640)], float)
    shape = PiecewiseAffineTransform.from_estimate(np.vstack([wanted[:, :2], edge]), np.vstack([oval[:, :2], edge]))
    return (warp(portrait(), shape) * 255).astype(np.uint8)


def sunglasses() -> U8:
    picture, at = portrait().copy(), points()[:, :2]
    unit = float(np.linalg.norm(at[263] - at[33]))
    for corners in ((33, 133), (362, 263)):
        x, y = (int(v) for v in at[list(corners)].mean(axis=0))
        cv2.ellipse(picture, (x, y), (int(0.32 * unit), int(0.25 * unit)), 0, 0, 360, (14, 14, 16), -1)
    return picture


def hand_on_mouth() -> U8:
    picture, at = portrait().copy(), points()[:, :2]
    unit = float(np.linalg.norm(at[263] - at[33]))
    x, y = (int(v) for v in at[list(OUTER_LIP)].mean(axis=0))
    cv2.ellipse(picture, (x, y), (int(0.75 * unit), int(0.4 * unit)), 5, 0, 360, (205, 160, 140), -1)
    return picture


def cartoon() -> U8:
    picture = np.full((720, 720, 3), (200, 220, 240), np.uint8)
    cv2.ellipse(picture, (360, 360), (170, 220), 0, 0, 360, (240, 200, 170), -1)
    cv2.ellipse(picture, (360, 200), (180, 110), 0, 180, 360, (60, 40, 30), -1)
    for x in (290, 430):
        cv2.ellipse(picture, (x, 330), (38, 22), 0, 0, 360, (255, 255, 255), -1)
        cv2.circle(picture, (x, 330), 16, (40, 30, 30), -1)
        cv2.ellipse(picture, (x, 290), (45, 12), 0, 180, 360, (60, 40, 30), 8)
    cv2.line(picture, (360, 340), (345, 420), (200, 150, 130), 6)
    cv2.ellipse(picture, (360, 480), (60, 18), 0, 0, 360, (190, 70, 70), -1)
    return picture


def broken_index(folder: Path) -> Path:
    whole = clip(folder / "whole.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=4", *FAST)
    data = whole.read_bytes()
    (folder / "a.mp4").write_bytes(data[: data.rindex(b"moov") + 300])
    return folder / "a.mp4"


def cut_short(folder: Path) -> Path:
    """The index stands at the front and promises 8 s; two thirds of the pictures are not there."""
    words = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=8", *FAST, "-movflags", "+faststart")
    data = clip(folder / "whole.mp4", *words).read_bytes()
    (folder / "a.mp4").write_bytes(data[: len(data) // 3])
    return folder / "a.mp4"


def sound_alone(folder: Path) -> Path:
    return clip(folder / "a.m4a", "-f", "lavfi", "-i", "sine=d=4")


def sixteen_bits(folder: Path) -> Path:
    Image.fromarray((np.mgrid[0:480, 0:640][1] * 100).astype(np.uint16)).save(folder / "a.png")
    return folder / "a.png"


def grey(folder: Path) -> Path:
    Image.fromarray(empty_room()[..., 0]).save(folder / "a.png")
    return folder / "a.png"


def hundred_megapixels(folder: Path) -> Path:
    Image.new("RGB", (12_000, 8400), (120, 130, 140)).save(folder / "a.jpg", quality=20)
    return folder / "a.jpg"


def picture_bomb(folder: Path) -> Path:
    Image.new("1", (30_000, 30_000)).save(folder / "a.png")
    return folder / "a.png"


def zip_bomb(name: str) -> Make:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb", bytes(50 << 20))
        return folder / name

    return make


def picture_in_front_of_a_zip(folder: Path) -> Path:
    bomb = zip_bomb("b.zip")(folder).read_bytes()
    path = folder / "a.png"
    path.write_bytes(photo(empty_room)(folder).read_bytes() + bomb)
    return path


def text(folder: Path) -> Path:
    (folder / "a.mov").write_text("各位觀眾晚安。" * 100, encoding="utf-8")
    return folder / "a.mov"


CASES: dict[str, tuple[Make, str, str]] = {
    "photo-no-face": (photo(empty_room), "no face was found", "one face"),
    "photo-two-faces": (photo(couple), "2 faces and none was chosen", "--face"),
    "photo-small": (photo(far_away), "too small", "60 pixels apart"),
    "photo-leaving": (photo(cut_off), "leaves the picture", "whole face"),
    "photo-profile": (photo(turned), "turned away", "into the camera"),
    "photo-sunglasses": (photo(sunglasses), "eyes seem to be covered", "glasses"),
    "photo-hand": (photo(hand_on_mouth), "mouth seems to be covered", "whole mouth"),
    "photo-cartoon": (photo(cartoon), "seems to be drawn", "photo or a video"),
    "photo-16-bit-no-face": (sixteen_bits, "no face was found", "one face"),
    "photo-grey-no-face": (grey, "no face was found", "one face"),
    "photo-hundred-megapixels-no-face": (hundred_megapixels, "no face was found", "one face"),
    "photo-bomb": (picture_bomb, "megapixels", "reduce it"),
    "photo-zip": (zip_bomb("a.jpg"), "ZIP archive", "name the"),
    "photo-and-zip": (picture_in_front_of_a_zip, "ZIP archive", "name the"),
    "video-no-face": (filmed(empty_room), "no face was found", "one face"),
    "video-two-faces": (filmed(couple, "scale=800:-2"), "2 faces and none was chosen", "--face"),
    "video-small": (filmed(far_away), "too small", "pixels apart"),
    "video-leaving": (
        filmed(portrait, "scale=640:-2,crop=320:480:x='min(248,80*t+80)':y=0"),
        "leaves the picture",
        "whole face",
    ),
    "video-profile": (filmed(turned, "scale=720:-2"), "turned away", "into the camera"),
    "video-sunglasses": (filmed(sunglasses, "scale=720:-2"), "eyes seem to be covered", "glasses"),
    "video-hand": (filmed(hand_on_mouth, "scale=720:-2"), "mouth seems to be covered", "whole mouth"),
    "video-cartoon": (filmed(cartoon), "seems to be drawn", "photo or a video"),
    "video-index": (broken_index, "is cut short", "copy the file again"),
    "video-cut-short": (cut_short, "is cut short", "copy the file again"),
    "video-sound": (sound_alone, "sound only", "with a face"),
    "video-zip": (zip_bomb("a.mp4"), "ZIP archive", "name the"),
    "video-text": (text, "not a media file", "video"),
}
"""Name → how it is made, what is said, what is to be done."""


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        face_models(MODELS)
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("ANCHOR_MODELS", str(MODELS))


@pytest.mark.parametrize("name", CASES)
def test_a_bad_source_is_refused_and_leaves_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, says, hint = CASES[name]
    (tmp_path / "given").mkdir()
    source = make(tmp_path / "given")
    for variable, folder in (("XDG_DATA_HOME", "data"), ("ANCHOR_CACHE", "cache"), ("TMPDIR", "temp")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / folder))
    words = ["avatars", "add", str(source), "--name", "mei", "--synthetic", "for a test", "--json"]
    made = CliRunner().invoke(app, words)
    error = json.loads(made.stdout)["error"]
    assert made.exit_code in (3, 5), made.output
    assert says in error["message"] and hint in error["hint"], error
    assert error["place"]["file"] == str(source)
    assert not error["retryable"]
    assert [path for folder in ("data", "cache", "temp") for path in (tmp_path / folder).rglob("*.*")] == []
