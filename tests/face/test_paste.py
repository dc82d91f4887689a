"""Patches laid on the picture: where they land, and that nothing else changes."""

from __future__ import annotations

import numpy as np

from anchor.core.face import Patch
from anchor.core.plan import Grade, Placement
from anchor.face.paste import lay_patch, placement_screen
from anchor.media.planes import Planes

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def _frame(width: int = 192, height: int = 108) -> Planes:
    frame = Planes(width, height)
    frame.buffer[:] = np.random.default_rng(0).integers(16, 236, frame.buffer.size)
    return frame


def _patch(x: int, y: int, width: int, height: int, value: tuple[int, int, int], mask: int = 255) -> Patch:
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = value
    return Patch(x, y, pixels, np.full((height, width), mask, np.uint8))


def test_unscaled_patch_lands_on_its_own_pixels() -> None:
    frame = _frame()
    before = frame.buffer.copy()
    lay_patch(frame, _patch(20, 30, 16, 8, (200, 90, 160)), IDENTITY, placement_screen(Placement(1, 0, 0), 192, 108))
    assert (frame.y[30:38, 20:36] == 200).all()
    assert (frame.u[15:19, 11:18] == 90).all()
    assert (frame.v[15:19, 11:18] == 160).all()
    changed = frame.y != before[: 192 * 108].reshape(108, 192)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 30 and rows.max() < 38 and columns.min() >= 20 and columns.max() < 36


def test_masked_out_patch_leaves_every_bit() -> None:
    frame = _frame()
    before = frame.buffer.copy()
    turned = (0.98, -0.05, 3.2, 0.05, 0.98, -1.7)
    lay_patch(
        frame, _patch(60, 40, 30, 20, (235, 16, 240), mask=0), turned, placement_screen(Placement(0.9, 8, 4), 192, 108)
    )
    assert (frame.buffer == before).all()


def test_scale_and_shift_move_the_patch() -> None:
    frame = Planes(192, 108)
    frame.y[:], frame.u[:], frame.v[:] = 16, 128, 128
    lay_patch(
        frame, _patch(40, 40, 40, 20, (235, 128, 128)), IDENTITY, placement_screen(Placement(0.5, 60, 20), 192, 108)
    )
    rows, columns = np.nonzero(frame.y > 125)
    assert (rows.min(), rows.max() + 1) == (40, 50)
    assert (columns.min(), columns.max() + 1) == (80, 100)


def test_part_outside_the_picture_is_cut() -> None:
    frame = _frame()
    box = lay_patch(
        frame, _patch(180, 100, 40, 40, (235, 128, 128)), IDENTITY, placement_screen(Placement(1, 0, 0), 192, 108)
    )
    assert box == (180, 100, 192, 108)
    assert (frame.y[100:, 180:] == 235).all()
    outside = lay_patch(
        frame, _patch(300, 10, 8, 8, (235, 128, 128)), IDENTITY, placement_screen(Placement(1, 0, 0), 192, 108)
    )
    assert outside is None


def test_grade_and_colour_offset_are_applied_as_to_the_plate() -> None:
    frame = _frame()
    placement = Placement(1, 0, 0, Grade(gain=0.9, lift=3, cb=2, cr=-4))
    lay_patch(
        frame, _patch(20, 30, 16, 8, (116, 120, 140)), IDENTITY, placement_screen(placement, 192, 108), (2.0, 1.0, -1.0)
    )
    assert (frame.y[30:38, 20:36] == round((116 + 2 - 16) * 0.9 + 3 + 16)).all()
    assert frame.u[16, 13] == 123
    assert frame.v[16, 13] == 135
