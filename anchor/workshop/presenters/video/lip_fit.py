"""Inner lips laid on the opening that a picture shows: landmarks put them on the upper lip, and the same for all.

Lips are red; teeth and the dark of the mouth are not, or hardly lit. From both outlines inwards the first such pixel
ends the lip.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F64, LIP
from anchor.workshop.presenters.photo.face_axes import FaceAxes
from anchor.workshop.presenters.photo.lip_seam import found_seam
from anchor.workshop.presenters.photo.lips import HALF, Lips
from anchor.workshop.presenters.video.face_observations import F32, U8

_CORNERS = 0.75
"""How far an opening reaches from the landmarks' inner corners to the outer ones."""
_STEPS = 64
_RIM = 0.25
"""Share of each lip, from its outline, that is not looked at: skin is as pale as teeth."""
_PALE = (5.0, 0.4)
"""Cr below the lips' by this much, or by this share of their redness, is no lip."""
_TEETH = 0.45
"""What is pale but nowhere keeps less than this share of a lip's redness is light on a moist lip."""
_DARK = 0.33
"""Nor is what has less than this share of the lower lip's Y'."""
_SHADE = 0.03
"""Dark that is no higher than this, with teeth below it, is the shaded edge of the upper lip; eye spans."""
_SHUT = 0.014
"""Openings up to this, in eye spans, are the shadow between closed lips."""
_TONGUE = 0.03
"""Lower edges higher than the landmarks' by more than this are a tongue's."""
_EDGES = (0.013, 0.018)
"""How far beyond the last such pixel the edge of the upper and of the lower lip is looked for, eye spans: chroma has
half the lines and bleeds. Chosen on four rendered figures, whose lips are known: bias -0.6, mean error 1.4 px of
205 px."""
_ASTRAY = 0.07
"""Farther than this from the landmarks nothing is believed; eye spans."""


def fitted_lips(pixels: U8, lips: Lips, axes: FaceAxes, corner: tuple[int, int]) -> Lips:
    """The same lips, their inner contour on the opening's edge, or on the seam where they are closed.

    Args:
        pixels: a face in the canonical pose, [h, w, 3] RGB.
        lips: by the landmarks, plate pixels.
        axes: the face's own measure.
        corner: where the picture's corner lies on the plate.
    """
    shift = np.array(corner, np.float64)
    here = Lips(lips.outer - shift, lips.inner - shift, lips.jaw)
    opening = _opening(pixels, here, axes.unit_px)
    if opening is None:
        seamed = found_seam(pixels, here, replace(axes, x=axes.x - corner[0], y=axes.y - corner[1]))
        return Lips(lips.outer, seamed.inner + shift, lips.jaw)
    return Lips(lips.outer, opening + shift, lips.jaw)


def _opening(pixels: U8, lips: Lips, unit: float) -> F64 | None:
    """The inner contour of parted lips, or None: they are not."""
    columns, upper, lower, top, low = _guessed(lips)
    y = np.linspace(top + _RIM * (upper - top), low - _RIM * (low - lower), _STEPS)
    x = np.broadcast_to(columns, y.shape)
    colour = cv2.cvtColor(cv2.GaussianBlur(pixels, (0, 0), max(0.5, unit / 260)), cv2.COLOR_RGB2YCrCb)
    seen = np.asarray(cv2.remap(colour, (x - 0.5).astype(np.float32), (y - 0.5).astype(np.float32), 1), np.float32)
    inside, teeth = _inside_and_teeth(seen, y, lower, low)
    shut = inside.sum(axis=0) * (y[1] - y[0]) < _SHUT * unit
    if shut[2:7].sum() > 2:
        return None
    first, last = inside.argmax(axis=0), _STEPS - 1 - inside[::-1].argmax(axis=0)
    below = teeth.argmax(axis=0)
    shaded = (below > first) & ((below - first) * (y[1] - y[0]) <= _SHADE * unit)
    first = np.where(shaded, below, first)
    at = np.arange(len(columns))
    step = float(y[1, 4] - y[0, 4])
    first = _at_steepest(seen[..., 0], first, -_EDGES[0] * unit / step)
    last = _at_steepest(seen[..., 0], last, _EDGES[1] * unit / step)
    edges = np.where(shut, np.nan, (y[first, at], y[last, at]))
    tongue = edges[1] < lower - _TONGUE * unit
    edges[1] = np.where(tongue, lower, edges[1])
    middle = np.interp(at, at[~shut], edges.mean(axis=0)[~shut])
    edges = np.where(shut, middle, edges)
    edges = np.apply_along_axis(_softened, 1, edges)
    if np.abs(edges.mean(axis=0) - (upper + lower) / 2).max() > _ASTRAY * unit:
        return None if shut.any() else lips.inner
    ends = lips.inner[[0, HALF]] + _CORNERS * (lips.outer[[0, HALF]] - lips.inner[[0, HALF]])
    return _contour(columns, edges, ends, at[~shut])


def _contour(columns: F64, edges: F64, ends: F64, parted: NDArray[np.intp]) -> F64:
    """The opening's outline; of round lips it ends where they part, before the corners of the mouth."""
    first, last = int(parted[0]), int(parted[-1])
    ends = ends.copy()
    for end, column, other in ((0, first, 0), (1, last, len(columns) - 1)):
        if column != other:
            ends[end] = (columns[column] + columns[column + 2 * end - 1]) / 2, edges[:, column].mean()
    x = np.r_[ends[0, 0], columns[first : last + 1], ends[1, 0]]
    share = (columns - columns[0] + 1) / (columns[-1] - columns[0] + 2)
    wanted = ends[0, 0] + share * (ends[1, 0] - ends[0, 0])
    if first == 0 and last == len(columns) - 1:
        wanted = columns
    upper, lower = (np.interp(wanted, x, np.r_[ends[0, 1], e[first : last + 1], ends[1, 1]]) for e in edges)
    out = np.empty((LIP, 2))
    out[[0, HALF]] = ends
    out[1:HALF] = np.stack([wanted, upper], axis=1)
    out[:HALF:-1] = np.stack([wanted, np.maximum(upper, lower)], axis=1)
    return out


def _guessed(lips: Lips) -> tuple[F64, F64, F64, F64, F64]:
    """Nine columns across the mouth, and where the landmarks have the four edges of the lips in them."""
    outer, inner = lips.outer, lips.inner
    ends = inner[[0, HALF], 0] + _CORNERS * (outer[[0, HALF], 0] - inner[[0, HALF], 0])
    share = (inner[1:HALF, 0] - inner[0, 0]) / max(1e-6, inner[HALF, 0] - inner[0, 0])
    columns = ends[0] + share * (ends[1] - ends[0])

    def edge(points: F64) -> F64:
        order = np.argsort(points[:, 0])
        return np.asarray(np.interp(columns, points[order, 0], points[order, 1]))

    back = [0, *range(LIP - 1, HALF - 1, -1)]
    return columns, edge(inner[: HALF + 1]), edge(inner[back]), edge(outer[: HALF + 1]), edge(outer[back])


def _inside_and_teeth(seen: F32, y: F64, lower: F64, low: F64) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What is no lip, and what is teeth for sure; [steps, columns]. The lower lip's own colour tells a lip."""
    part = (y > lower + 0.35 * (low - lower)) & (y < low - 0.3 * (low - lower))
    part[:, [0, 1, 7, 8]] = False
    light, red = (float(np.median(seen[..., k][part])) for k in (0, 1))
    dark = seen[..., 0] < _DARK * light
    teeth = seen[..., 1] < 128 + _TEETH * (red - 128)
    inside = dark | teeth | (seen[..., 1] < red - max(_PALE[0], _PALE[1] * (red - 128)))
    _, runs = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
    return inside & np.isin(runs, np.unique(runs[dark | teeth])), teeth


def _at_steepest(light: F32, start: NDArray[np.intp], reach: float) -> NDArray[np.intp]:
    """The row where Y' changes most between a start and `reach` rows (negative: above), one for each column.

    Below, a lip that is brighter than what lies before it begins where it becomes brighter, and one that is darker, as
    beside teeth, where it becomes darker: no further change within the lip is taken for its edge.
    """
    slope = np.gradient(light, axis=0)
    if reach > 0:
        at = np.arange(light.shape[1])
        beyond = np.minimum(start + round(reach), len(light) - 1)
        slope *= np.where(light[beyond, at] >= light[np.maximum(start - 1, 0), at], 1, -1)
    else:
        slope = np.abs(slope)
    rows = np.arange(len(light))[:, None]
    low, high = np.minimum(start, start + reach) - 1, np.maximum(start, start + reach) + 1
    return np.asarray(np.where((rows >= low) & (rows <= high), slope, -np.inf).argmax(axis=0))


def _softened(values: F64) -> F64:
    return np.convolve(np.pad(values, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
