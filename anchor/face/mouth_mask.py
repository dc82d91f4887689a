"""The soft mask of a mouth patch: along the jaw, never neck, collar or hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F64
from anchor.face.mouthbank import MouthBank

FEATHER_PX = 10.0
"""Sigma of the mask's edge."""
_CHEEK_PX = 22.0
"""How far the mask stays inside the jaw line at the cheeks."""
_CHIN_PX = 4.0
"""How far it reaches below the chin."""
_NOSE_PX = 8.0
"""The mask begins this far below the tip of the nose."""
_RIM_PX = 12.0
"""The mask falls to 0 over this distance at the crop's edge."""
_REACH_PX = 2.2 * FEATHER_PX
"""The feather beyond this is cut off (under 3 of 255)."""


class JawMask:
    """Draws masks for one bank."""

    def __init__(self, bank: MouthBank) -> None:
        x0, y0, x1, y1 = self._crop = bank.crop
        self._nose_y = bank.nose_tip[1] + _NOSE_PX
        self._jaw = bank.topology.jaw
        self._rest = self._inset(bank.rest[self._jaw])
        across = np.minimum(np.arange(x1 - x0) + 0.5, np.arange(x1 - x0)[::-1] + 0.5) / _RIM_PX
        down = np.minimum(np.arange(y1 - y0) + 0.5, np.arange(y1 - y0)[::-1] + 0.5) / _RIM_PX
        self._rim = np.minimum(1, np.minimum.outer(down, across)).astype(np.float32)

    def box(self, wanted: F64) -> tuple[int, int, int, int]:
        """Where the mask of a wanted mesh is not 0: x0, y0, x1, y1 in plate pixels, even, inside the crop."""
        hull = self._hull(wanted)
        low, high = hull.min(axis=0) - _REACH_PX, hull.max(axis=0) + _REACH_PX
        x0, y0, x1, y1 = self._crop
        return (
            max(x0, int(low[0])),
            max(y0, int(low[1])),
            min(x1, int(high[0]) + 1),
            min(y1, int(high[1]) + 1),
        )

    def draw(self, wanted: F64, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """The mask of a wanted mesh within a box.

        Shapes:
            → [h, w] uint8
        """
        x0, y0, x1, y1 = box
        # At half size: a Gaussian of this width holds nothing finer.
        half = np.zeros(((y1 - y0 + 1) // 2, (x1 - x0 + 1) // 2), np.uint8)
        corners = (self._hull(wanted) - (x0, y0)) / 2 - 0.5
        cv2.fillConvexPoly(half, np.rint(corners * 16).astype(np.int32), 255, cv2.LINE_AA, shift=4)
        half = np.asarray(cv2.GaussianBlur(half, (0, 0), FEATHER_PX / 2, borderType=cv2.BORDER_CONSTANT), np.uint8)
        soft = cv2.resize(half, (half.shape[1] * 2, half.shape[0] * 2), interpolation=cv2.INTER_LINEAR)
        soft = soft[: y1 - y0, : x1 - x0]
        cx, cy = self._crop[:2]
        faded = soft * self._rim[y0 - cy : y1 - cy, x0 - cx : x1 - cx]
        mask = np.asarray(faded, np.uint8)
        mask[mask < 3] = 0
        return mask

    def _hull(self, wanted: F64) -> F64:
        points = np.vstack([self._rest, self._inset(wanted[self._jaw])])
        return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], np.float64)

    def _inset(self, jaw: F64) -> F64:
        """The jaw line pulled in at the cheeks, pushed below the chin, closed at the base of the nose."""
        left, right = jaw[0, 0], jaw[-1, 0]
        middle, radius = (left + right) / 2, (right - left) / 2
        side = np.clip((jaw[:, 0] - middle) / radius, -1, 1)
        line = jaw + np.stack([-_CHEEK_PX * side, _CHIN_PX * (1 - np.abs(side))], axis=1)
        line[:, 1] = np.maximum(line[:, 1], self._nose_y)
        top = np.array([[line[0, 0], self._nose_y], [line[-1, 0], self._nose_y]])
        return np.vstack([line, top])
