"""The mouth bank: lips as asked for, sharp, inside the jaw, without flicker."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import PackError
from anchor.core.face import Avatar, Patch
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import VIDEO
from anchor.face.contour import plan_recipe
from anchor.face.mesh import INNER, inner_gap_px, lip_width
from anchor.face.mouth_patch import MouthPainter
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.face.visemes import plan_visemes
from tests.face.face_samples import drawn_gap, drawn_width, frames_of

REST = MouthShape()


@pytest.fixture
def bank(avatar: Avatar) -> MouthBank:
    return load_bank(avatar.path / "bank" / "bank.json")


@pytest.fixture
def painter(bank: MouthBank) -> MouthPainter:
    return MouthPainter(bank)


def _shapes(timeline: PhonemeTimeline) -> list[MouthShape]:
    return [s for s in plan_visemes(timeline, frames_of(timeline), VIDEO).frames if s is not None]


def test_drawn_gap_follows_the_gap_asked_for(
    avatar: Avatar, bank: MouthBank, painter: MouthPainter, bulletin: PhonemeTimeline
) -> None:
    asked, drawn = [], []
    for shape in _shapes(bulletin):
        asked.append(inner_gap_px(plan_recipe(bank, shape).wanted))
        drawn.append(drawn_gap(painter.paint(shape), avatar))
    assert max(drawn) > 20
    assert np.corrcoef(asked, drawn)[0, 1] >= 0.97


def test_opening_widens_the_gap_step_by_step(bank: MouthBank) -> None:
    for width in (-1.0, -0.6, 0.0, 1.0):
        gaps = [inner_gap_px(plan_recipe(bank, MouthShape(k / 20, width)).wanted) for k in range(21)]
        assert all(b >= a - 0.6 for a, b in itertools.pairwise(gaps)), width
        assert gaps[-1] > 45


@pytest.mark.parametrize("width", [-1.0, -0.5, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("opening", [0.0, 0.4, 1.0])
def test_pressed_lips_meet_whatever_lies_around(
    avatar: Avatar, bank: MouthBank, painter: MouthPainter, opening: float, width: float
) -> None:
    shape = MouthShape(opening, width, press=1.0)
    assert inner_gap_px(plan_recipe(bank, shape).wanted) <= 0.01
    inner = plan_recipe(bank, shape).wanted[INNER]
    assert np.abs(inner[1:10] - inner[:10:-1]).max() <= 0.01
    assert drawn_gap(painter.paint(shape), avatar) <= drawn_gap(painter.paint(REST), avatar) + 1


def test_rounded_is_narrower_than_rest_and_spread_wider(bank: MouthBank, painter: MouthPainter) -> None:
    rest = lip_width(plan_recipe(bank, REST).wanted)
    for opening, width in ((0.14, -0.9), (0.11, -1.0), (0.4, -0.55)):
        assert lip_width(plan_recipe(bank, MouthShape(opening, width)).wanted) < 0.85 * rest
    assert lip_width(plan_recipe(bank, MouthShape(0.17, 0.85)).wanted) > 1.02 * rest
    u, i = drawn_width(painter.paint(MouthShape(0.14, -0.9))), drawn_width(painter.paint(MouthShape(0.17, 0.85)))
    assert u < 0.85 * drawn_width(painter.paint(REST)) and u < 0.75 * i


def _sharpness(luma: NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(luma.astype(np.float32), cv2.CV_32F).var())


def test_mouth_is_as_sharp_as_the_plate(bank: MouthBank, painter: MouthPainter, bulletin: PhonemeTimeline) -> None:
    """Rest against the rendered rest mouth, and warped shapes against the bank picture they are nearest to."""
    x0, y0, _, _ = bank.crop
    lips = bank.rest[:20]
    low, high = lips.min(axis=0).astype(int) - 4, lips.max(axis=0).astype(int) + 4
    box = np.s_[low[1] - y0 : high[1] - y0, low[0] - x0 : high[0] - x0]
    plate = _sharpness(bank.exemplars["j0_neutral"].pixels[..., 0][box])
    sharp = []
    for shape in _shapes(bulletin)[::5]:
        patch = painter.paint(shape)
        part = patch.pixels[low[1] - patch.y : high[1] - patch.y, low[0] - patch.x : high[0] - patch.x, 0]
        sharp.append(_sharpness(part))
    assert np.median(sharp) >= 0.8 * plate
    rest = painter.paint(REST)
    assert (
        _sharpness(rest.pixels[low[1] - rest.y : high[1] - rest.y, low[0] - rest.x : high[0] - rest.x, 0])
        >= 0.8 * plate
    )


def test_rest_patch_is_the_plates_own_mouth(bank: MouthBank, painter: MouthPainter) -> None:
    patch = painter.paint(REST)
    x0, y0, _, _ = bank.crop
    height, width = patch.mask.shape
    own = bank.exemplars["j0_neutral"].pixels[patch.y - y0 :, patch.x - x0 :][:height, :width]
    difference = np.abs(patch.pixels.astype(int) - own)[patch.mask > 0]
    assert difference.mean() < 0.5 and np.percentile(difference, 99.5) <= 8


def test_mask_stays_with_the_jaw(bank: MouthBank, painter: MouthPainter, bulletin: PhonemeTimeline) -> None:
    jaw = bank.topology.jaw
    for shape in [MouthShape(1.0), MouthShape(0.7, 1.0), *_shapes(bulletin)[::7]]:
        patch = painter.paint(shape)
        line = np.vstack([bank.rest[jaw], plan_recipe(bank, shape).wanted[jaw]]).astype(np.float32)
        top = [[x, bank.nose_tip[1] + 8] for x in (line[:, 0].min(), line[:, 0].max())]
        hull = cv2.convexHull(np.vstack([line, top]).astype(np.float32))
        rows, columns = np.nonzero(patch.mask > 4)
        outside = [
            cv2.pointPolygonTest(hull, (float(x + patch.x) + 0.5, float(y + patch.y) + 0.5), True)
            for x, y in zip(columns[::37], rows[::37], strict=True)
        ]
        # Two sigmas of the feather below the chin; cheeks and nose are pulled in.
        assert min(outside) > -26
        assert (patch.mask[: max(0, int(bank.nose_tip[1]) - 14 - patch.y)] == 0).all()


def test_no_flicker_as_the_lips_move_slowly(painter: MouthPainter) -> None:
    """Small steps through the whole range never jump, also where one picture takes over from another."""
    for path in (
        [MouthShape(k / 128, 0.1) for k in range(90)],
        [MouthShape(0.3, k / 64 - 1) for k in range(0, 129, 2)],
        [MouthShape(0.4, -0.2, press=k / 64) for k in range(65)],
    ):
        changes = [_change(a, b) for a, b in _pairs([painter.paint(shape) for shape in path])]
        typical = float(np.median(changes))
        assert max(changes) < 4 * typical + 0.6


def _pairs(patches: list[Patch]) -> Iterator[tuple[Patch, Patch]]:
    return itertools.pairwise(patches)  # type: ignore[return-value]


def _change(a: Patch, b: Patch) -> float:
    """Mean change of Y' where both are drawn, code values."""
    x0, y0 = max(a.x, b.x), max(a.y, b.y)
    x1 = min(a.x + a.mask.shape[1], b.x + b.mask.shape[1])
    y1 = min(a.y + a.mask.shape[0], b.y + b.mask.shape[0])
    first, second = (p.pixels[y0 - p.y : y1 - p.y, x0 - p.x : x1 - p.x, 0].astype(int) for p in (a, b))
    return float(np.abs(first - second).mean())


def test_same_patch_after_the_cache_has_turned_over(bank: MouthBank) -> None:
    painter = MouthPainter(bank, keep=4)
    shape = MouthShape(0.31, 0.2, tongue=0.4)
    before = painter.paint(shape)
    for k in range(5):
        painter.paint(MouthShape(0.1 * k))
    after = painter.paint(shape)
    assert after is not before and np.array_equal(after.pixels, before.pixels)


def _copied(avatar: Avatar, tmp_path: Path) -> Path:
    shutil.copytree(avatar.path / "bank", tmp_path / "bank")
    return tmp_path / "bank" / "bank.json"


def test_broken_banks_say_what_is_wrong(avatar: Avatar, tmp_path: Path) -> None:
    path = _copied(avatar, tmp_path)
    whole = json.loads(path.read_text())
    (path.parent / "L.png").write_bytes(b"PK\x03\x04 not a picture")
    with pytest.raises(PackError, match=r"L\.png"):
        load_bank(path)
    del whole["shapes"]["j2_round"]
    path.write_text(json.dumps(whole))
    with pytest.raises(PackError, match="lacks j2_round"):
        load_bank(path)
    whole["shapes"]["M"]["inner_lip"] = whole["shapes"]["M"]["inner_lip"][:5]
    path.write_text(json.dumps(whole))
    with pytest.raises(PackError, match="cannot read the mouth bank"):
        load_bank(path)
    path.unlink()
    with pytest.raises(PackError, match="cannot read the mouth bank"):
        load_bank(path)
