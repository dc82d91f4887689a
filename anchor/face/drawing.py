"""One mouth shape → one patch in the canonical pose."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Patch
from anchor.face.contour import Recipe, plan_recipe
from anchor.face.masking import JawMask
from anchor.face.mesh import F64, INNER, OUTER, Raster
from anchor.face.mouthbank import MouthBank
from anchor.face.shape import MouthShape

CACHE_PATCHES = 256
"""Drawn patches kept; about 0.15 MB each."""
_STEPS = 128
"""Shapes are rounded to this many steps per unit: under half a pixel at the lips."""


class MouthPainter:
    """Draws patches from one bank; equal shapes give the same patch."""

    def __init__(self, bank: MouthBank) -> None:
        self._bank = bank
        self._masks = JawMask(bank)
        self._drawn = lru_cache(maxsize=CACHE_PATCHES)(self._draw)

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

    def _warped(self, recipe: Recipe, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        raster = Raster(self._bank.topology, recipe.wanted, box)
        skin, inside = dict(recipe.shares), dict(recipe.interior)
        lip_box = _box_of(recipe.wanted[OUTER], box)
        pictures = {name: self._picture(raster, name, lip_box) for name in sorted({*skin, *inside})}
        mixed = _mixed(pictures, skin)
        if inside and inside != skin:
            lips = _interior_mask(recipe.wanted, box)
            rows, columns = np.flatnonzero(lips.any(axis=1)), np.flatnonzero(lips.any(axis=0))
            if len(rows):
                part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                weight = lips[part].astype(np.float32)[..., None] / 255
                cut = {name: np.ascontiguousarray(pictures[name][part]) for name in inside}
                mixed[part] += (_mixed(cut, inside) - mixed[part]) * weight
        return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)

    def _picture(self, raster: Raster, name: str, lips: tuple[slice, slice]) -> NDArray[np.uint8]:
        """One exemplar warped: cubic at the lips, where detail is, linear on the skin, which has none."""
        exemplar = self._bank.exemplars[name]
        x, y = raster.map_to(exemplar.vertices, self._bank.crop[:2])
        picture = cv2.remap(exemplar.pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture[lips] = cv2.remap(exemplar.pixels, x[lips], y[lips], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picture, np.uint8)


def _mixed(pictures: dict[str, NDArray[np.uint8]], shares: dict[str, float]) -> NDArray[np.float32]:
    """Weighted mean, in the order of the names so that the sum is the same every time."""
    total: NDArray[np.float32] | None = None
    for name in sorted(shares):
        part = pictures[name].astype(np.float32) * np.float32(shares[name])
        total = part if total is None else total + part
    assert total is not None
    return total


def _box_of(points: F64, box: tuple[int, int, int, int]) -> tuple[slice, slice]:
    """Rows and columns of `box` that hold the points and a little around them."""
    x0, y0, x1, y1 = box
    low, high = points.min(axis=0) - (x0 + 5, y0 + 5), points.max(axis=0) - (x0 - 5, y0 - 5)
    rows = slice(max(0, int(low[1])), min(y1 - y0, int(high[1]) + 1))
    return rows, slice(max(0, int(low[0])), min(x1 - x0, int(high[0]) + 1))


def _interior_mask(wanted: F64, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    corners = wanted[INNER] - (x0 + 0.5, y0 + 0.5)
    cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return mask
