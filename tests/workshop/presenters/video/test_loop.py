"""Idle loops chosen from what was seen: forward only, closed where poses agree, a mouth at rest where there is one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.workshop.presenters.landmarks import POINTS
from anchor.workshop.presenters.video.face_observations import FaceObservations
from anchor.workshop.presenters.video.loop import choose_loop
from anchor.workshop.presenters.video.morph import between, flow_between

RATE = Fraction(30)


def swaying(frames: int, period: int, usable: NDArray[np.bool_] | None = None) -> FaceObservations:
    """A face that sways to and fro; its mouth stays shut."""
    face = np.random.default_rng(2).uniform(0, 300, (POINTS, 2)).astype(np.float32)
    sway = 12 * np.sin(2 * np.pi * np.arange(frames) / period)
    points = np.repeat(face[None], frames, axis=0)
    points[..., 0] += sway[:, None]
    good = np.ones(frames, bool) if usable is None else usable
    zeros = np.zeros(frames, np.float32)
    thumbs = np.full((frames, 54, 96), 90, np.uint8)
    return FaceObservations(points.astype(np.float32), good, np.zeros(frames, bool), zeros + 1, zeros, thumbs)


def test_a_loop_closes_where_the_pose_comes_back() -> None:
    seen = swaying(500, 120)
    loop = choose_loop(seen, RATE)
    assert len(loop) % 120 in (0, 1, 2, 118, 119)
    order = [loop.pair(k)[0] for k in range(len(loop))]
    assert sorted(order) == list(range(loop.start, loop.end))
    assert all((b - a) % len(loop) == 1 for a, b in zip(order, [*order[1:], order[0]], strict=True))


def test_a_dissolve_goes_all_the_way_and_only_at_the_end() -> None:
    loop = choose_loop(swaying(500, 120), RATE)
    shares = [loop.pair(k - loop.turn) for k in range(len(loop))]
    fading = [share for _, partner, share in shares if partner is not None]
    assert len(fading) == loop.fade
    assert fading == sorted(fading) and 0 < fading[0] < 0.2 and 0.8 < fading[-1] < 1
    assert all(partner == frame - len(loop) for frame, partner, _ in shares if partner is not None)


def test_unusable_frames_are_left_out() -> None:
    usable = np.ones(600, bool)
    usable[290:300] = False
    loop = choose_loop(swaying(600, 100, usable), RATE)
    assert loop.end <= 290 or loop.start - loop.fade >= 300


def test_too_little_is_refused_with_what_to_film() -> None:
    with pytest.raises(MediaError, match="longest usable stretch"):
        choose_loop(swaying(50, 40), RATE)


def test_a_morph_carries_both_pictures_to_the_middle() -> None:
    rng = np.random.default_rng(0)
    import cv2

    picture = cv2.GaussianBlur(rng.integers(0, 255, (128, 192, 3), dtype=np.uint8), (0, 0), 4)
    there = np.roll(picture, 6, axis=1)
    middle = between(picture, there, flow_between(picture, there), 0.5)
    wanted = np.roll(picture, 3, axis=1)
    part = np.s_[30:-30, 40:-40]
    wrong = np.abs(middle[part].astype(float) - wanted[part]).mean()
    plain = np.abs((picture[part] / 2.0 + there[part] / 2.0) - wanted[part]).mean()
    assert wrong < 0.6 * plain
