"""From a file with a photograph to the files of a pack."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from anchor.core.errors import JobCancelled, MediaError
from anchor.face.mouthbank import load_bank
from anchor.face.track import load_track
from anchor.media.decode import read_frames
from anchor.media.tool import find_ffmpeg
from anchor.workshop.presenters.build_report import BuildOptions
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.photo import build_photo
from anchor.workshop.presenters.photo.motion import BLINKS, FRAMES
from anchor.workshop.presenters.photo.portrait import U8

CANVAS = (960, 540)


def ignore(stage: str, done: int, total: int) -> None:
    """Progress nobody watches."""


@pytest.fixture(scope="module")
def file(smiling_photo: U8, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "portrait.png"
    cv2.imwrite(str(path), smiling_photo[..., ::-1])
    return path


@pytest.mark.slow
@pytest.mark.media
@pytest.mark.parametrize("background", ["remove", "keep"])
def test_a_photograph_becomes_a_pack(background: str, file: Path, face_models: FaceModels, tmp_path: Path) -> None:
    options = BuildOptions(name="eileen", background=background, canvas=CANVAS)
    report = build_photo(file, tmp_path, face_models, options, ignore, lambda: False)
    assert report.kind == "photo"
    assert "open-mouth" in [weak.code for weak in report.weak]
    track = load_track(tmp_path / "track.json")
    assert len(track.data) == FRAMES
    assert [n for n, frame in enumerate(track.data) if frame.blink > 0] == [n for b in BLINKS for n in range(*b)]
    bank = load_bank(tmp_path / "bank" / "bank.json")
    assert bank.exemplars["j4_neutral"].gap > 20
    assert (tmp_path / "matte.mp4").exists() == (background == "remove")
    first = next(read_frames(find_ffmpeg(), tmp_path / "plate.mp4", "rgb24"))
    still = cv2.imread(str(tmp_path / "still.png"), cv2.IMREAD_UNCHANGED)
    assert first.shape == (CANVAS[1], CANVAS[0], 3)
    shown = still[..., 3] > 250
    assert np.abs(first.astype(int) - still[..., 2::-1])[shown].mean() < 3
    if background == "keep":
        assert shown.all()
        frames = list(read_frames(find_ffmpeg(), tmp_path / "plate.mp4", "rgb24", 40, 2))
        # What stands behind the figure does not move.
        assert np.abs(frames[0][:60, :100].astype(int) - frames[1][:60, :100]).mean() < 0.6


def test_a_small_face_is_refused(smiling_photo: U8, face_models: FaceModels, tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    cv2.imwrite(str(path), cv2.resize(smiling_photo, (480, 480), interpolation=cv2.INTER_AREA)[..., ::-1])
    pack = tmp_path / "pack"
    pack.mkdir()
    with pytest.raises(MediaError, match="too small"):
        build_photo(path, pack, face_models, BuildOptions(name="a"), ignore, lambda: False)
    assert not list(pack.iterdir())


def test_cancelling_stops_it(file: Path, face_models: FaceModels, tmp_path: Path) -> None:
    with pytest.raises(JobCancelled):
        build_photo(file, tmp_path, face_models, BuildOptions(name="a"), ignore, lambda: True)
