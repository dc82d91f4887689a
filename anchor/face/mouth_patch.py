"""One mouth shape → one patch in the canonical pose."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Patch
from anchor.face.contour import ExemplarMix, plan_recipe
from anchor.face.mesh import F64, INNER, OUTER, Raster, slid_interior, uncovered_interior
from anchor.face.mouth_mask import JawMask
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import MouthBank

CACHE_PATCHES = 32
"""About 0.2 MB each."""
_DARK = np.float32(40.0)
"""Y' up to which the inside of a mouth is only dark."""
_LIGHT = np.float32(145.0)
"""Y' from which teeth are light enough."""
_RED = np.float32(145.0)
"""Cr of lips and tongue; teeth lie some ten values under it."""
_LIPS_PX = 5
"""Around the lips the map is exact."""
_EDGE_PX = np.float32(4.0)
_STEPS = 128
"""Shapes are rounded to this many steps per unit: under half a pixel at the lips."""


class MouthPainter:
    """Draws patches from one bank; equal shapes give the same patch."""

    def __init__(self, bank: MouthBank, keep: int = CACHE_PATCHES) -> None:
        """`keep`: how many drawn patches are remembered."""
        self._bank = bank
        self._masks = JawMask(bank)
        self._drawn = lru_cache(maxsize=keep)(self._draw)

    def paint(self, shape: MouthShape) -> Patch:
        """The patch of a shape; its arrays are shared and read-only."""
        numbers = (shape.opening, shape.width, shape.press, shape.bite, shape.tongue, shape.teeth)
        patch = self._drawn(tuple(round(n * _STEPS) for n in numbers))
        if shape.presence >= 1:
            return patch
        mask = np.asarray(cv2.convertScaleAbs(patch.mask, alpha=shape.presence), np.uint8)
        return Patch(patch.x, patch.y, patch.pixels, mask)

    def _draw(self, steps: tuple[int, ...]) -> Patch:
        opening, width, press, bite, tongue, teeth = (n / _STEPS for n in steps)
        recipe = plan_recipe(self._bank, MouthShape(opening, width, press, bite, tongue, teeth))
        box = self._masks.box(recipe.wanted)
        pixels = self._warped(recipe, box)
        mask = self._masks.draw(recipe.wanted, box)
        pixels.setflags(write=False)
        mask.setflags(write=False)
        return Patch(box[0], box[1], pixels, mask)

    def _warped(self, recipe: ExemplarMix, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        triangles = self._bank.topology.triangles
        lips = _box_of(recipe.wanted[OUTER], box, _LIPS_PX)
        skin = Raster(triangles, recipe.wanted, box, step=2)
        fine = Raster(triangles, recipe.wanted, _part_of(box, lips))
        mixed = _mixed([(share, self._skin(skin, fine, name, lips)) for name, share in recipe.shares])
        if recipe.interior:
            self._fill_interior(recipe, box, mixed)
        return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)

    def _skin(self, skin: Raster, fine: Raster, name: str, lips: tuple[slice, slice]) -> NDArray[np.uint8]:
        """One exemplar warped: cubic at the lips, where detail is, linear on the skin, which has none.

        The map is a smooth one but at the line of the lips, so that on the skin half of its resolution does.
        """
        exemplar, corner = self._bank.exemplars[name], self._bank.crop[:2]
        maps = skin.map_to(exemplar.vertices, corner)
        picture = cv2.remap(exemplar.pixels, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        maps = fine.map_to(exemplar.vertices, corner)
        picture[lips] = cv2.remap(exemplar.pixels, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picture, np.uint8)

    def _fill_interior(self, recipe: ExemplarMix, box: tuple[int, int, int, int], on: NDArray[np.float32]) -> None:
        """Lay teeth, tongue and dark between the inner lips."""
        part = _box_of(recipe.wanted[INNER], box, 2)
        inner_box = _part_of(box, part)
        raster = Raster(self._bank.topology.interior, recipe.wanted, inner_box, overdraw=True)
        pictures = []
        for name, share in recipe.interior:
            pictures.append((share, self._behind(raster, name, recipe.wanted)))
        inside = _interior_mask(recipe.wanted, inner_box)
        weight = (inside * raster.covered).astype(np.float32)[..., None] / 255
        on[part] += (_lit(_mixed(pictures), inside, self._bank.interior_gain) - on[part]) * weight

    def _behind(self, raster: Raster, name: str, wanted: F64) -> NDArray[np.uint8]:
        """What a picture shows between the lips, where a wanted mesh has them."""
        exemplar = self._bank.exemplars[name]
        behind, light = exemplar.behind, 1.0
        if behind is not None:
            exemplar, light = self._bank.exemplars[behind.name], behind.light
        follows = behind is None or behind.follows
        given = (slid_interior if follows else uncovered_interior)(exemplar.vertices, wanted)
        x, y = raster.map_to(given, self._bank.crop[:2])
        picture = cv2.remap(exemplar.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        if light != 1:
            picture[..., 0] = cv2.convertScaleAbs(picture[..., 0], alpha=light, beta=16 * (1 - light))
        return np.asarray(picture, np.uint8)


def _lit(interior: NDArray[np.float32], inside: NDArray[np.uint8], gain: float) -> NDArray[np.float32]:
    """Teeth in more light; the dark of the mouth, the tongue and the lips' wet edges stay as they are.

    Shapes:
        interior: [h, w, 3] Y'CbCr, changed in place
        inside: [h, w], 255 between the inner lips
    """
    if gain != 1:
        luma = interior[..., 0]
        bright = np.clip((luma - _DARK) / _DARK, 0, 1) * np.clip((_LIGHT - luma) / _DARK, 0, 1)
        pale = np.clip((_RED - interior[..., 2]) / 8, 0, 1)
        depth = np.clip(cv2.distanceTransform(inside, cv2.DIST_L2, 3) / _EDGE_PX - 0.3, 0, 1)
        luma += (luma - 16) * ((gain - 1) * bright * pale * depth)
    return interior


def _mixed(pictures: list[tuple[float, NDArray[np.uint8]]]) -> NDArray[np.float32]:
    """Weighted mean, summed in the order given so that it is the same every time."""
    (share, first), *others = pictures
    total = first.astype(np.float32) * np.float32(share)
    for share, picture in others:
        total += picture.astype(np.float32) * np.float32(share)
    return total


def _box_of(points: F64, box: tuple[int, int, int, int], around: int) -> tuple[slice, slice]:
    """Rows and columns of `box` that hold the points and `around` pixels more."""
    x0, y0, x1, y1 = box
    low, high = points.min(axis=0) - (x0 + around, y0 + around), points.max(axis=0) - (x0 - around, y0 - around)
    rows = slice(max(0, int(low[1])), min(y1 - y0, int(high[1]) + 1))
    return rows, slice(max(0, int(low[0])), min(x1 - x0, int(high[0]) + 1))


def _part_of(box: tuple[int, int, int, int], part: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Rows and columns of a box as a box of the plate."""
    rows, columns = part
    return box[0] + columns.start, box[1] + rows.start, box[0] + columns.stop, box[1] + rows.stop


def _interior_mask(wanted: F64, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    corners = wanted[INNER] - (x0 + 0.5, y0 + 0.5)
    cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return mask
