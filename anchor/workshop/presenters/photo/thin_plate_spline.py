"""Thin-plate splines over boxes of pixels."""

from __future__ import annotations

import cv2
import numpy as np

from anchor.face.mesh import F32, F64

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1, ends exclusive."""


class ThinPlate:
    """A smooth map given at a few points (Bookstein 1989)."""

    def __init__(self, points: F64, values: F64, stiffness: float = 1e-4) -> None:
        """`points`: [n, 2], `values`: [n, k]; `stiffness` > 0 lets the map miss the values for smoothness."""
        self._middle = points.mean(axis=0)
        self._scale = float(np.ptp(points, axis=0).max()) or 1.0
        self._points = (points - self._middle) / self._scale
        n = len(points)
        affine = np.hstack([np.ones((n, 1)), self._points])
        kernel = _kernel(self._points, self._points) + np.eye(n) * stiffness
        system = np.block([[kernel, affine], [affine.T, np.zeros((3, 3))]])
        self._weights = np.linalg.solve(system, np.vstack([values, np.zeros((3, values.shape[1]))]))

    def at(self, points: F64) -> F64:
        """The map's values, [n, k]."""
        where = (points - self._middle) / self._scale
        n = len(self._points)
        value = _kernel(where, self._points) @ self._weights[:n]
        return np.asarray(value + np.hstack([np.ones((len(where), 1)), where]) @ self._weights[n:])

    def over(self, box: Box, step: int) -> F32:
        """Values at the pixel centres of a box, computed every `step` pixels and interpolated.

        Shapes:
            → [h, w, k] float32
        """
        x0, y0, x1, y1 = box
        across, down = -(-(x1 - x0) // step) + 3, -(-(y1 - y0) // step) + 3
        x, y = np.meshgrid(x0 + (np.arange(across) - 0.5) * step, y0 + (np.arange(down) - 0.5) * step)
        nodes = self.at(np.column_stack([x.ravel(), y.ravel()])).reshape(down, across, -1).astype(np.float32)
        return refined(nodes, step, (x1 - x0, y1 - y0))


def refined(nodes: F32, step: int, size: tuple[int, int]) -> F32:
    """A field known at nodes half a step before the first pixel and every `step` pixels on → at every pixel centre."""
    rows, columns = nodes.shape[:2]
    whole = cv2.resize(nodes, (columns * step, rows * step), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(whole[step : step + size[1], step : step + size[0]], np.float32).reshape(
        size[1], size[0], -1
    )


def _kernel(a: F64, b: F64) -> F64:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-18)))
