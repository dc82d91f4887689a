"""The lower face of a photograph moved to another mouth shape: two smooth sheets that part between the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F32, F64
from anchor.workshop.presenters.photo.face_axes import FaceAxes
from anchor.workshop.presenters.photo.lips import HALF, Lips
from anchor.workshop.presenters.photo.thin_plate_spline import Box, ThinPlate

_CLOSED = 0.003
"""Gap of closed lips, eye distances."""
_STEP = 4
"""Pixels between the nodes of a sheet."""


@dataclass(frozen=True, slots=True)
class LowerFace:
    """What the sheets are pinned to, plate pixels."""

    lips: Lips
    """As in the photograph."""
    still: F64
    """[n, 2] points that no mouth moves: nose, cheeks, neck, rim of the crop."""
    axes: FaceAxes


@dataclass(frozen=True, slots=True)
class Sheets:
    """For each pixel of a box, where the photograph holds it, plate pixels as `cv2.remap` counts them."""

    x: F32
    y: F32
    inside: F32
    """0–1: how much of the pixel lies between the inner lips."""


def still_points(axes: FaceAxes, nose: F64, jaw: F64, box: Box) -> F64:
    """Points that stay where they are: the nose, the neck below the jaw, the sides, the rim of the box."""
    x0, y0, x1, y1 = box
    x, y = np.linspace(x0, x1, 9), np.linspace(y0, y1, 7)[1:-1]
    rim = [(a, b) for b in (y0, y1) for a in x] + [(a, b) for a in (x0, x1) for b in y]
    face = axes.to_face(jaw)
    neck = face[2:-2] + np.array([0.0, 0.26])
    cheeks = np.array([(s * across, y) for s in (-1, 1) for across, y in ((0.52, -0.26), (0.5, -0.42), (0.25, -0.36))])
    return np.vstack([np.array(rim), nose, axes.to_plate(neck), axes.to_plate(cheeks)])


def moved_sheets(face: LowerFace, target: Lips, box: Box, density: int) -> Sheets:
    """The map from a target mouth back to the photograph, over a box of plate pixels at `density` samples a pixel."""
    scaled = (box[0] * density, box[1] * density, box[2] * density, box[3] * density)
    given = face.lips
    jaw_from, jaw_to = given.jaw[1:-1], target.jaw[1:-1]
    down = face.axes.to_plate(np.array([[0.0, 0.07], [0.0, 0.0]]))
    under = down[0] - down[1]
    # Just below the jaw the neck's skin goes along; a quarter of an eye distance lower it stays.
    source = [given.outer, jaw_from, jaw_from + under, face.still]
    wanted = [target.outer, jaw_to, jaw_to + under - 0.25 * (jaw_to - jaw_from), face.still]
    sheets = []
    for lip in (slice(0, HALF + 1), np.r_[HALF : 2 * HALF, 0]):
        pins, back = np.vstack([*wanted, target.inner[lip]]), np.vstack([*source, given.inner[lip]])
        pins, at = np.unique(np.round(pins, 3), axis=0, return_index=True)
        sheets.append(ThinPlate(pins * density, back[at] - pins).over(scaled, _STEP * density))
    lower = _lower_side(target, face.axes, scaled, density)[..., None]
    offset = sheets[0] + (sheets[1] - sheets[0]) * lower
    x = (np.arange(scaled[0], scaled[2], dtype=np.float32) + 0.5) / density
    y = (np.arange(scaled[1], scaled[3], dtype=np.float32) + 0.5) / density
    return Sheets(
        np.ascontiguousarray(offset[..., 0] + x[None] - 0.5),
        np.ascontiguousarray(offset[..., 1] + y[:, None] - 0.5),
        between_lips(target.inner, scaled, density, face.axes),
    )


def between_lips(inner: F64, scaled: Box, density: int, axes: FaceAxes) -> F32:
    """The area between the inner lips, with soft edges.

    Args:
        inner: contour, plate pixels.
        scaled: box in samples.
        density: samples a plate pixel.
        axes: the face's.
    """
    face = axes.to_face(inner)
    if float((face[:HALF:-1, 1] - face[1:HALF, 1]).max()) < _CLOSED:
        return np.zeros((scaled[3] - scaled[1], scaled[2] - scaled[0]), np.float32)
    x0, y0, x1, y1 = scaled
    mask: NDArray[np.uint8] = np.zeros((y1 - y0, x1 - x0), np.uint8)
    corners = smooth_contour(inner) * density - (x0 + 0.5, y0 + 0.5)
    cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return np.asarray(mask / np.float32(255), np.float32)


def smooth_contour(inner: F64, steps: int = 6) -> F64:
    """A closed contour rounded by Catmull–Rom splines over each lip; the mouth corners stay corners."""
    lips = [inner[: HALF + 1], np.vstack([inner[HALF:], inner[:1]])]
    return np.vstack([_catmull(lip, steps)[:-1] for lip in lips])


def _catmull(points: F64, steps: int) -> F64:
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, points[-1:]])


def _lower_side(target: Lips, axes: FaceAxes, scaled: Box, density: int) -> F32:
    """1 below the line between the lips, 0 above it; beyond the corners the two sheets blend into each other."""
    face = axes.to_face(target.inner)
    middle = (face[: HALF + 1] + np.vstack([face[HALF:], face[:1]])[::-1]) / 2
    x, y = np.meshgrid(np.arange(scaled[0], scaled[2]) + 0.5, np.arange(scaled[1], scaled[3]) + 0.5)
    at = axes.to_face(np.column_stack([x.ravel(), y.ravel()]) / density)
    line = np.interp(at[:, 0], middle[:, 0], middle[:, 1])
    beyond = np.maximum(0, np.maximum(middle[0, 0] - at[:, 0], at[:, 0] - middle[-1, 0]))
    soft = 0.4 / axes.unit_px + 0.8 * beyond
    side = np.clip(0.5 + (at[:, 1] - line) / (2 * soft), 0, 1)
    return np.asarray((side * side * (3 - 2 * side)).reshape(x.shape), np.float32)
