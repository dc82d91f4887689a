"""Brows raised on accents: when, how far, and without a seam."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np

from anchor.core.face import Avatar
from anchor.core.plan import Placement
from anchor.core.time import VIDEO
from anchor.face.brows import STEPS, brow_patch, brow_step
from anchor.face.keying import read_plate
from anchor.face.laying import lay_patch, screen_of
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
    lay_patch(after, patch, avatar.frames[frame].face, screen_of(Placement(1, 0, 0), avatar.width, avatar.height))
    return before, after


def _brow_row(picture: Planes, avatar: Avatar) -> int:
    """The darkest row over the middle of the left eye, above its lid; plate pixels."""
    corners = load_track(avatar.path / "track.json").data[0].points.eye_corners
    apart = corners[3][0] - corners[0][0]
    x, y = round((corners[0][0] + corners[1][0]) / 2), corners[0][1]
    rows = np.arange(round(y - 0.25 * apart), round(y - 0.1 * apart))
    return int(rows[picture.y[rows, x - 3 : x + 4].mean(axis=1).argmin()])


def test_the_brow_itself_goes_up_and_eyes_stay(avatar: Avatar) -> None:
    before, after = _laid(avatar, 0, STEPS)
    raised = _brow_row(before, avatar) - _brow_row(after, avatar)
    assert 2 <= raised <= 5
    corners = load_track(avatar.path / "track.json").data[0].points.eye_corners
    lids = round(min(y for _, y in corners))
    assert np.array_equal(after.y[lids:], before.y[lids:])


def test_first_step_is_hardly_seen_at_another_pose(avatar: Avatar) -> None:
    before, after = _laid(avatar, 100, 1)
    changed = before.y != after.y
    assert changed.any() and np.abs(before.y.astype(int) - after.y)[changed].mean() < 4


def test_no_brows_for_people_at_rest_or_without_a_still(avatar: Avatar, tmp_path: Path) -> None:
    assert brow_patch(avatar, 0) is None
    assert brow_patch(replace(avatar, kind="person"), STEPS) is None
    assert brow_patch(replace(avatar, path=tmp_path), STEPS) is None
