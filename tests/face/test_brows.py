"""Brows raised on accents: when, how far, and without a seam."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.face import Avatar
from anchor.core.plan import Placement
from anchor.core.time import VIDEO
from anchor.face.browline import found_brows
from anchor.face.brows import STEPS, brow_patch, brow_step
from anchor.face.paste import lay_patch, placement_screen
from anchor.face.plates import read_plate
from anchor.face.track import load_track
from anchor.media.planes import Planes, planes_from_ycbcr
from anchor.media.tool import find_ffmpeg


def test_brows_rise_at_the_accent_hold_and_fall() -> None:
    steps = [brow_step(k, (30,), VIDEO) for k in range(90)]
    assert steps[:28] == [0] * 28 and max(steps) == STEPS and steps[60:] == [0] * 30
    top = [k for k, step in enumerate(steps) if step == STEPS]
    assert 30 <= top[0] <= 35 and top == list(range(top[0], top[-1] + 1))
    assert max(abs(b - a) for a, b in itertools.pairwise(steps)) <= 3
    assert not any(brow_step(k, (), VIDEO) for k in range(90))


def test_accents_close_together_stay_one_raise() -> None:
    steps = [brow_step(k, (30, 38), VIDEO) for k in range(90)]
    assert min(steps[34:42]) > 0 and max(steps) == STEPS


def _laid(avatar: Avatar, frame: int, step: int) -> tuple[Planes, Planes]:
    plate, _ = next(read_plate(find_ffmpeg(), avatar, frame, 1))
    before = planes_from_ycbcr(np.ascontiguousarray(plate.transpose(1, 2, 0)).astype(np.float32))
    after = Planes(before.width, before.height, before.buffer.copy())
    patch = brow_patch(avatar, step)
    assert patch is not None
    lay_patch(
        after, patch, avatar.frames[frame].face, placement_screen(Placement(1, 0, 0), avatar.width, avatar.height)
    )
    return before, after


def _dark_lines(picture: Planes, avatar: Avatar, eye: int) -> list[tuple[int, int]]:
    """First and last row of what is much darker than skin over the middle of an eye, upwards: lashes, then the brow."""
    corners = load_track(avatar.path / "track.json").data[0].points.eye_corners
    apart = corners[3][0] - corners[0][0]
    (x, y), (other, _) = corners[eye], corners[eye + 1]
    rows = np.arange(round(y), round(y - 0.4 * apart), -1)
    light = picture.y[rows, round((x + other) / 2) - 3 : round((x + other) / 2) + 4].mean(axis=1)
    dark = np.r_[False, light < np.median(light) - 25, False]
    starts, ends = np.flatnonzero(dark[1:] & ~dark[:-1]), np.flatnonzero(~dark[1:] & dark[:-1])
    lines = [(int(rows[e - 1]), int(rows[s])) for s, e in zip(starts, ends, strict=True) if e - s > 2]
    assert len(lines) >= 2, "lashes and a brow"
    return lines


def test_the_brow_itself_goes_up_and_eyes_stay(avatar: Avatar) -> None:
    before, after = _laid(avatar, 0, STEPS)
    for eye in (0, 2):
        (lashes, brow), (same, raised) = (_dark_lines(picture, avatar, eye)[:2] for picture in (before, after))
        assert np.abs(np.subtract(lashes, same)).max() <= 1, "px"
        assert 2 <= brow[0] - raised[0] <= 5 and 2 <= brow[1] - raised[1] <= 5
    corners = load_track(avatar.path / "track.json").data[0].points.eye_corners
    lids = round(min(y for _, y in corners))
    assert np.array_equal(after.y[lids:], before.y[lids:])


CORNERS = np.array([(100.0, 300.0), (160.0, 304.0), (240.0, 304.0), (300.0, 300.0)])


def _face(brow: float | None) -> NDArray[np.uint8]:
    """Skin with eyes at CORNERS, brows at a height in distances of the outer corners, and hair."""
    picture = np.full((500, 400), 150, np.uint8)
    picture[:190] = 40
    picture[:, :108] = 40
    for x in (130, 270):
        cv2.ellipse(picture, (x, 300), (30, 14), 0, 0, 360, 20, -1)
        cv2.line(picture, (x - 30, 276), (x + 30, 276), 136, 2)
        if brow is not None:
            y = round(302 - brow * 200)
            cv2.line(picture, (x - 40, y), (x + 40, y), 40, 10)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


@pytest.mark.parametrize("height", [0.17, 0.2, 0.25, 0.3, 0.38])
def test_brows_are_found_where_they_are(height: float) -> None:
    found = found_brows(_face(height), CORNERS)
    assert found is not None
    assert found.low < height < found.high and found.high - found.low < 0.1
    assert found.lid == pytest.approx(0.08, abs=0.02)


def test_a_face_without_brows_has_none_found() -> None:
    assert found_brows(_face(None), CORNERS) is None


def test_first_step_is_hardly_seen_at_another_pose(avatar: Avatar) -> None:
    before, after = _laid(avatar, 100, 1)
    changed = before.y != after.y
    assert changed.any() and np.abs(before.y.astype(int) - after.y)[changed].mean() < 4


def test_no_brows_for_people_at_rest_or_without_a_still(avatar: Avatar, tmp_path: Path) -> None:
    assert brow_patch(avatar, 0) is None
    assert brow_patch(replace(avatar, kind="person"), STEPS) is None
    assert brow_patch(replace(avatar, path=tmp_path), STEPS) is None
