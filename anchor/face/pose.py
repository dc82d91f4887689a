"""Maps between head poses: fitted to points, joined, turned round. All are row-major 2x3, pixel centres at +0.5."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine

F64 = NDArray[np.float64]

STAYS: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The map that moves nothing."""


def fit_similarity(source: F64, target: F64) -> Affine:
    """The rotation, scale and shift that bring `source` nearest to `target` in the least-squares sense.

    Shapes:
        source, target: [n, 2], n ≥ 2
    """
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    a, b = source - middle, target - goal
    size = max(float((a * a).sum()), 1e-12)
    c = float((a * b).sum()) / size
    s = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / size
    return (c, -s, goal[0] - c * middle[0] + s * middle[1], s, c, goal[1] - s * middle[0] - c * middle[1])


def fit_affine(source: F64, target: F64) -> Affine:
    """The affine map that brings `source` nearest to `target` in the least-squares sense.

    Shapes:
        source, target: [n, 2], n ≥ 3, not in a line
    """
    # About the middle, so that the system is well conditioned.
    middle = source.mean(axis=0)
    system = np.hstack([source - middle, np.ones((len(source), 1))])
    rows = np.linalg.lstsq(system, target, rcond=None)[0].T
    rows[:, 2] -= rows[:, :2] @ middle
    return affine_of(rows)


def affine_of(matrix: F64) -> Affine:
    """A [2, 3] or [3, 3] matrix as plain numbers."""
    a, b, c, d, e, f = (float(value) for value in np.asarray(matrix)[:2, :3].ravel())
    return (a, b, c, d, e, f)


def matrix_of(affine: Affine) -> F64:
    """The same map as a [3, 3] matrix."""
    return np.vstack([np.array(affine, np.float64).reshape(2, 3), (0.0, 0.0, 1.0)])


def chained(first: Affine, then: Affine) -> Affine:
    """One map for `first`, then `then`."""
    return affine_of(matrix_of(then) @ matrix_of(first))


def inverted(affine: Affine) -> Affine:
    """The way back."""
    return affine_of(np.asarray(np.linalg.inv(matrix_of(affine)), np.float64))


def moved(affine: Affine, points: F64) -> F64:
    """Points after the map.

    Shapes:
        points: [n, 2] → [n, 2]
    """
    a, b, c, d, e, f = affine
    x, y = points[:, 0], points[:, 1]
    return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)


def pixel_matrix(affine: Affine) -> F64:
    """The [2, 3] matrix of `cv2.warpAffine`, whose pixel centres lie on whole numbers."""
    a, b, c, d, e, f = affine
    return np.array([[a, b, c - 0.5 + 0.5 * (a + b)], [d, e, f - 0.5 + 0.5 * (d + e)]])


def scale_of(affine: Affine) -> float:
    """How much the map enlarges lengths, in the mean."""
    a, b, _, d, e, _ = affine
    return math.sqrt(abs(a * e - b * d))
