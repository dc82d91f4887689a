"""Lip contours: a face's own closed mouth, and every other shape of the bank after it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np

from anchor.face.mesh import F64, LIP
from anchor.workshop.presenters.photo.face_axes import FaceAxes

HALF = LIP // 2
CLOSED_GAP = 0.012
"""Inner-lip gap, eye distances, up to which the mouth of a photograph counts as closed."""
_UNSMILED_GAP = 0.28
"""Gap at which half of a smile is gone."""
_RIMMED_GAP = 0.06
"""Gap from which lips have their full thickness all around."""
_RIM = 0.62
"""Least thickness of a lip at its sides over that in its middle."""
_CORNER_RIM = 0.034
"""Least thickness at the corners, eye distances."""
_JAW_SHARE = np.array([0.05, 0.1, 0.2, 0.45, 0.7, 0.84, 0.94, 1.0])
"""How far the points of the jaw line follow the chin, from the ear to the chin's tip; measured on rendered figures."""


@dataclass(frozen=True, slots=True)
class LipShape:
    """One row of lips.tsv."""

    name: str
    jaw: float
    gap: float
    width: float
    upper: float
    over: float
    under: float
    corner: float
    chin: float
    round: float


@dataclass(frozen=True, slots=True)
class Lips:
    """Lips and jaw of one mouth shape, plate pixels."""

    outer: F64
    """[20, 2]: left corner, over the upper lip, right corner, back along the lower lip."""
    inner: F64
    """[20, 2], likewise."""
    jaw: F64
    """[15, 2], left to right, the chin in the middle."""


@lru_cache(maxsize=1)
def lip_shapes() -> tuple[LipShape, ...]:
    """All shapes of lips.tsv."""
    lines = Path(__file__).with_name("lips.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert rows[0][1:] == [field.name for field in fields(LipShape)][1:]
    return tuple(LipShape(name, *map(float, numbers)) for name, *numbers in rows[1:])


def resting_lips(lips: Lips, axes: FaceAxes) -> Lips:
    """The mouth at rest: as it is where the lips meet, else closed without teeth.

    A smile's upper lip comes down over the teeth to a little above their edge, its lower lip up to them, and both grow
    as thick as lips are when nothing pulls them.
    """
    outer, inner = axes.to_face(lips.outer), axes.to_face(lips.inner)
    upper, lower = inner[1:HALF], inner[:HALF:-1]
    gap = float((lower - upper)[:, 1].max())
    seam = (upper + lower) / 2
    if gap > CLOSED_GAP:
        seam[:, 1] = upper[:, 1] + 0.72 * (lower[:, 1] - upper[:, 1])
        side = _side(inner)[1:HALF]
        # A smile's seam is a bow; closed lips lie flatter.
        corner = (inner[0, 1] + inner[HALF, 1]) / 2 + 0.10 * gap
        seam[:, 1] += 0.25 * (corner - seam[:, 1]) * (1 - side**2)
        fallen = float((seam - upper)[HALF // 2 - 1, 1])
        risen = float((lower - seam)[HALF // 2 - 1, 1])
        shrink = 1 - min(0.07, 0.7 * gap)
        for points in (outer, inner, seam):
            points[:, 0] = points[:, 0].mean() + shrink * (points[:, 0] - points[:, 0].mean())
        bulge = 1 - np.abs(_side(outer)) ** 2.5
        outer[1:HALF, 1] += 0.55 * fallen * bulge[1:HALF]
        outer[HALF + 1 :, 1] -= 0.25 * risen * bulge[HALF + 1 :]
        outer[[0, HALF], 1] += 0.10 * gap
        inner[[0, HALF], 1] += 0.10 * gap
    inner[1:HALF], inner[:HALF:-1] = seam, seam
    return Lips(axes.to_plate(outer), axes.to_plate(inner), lips.jaw)


def widened_opening(lips: Lips, axes: FaceAxes) -> Lips:
    """The lips of an open mouth, the opening reaching into its dark corners, which landmarks leave to the lips."""
    outer, inner = axes.to_face(lips.outer), axes.to_face(lips.inner)
    middle, half = inner[:, 0].mean(), np.ptp(inner[:, 0]) / 2
    near = np.clip((np.abs(inner[:, 0] - middle) / half - 0.35) / 0.5, 0, 1)[:, None]
    thin = (outer - inner) * 0.45
    return Lips(lips.outer, axes.to_plate(inner + thin * near), lips.jaw)


def shaped_lips(closed: Lips, shape: LipShape, axes: FaceAxes) -> Lips:
    """The contours of a shape, after the face's own closed mouth."""
    outer, inner, jaw = (axes.to_face(points) for points in (closed.outer, closed.inner, closed.jaw))
    side, reach = _side(inner), _side(outer)
    relaxed = _relaxed(inner, shape)
    inner[:, 1] += relaxed * side**2
    outer[:, 1] += relaxed * reach**2
    # Points crowd towards the ends of a round opening, where its outline bends.
    crowded = side + shape.round * (_eased(side) - side) if shape.gap else side
    bow, bulge = _arch(crowded, shape.round), _arch(reach, 0.3 + 0.5 * shape.round)
    inner[: HALF + 1, 1] += _mixed(shape.upper, shape.corner, bow[: HALF + 1])
    inner[HALF + 1 :, 1] += _mixed(shape.upper + shape.gap, shape.corner, bow[HALF + 1 :])
    outer[: HALF + 1, 1] += _mixed(shape.over, shape.corner, bulge[: HALF + 1])
    outer[HALF + 1 :, 1] += _mixed(shape.under, shape.corner, bulge[HALF + 1 :])
    # Cupid's bow flattens as rounded lips come forward.
    inner[:, 1] = _flattened(inner[:, 1], side, 0.85 * shape.round * (shape.gap > 0))
    middle = outer[:, 0].mean()
    outer[:, 0] = middle + shape.width * (outer[:, 0] - middle)
    inner[:, 0] = middle + shape.width * (inner[:, 0] - middle)
    inner[:, 0] += (crowded - side) * np.ptp(inner[:, 0]) / 2
    if shape.gap:
        outer, inner = _rimmed(outer, inner, min(1.0, shape.gap / _RIMMED_GAP))
    jaw[:, 1] += shape.chin * np.r_[_JAW_SHARE, _JAW_SHARE[-2::-1]]
    return Lips(axes.to_plate(outer), axes.to_plate(inner), axes.to_plate(jaw))


def _relaxed(inner: F64, shape: LipShape) -> float:
    """How far the corners of a smile come down: rounded lips and a dropped jaw undo it."""
    smile = float(inner[[HALF // 2, HALF + HALF // 2], 1].mean() - inner[[0, HALF], 1].mean())
    opened = min(1.0, shape.gap / _UNSMILED_GAP)
    return max(0.0, smile) * (0.6 * shape.round + 0.4 * opened * (1 - shape.round))


def _rimmed(outer: F64, inner: F64, amount: float) -> tuple[F64, F64]:
    """Lips that are lips all around the opening: those of a stretched smile are thin lines at its corners."""
    middle = inner[:, 0].mean()
    half = np.ptp(inner[:, 0]) / 2
    room = np.ptp(outer[:, 0]) / 2 - _CORNER_RIM
    inner = inner.copy()
    inner[:, 0] = middle + (inner[:, 0] - middle) * (1 + amount * (min(1.0, room / half) - 1))
    aside = np.abs(_side(inner)) ** 3
    way = outer - inner
    thick = np.hypot(way[:, 0], way[:, 1])
    full = np.where(np.arange(2 * HALF) <= HALF, thick[HALF // 2], thick[HALF + HALF // 2])
    wanted = np.maximum(thick, _RIM * full * (1 - aside) + _CORNER_RIM * aside)
    stretch = 1 + amount * (wanted / np.maximum(thick, 1e-3) - 1)
    return inner + way * stretch[:, None], inner


def _side(contour: F64) -> F64:
    """Where the points lie between the corners, −1 … +1."""
    left, right = contour[0, 0], contour[HALF, 0]
    return np.asarray(np.clip(2 * (contour[:, 0] - left) / (right - left) - 1, -1, 1))


def _arch(side: F64, roundness: float) -> F64:
    """1 in the middle of the mouth, 0 at its corners: a parabola, or with `roundness` 1 an ellipse."""
    return np.asarray((1 - np.abs(side) ** (2.3 - 0.3 * roundness)) ** (0.85 - 0.35 * roundness))


def _eased(side: F64) -> F64:
    """Points spread so that an outline over them has no long straight sides near its ends."""
    return np.asarray(np.sin(side * np.pi / 2) * 0.6 + side * 0.4)


def _mixed(middle: float, corner: float, arch: F64) -> F64:
    return np.asarray(corner + (middle - corner) * arch)


def _flattened(y: F64, side: F64, amount: float) -> F64:
    upper = y[: HALF + 1]
    smooth = np.polyval(np.polyfit(side[: HALF + 1], upper, 4), side[: HALF + 1])
    smooth[[0, -1]] = upper[[0, -1]]
    y = y.copy()
    y[: HALF + 1] += amount * (smooth - upper)
    return y
