"""A silent clip of a house anchor made into a presenter: the loop closes, every mouth is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anchor.core.face import Avatar
from anchor.face.mouthbank import load_bank
from anchor.face.track import load_track
from anchor.media.decode import read_frames
from anchor.media.tool import find_ffmpeg
from anchor.workshop.presenters.build_report import BuildOptions
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.video.build import build_video
from tests.workshop.presenters.video.clips import room, shown, write_clip


@pytest.mark.slow
def test_silent_footage_becomes_a_pack(avatar: Avatar, face_models: FaceModels, tmp_path: Path) -> None:
    ffmpeg = find_ffmpeg()
    clip = write_clip(ffmpeg, shown(avatar, room(960, 540), [None] * 110), (960, 540), tmp_path / "idle.mp4")
    pack = tmp_path / "pack"
    pack.mkdir()
    options = BuildOptions("clip", background="keep", canvas=(960, 540))
    report = build_video(clip, pack, face_models, options, lambda *_: None, lambda: False)
    assert "silent-footage" in {weak.code for weak in report.weak}
    frames = [frame.astype(int) for frame in read_frames(ffmpeg, pack / "plate.mp4", "gray")]
    steps = [float(np.abs(a - b).mean()) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps) < 4 * float(np.median(steps)) + 0.1
    assert len(load_track(pack / "track.json").data) == len(frames)
    bank = load_bank(pack / "bank" / "bank.json")
    assert bank.exemplars["M"].gap < 0.5 < bank.exemplars["j4_neutral"].gap
