"""Rounded lips are round, and a bite shows teeth on the lip."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from anchor.core.face import Avatar, Patch
from anchor.face.contour import plan_recipe
from anchor.face.lip_rounding import is_pointed, rounded_lips
from anchor.face.mesh import F64, INNER, LIP, uncovered_interior
from anchor.face.mouth_patch import MouthPainter
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import MouthBank, load_bank

HALF = LIP // 2


def lips(depth: float, rise: float, exponent: float) -> F64:
    """A contour 80 wide whose lips bend like 1 − |side|^exponent: 1 runs to a point, 2 is an arch."""
    across = np.linspace(-1, 1, HALF + 1)
    arch = 1 - np.abs(across) ** exponent
    upper, lower = np.column_stack([40 * across, -rise * arch]), np.column_stack([40 * across, depth * arch])
    return np.vstack([upper, lower[-2:0:-1]])


def depths(inner: F64) -> F64:
    """How far the lower lip's points lie below the corners, over the middle's."""
    low = inner[HALF + 1 :, 1] - inner[0, 1]
    return np.asarray(low / low.max())


def test_a_point_becomes_an_arch() -> None:
    inner = lips(30, 6, 1.0)
    outer, made = rounded_lips(inner * 1.3, inner)
    assert is_pointed(inner) and not is_pointed(made)
    assert depths(made)[[2, -3]].min() > 0.65
    assert made[15, 1] <= inner[15, 1]
    assert np.ptp(made[:, 0]) < np.ptp(inner[:, 0])
    assert (outer[HALF + 1 :, 1] > made[HALF + 1 :, 1]).all()


def test_what_is_round_is_left_alone() -> None:
    assert not is_pointed(lips(30, 6, 2.4))
    assert not is_pointed(lips(0.5, 0.0, 1.0))


@pytest.fixture
def bank(avatar: Avatar) -> MouthBank:
    return load_bank(avatar.path / "bank" / "bank.json")


def test_an_o_of_the_shelf_is_round(bank: MouthBank) -> None:
    for shape in (MouthShape(0.4, -0.55), MouthShape(0.5, -0.8)):
        assert not is_pointed(plan_recipe(bank, shape).wanted[INNER])
    assert is_pointed(bank.exemplars["j2_round"].vertices[INNER])


def test_teeth_lie_on_the_lip_of_an_f(bank: MouthBank) -> None:
    """The middle of the opening is lighter than the bite's own picture has it."""
    shape = MouthShape(0.08, bite=1.0)
    wanted = plan_recipe(bank, shape).wanted
    patch = MouthPainter(bank).paint(shape)
    exemplar = bank.exemplars["F"]
    own = Patch(*bank.crop[:2], exemplar.pixels, exemplar.pixels[..., 0])
    assert mean_inside(patch, wanted) > mean_inside(own, exemplar.vertices) + 5


def mean_inside(patch: Patch, vertices: F64) -> float:
    """Mean Y' between the inner lips, without the mouth's corners."""
    mask = np.zeros(patch.pixels.shape[:2], np.uint8)
    points = vertices[INNER][[2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 18]] - (patch.x, patch.y)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255)
    return float(patch.pixels[..., 0][mask > 0].mean())


def test_teeth_do_not_follow_narrower_lips(bank: MouthBank) -> None:
    given = bank.exemplars["j2_neutral"].vertices
    wanted = plan_recipe(bank, MouthShape(0.4, -0.8)).wanted
    taken = uncovered_interior(given, wanted)[INNER]
    assert np.ptp(taken[:, 0]) == pytest.approx(np.ptp(wanted[INNER][:, 0]))
    inside = given[INNER].astype(np.float32)
    assert min(cv2.pointPolygonTest(inside, (float(x), float(y)), True) for x, y in taken) > -1.5
