"""Where closed lips meet: the darkest line across the mouth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F64
from anchor.workshop.presenters.photo.face_axes import FaceAxes
from anchor.workshop.presenters.photo.lips import HALF, Lips

PARTED_GAP = 0.055
"""Inner-lip gap of the landmarks, eye distances, from which lips are parted; closed ones have about .03."""
_CREASE = 0.75
"""How far from the inner lips' corners to the outer ones closed lips meet."""
_STEPS = 96
_BEND = 3.0
"""Cost of leaving the straight line, per square step."""


def lip_gap(lips: Lips, axes: FaceAxes) -> float:
    """Widest gap between the inner lips, eye distances."""
    face = axes.to_face(lips.inner)
    return float((face[:HALF:-1, 1] - face[1:HALF, 1]).max())


def found_seam(picture: NDArray[np.uint8], lips: Lips, axes: FaceAxes) -> Lips:
    """The same lips, their inner contour on the dark line between them.

    Shapes:
        picture: [h, w, 3] RGB in plate pixels
    """
    face = axes.to_face(lips.inner)
    across = np.linspace(face[0, 0], face[HALF, 0], _STEPS)
    guess = np.interp(across, face[: HALF + 1, 0], (face[: HALF + 1, 1] + _lower(face)) / 2)
    reach = 0.035 * np.minimum(1, 2.2 * (1 - np.abs(np.linspace(-1, 1, _STEPS)))) + 0.006
    levels = np.linspace(-1, 1, 41)
    where = np.dstack(np.broadcast_arrays(across[None], guess[None] + levels[:, None] * reach[None]))
    plate = axes.to_plate(where.reshape(-1, 2)).reshape(*where.shape).astype(np.float32) - np.float32(0.5)
    luma = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), max(0.6, axes.unit_px / 220))
    dark = cv2.remap(luma, plate[..., 0], plate[..., 1], cv2.INTER_LINEAR).astype(np.float64)
    dark = (dark - dark.min(axis=0)) / max(1.0, float(np.ptp(dark))) * 60 + 4 * levels[:, None] ** 2
    path = _cheapest(dark)
    seam = guess + levels[path] * reach
    seam = np.convolve(np.pad(seam, 3, mode="edge"), np.hanning(9)[1:-1] / np.hanning(9).sum(), mode="valid")
    inner = face.copy()
    inner[: HALF + 1, 1] = np.interp(face[: HALF + 1, 0], across, seam)
    inner[HALF + 1 :] = inner[HALF - 1 : 0 : -1]
    # The crease runs on beyond the landmarks' corners; what is left of it would show beside an opening.
    corners, ends = [0, HALF], axes.to_face(lips.outer)[[0, HALF]]
    inner[corners] += _CREASE * (ends - inner[corners])
    return Lips(lips.outer, axes.to_plate(inner), lips.jaw)


def _lower(face: F64) -> F64:
    """The lower inner contour at the x of the upper one."""
    lower = np.vstack([face[HALF:], face[:1]])[::-1]
    return np.asarray(np.interp(face[: HALF + 1, 0], lower[:, 0], lower[:, 1]))


def _cheapest(cost: F64) -> NDArray[np.intp]:
    """The row of each column on the path of least cost that bends little."""
    rows, columns = cost.shape
    bend = _BEND * (np.arange(rows)[:, None] - np.arange(rows)[None]) ** 2 / 4
    total, came = cost[:, 0].copy(), np.zeros((columns, rows), np.intp)
    for column in range(1, columns):
        step = total[None] + bend
        came[column] = step.argmin(axis=1)
        total = step.min(axis=1) + cost[:, column]
    path = np.empty(columns, np.intp)
    path[-1] = int(total.argmin())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = came[column, path[column]]
    return path
