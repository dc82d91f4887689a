"""Rounded lips made round: rendered ones run to a point below and dip at both sides of the Cupid's bow."""

from __future__ import annotations

import numpy as np

from anchor.face.mesh import F64, LIP

HALF = LIP // 2
_FULL = 0.75
"""Exponent of the arch (1 − s²)^e over the mouth, s −1 … +1: 1 is a parabola, 0.5 an ellipse. Measured on the neutral
openings of rendered figures, which look natural."""
_CORNER = 0.8
"""Beyond this the lips meet in a crease that stays as it is."""
_OPEN = 0.15
"""Inner-lip gap over the mouth's width from which the contour is mended whole."""
_CURL = 0.8
"""How much of the height of the corners over the crease is taken away."""
_LESS = 0.10
"""How much of the middle's opening a contour gives that was all mended, so that it does not open further."""
_NARROWER = 0.06
"""A round opening looks wider than a pointed one: how much narrower it is made."""
_OUTER = 0.8, 0.55
"""How far the outlines below and above follow the inner lips."""
_CLOSED_PX = 2.0
"""A lower lip no deeper than this has no shape to speak of."""
_POINTED = 0.04
"""Share of its depth by which a lower lip's line runs inside the arch, from which it is pointed."""


def is_pointed(inner: F64) -> bool:
    """Whether the opening of these lips runs to a point."""
    side, base = _along(inner)
    height = inner[:, 1] - base
    low = float(height[HALF + HALF // 2])
    lower = slice(HALF + 1, LIP)
    return low > _CLOSED_PX and bool(np.mean(low * _arch(side[lower]) - height[lower]) > _POINTED * low)


def rounded_lips(outer: F64, inner: F64) -> tuple[F64, F64]:
    """Contours in which the opening of rounded lips is an arch above and below; a rounder one stays as it is.

    Shapes:
        outer, inner: [20, 2] plate pixels, see LIP → the same
    """
    side, base = _along(inner)
    height = inner[:, 1] - base
    middle, half = inner[:, 0].mean(), abs(inner[HALF, 0] - inner[0, 0])
    amount = float(np.clip((height[15] - height[5]) / (_OPEN * half), 0, 1))
    shift = amount * _shift(side, height)
    lower, upper, corners = slice(HALF + 1, LIP), slice(1, HALF), [0, HALF]
    inner, outer = inner.copy(), outer.copy()
    inner[:, 1] += shift
    outer[lower, 1] += _OUTER[0] * shift[lower]
    outer[upper, 1] += _OUTER[1] * shift[upper]
    outer[corners, 1] += shift[corners]
    for contour in (outer, inner):
        contour[:, 0] += amount * _NARROWER * (middle - contour[:, 0])
    return outer, inner


def _shift(side: F64, height: F64) -> F64:
    """How far each point of the inner lips goes down; `height`: y under the line of the corners."""
    lower, upper = slice(HALF + 1, LIP), slice(1, HALF)
    crease = float(np.interp(_CORNER, side[HALF // 2 : HALF + 1], height[HALF // 2 : HALF + 1]))
    # The corners come down to the crease, so that the opening does not curl up at its ends.
    shift = np.zeros(LIP)
    shift[[0, HALF]] = curl = _CURL * max(0.0, crease)
    low, top = height[HALF + HALF // 2] - curl, height[HALF // 2]
    shift[lower] = np.maximum(0, curl + low * _arch(side[lower]) - height[lower])
    pointed = min(1.0, 5 * np.ptp(shift[lower]) / max(1.0, low))
    shift[lower] -= _LESS * pointed * low * _arch(side[lower])
    arch = crease + (top - crease) * _arch(np.clip(side[upper] / _CORNER, -1, 1))
    shift[upper] = np.where(np.abs(side[upper]) < _CORNER, np.minimum(0, arch - height[upper]), 0)
    return shift


def _along(inner: F64) -> tuple[F64, F64]:
    """Where the points lie between the mouth's corners, −1 … +1, and the y of the line that joins these."""
    left, right = inner[0], inner[HALF]
    share = (inner[:, 0] - left[0]) / (right[0] - left[0])
    return np.clip(2 * share - 1, -1, 1), left[1] + share * (right[1] - left[1])


def _arch(side: F64) -> F64:
    return np.asarray(np.maximum(0, 1 - side**2) ** _FULL)
