"""Canonical patches laid onto the picture: one resampling from the bank's pixels to the broadcast frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine, Patch
from anchor.core.plan import Grade, Placement
from anchor.media.planes import Planes

GRID_PX = 60
"""Scales are multiples of 1/60: a part of a plate whose corners lie on multiples of 60 pixels scales to whole pixels,
so that only the part that shows needs resizing."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A placement made exact for one plate size: plate coordinates → picture coordinates.

    The plate is resized to whole pixels and shifted by whole even pixels, so that a plate at scale 1 is not resampled.
    """

    x: int
    y: int
    width: int
    height: int
    """Of the scaled plate, in picture pixels."""
    sx: float
    sy: float
    grade: Grade

    def map(self, affine: Affine) -> NDArray[np.float64]:
        """Canonical pose → picture, through a plate frame's `affine`; [2, 3], pixel centres at +0.5."""
        a, b, c, d, e, f = affine
        return np.array(
            [
                [self.sx * a, self.sx * b, self.sx * c + self.x],
                [self.sy * d, self.sy * e, self.sy * f + self.y],
            ]
        )


def placement_screen(placement: Placement, plate_width: int, plate_height: int) -> Screen:
    """The exact screen of a placement; the scale is taken in steps of 1/60, see GRID_PX."""
    factor = max(1, round(placement.scale * GRID_PX)) / GRID_PX
    width, height = round(plate_width * factor), round(plate_height * factor)
    return Screen(
        x=2 * round(placement.x / 2),
        y=2 * round(placement.y / 2),
        width=width,
        height=height,
        sx=width / plate_width,
        sy=height / plate_height,
        grade=placement.grade,
    )


def _sampled(
    source: NDArray[np.uint8], origin: tuple[int, int], to_grid: NDArray[np.float64], size: tuple[int, int], flags: int
) -> NDArray[np.float32]:
    """`source`, whose pixel (0, 0) is at canonical `origin`, resampled to a grid of `size` (width, height)."""
    shift = np.array([[1.0, 0.0, origin[0] + 0.5], [0.0, 1.0, origin[1] + 0.5], [0.0, 0.0, 1.0]])
    matrix = (to_grid @ shift)[:2]
    picture = cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, dtype=np.float32)


def lay_patch(
    frame: Planes,
    patch: Patch,
    affine: Affine,
    screen: Screen,
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> tuple[int, int, int, int] | None:
    """Blend a canonical patch onto the frame; pixels where its mask is 0 stay bit-identical.

    Args:
        frame: the picture, changed in place.
        patch: pixels and mask in the canonical pose.
        affine: canonical pose → the plate frame that shows.
        screen: where the plate stands in the picture.
        colour: what to add to Y', Cb, Cr of the patch so that it matches the plate frame.

    Returns:
        The even box (x0, y0, x1, y1) that may have changed, or None when the patch lies outside.
    """
    height, width = patch.mask.shape
    matrix = screen.map(affine)
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    corners[:, :2] += (patch.x, patch.y)
    placed = corners @ matrix.T
    x0 = max(0, 2 * math.floor(placed[:, 0].min() / 2))
    y0 = max(0, 2 * math.floor(placed[:, 1].min() / 2))
    x1 = min(frame.width, 2 * math.ceil(placed[:, 0].max() / 2))
    y1 = min(frame.height, 2 * math.ceil(placed[:, 1].max() / 2))
    if x0 >= x1 or y0 >= y1:
        return None
    size = (x1 - x0, y1 - y0)
    half = (size[0] // 2, size[1] // 2)
    homogeneous = np.vstack([matrix, [0, 0, 1]])
    luma = np.array([[1, 0, -x0 - 0.5], [0, 1, -y0 - 0.5], [0, 0, 1.0]]) @ homogeneous
    # Chroma sample (j, i) sits at luma (2j + 0.5, 2i + 1): see anchor/media/planes.py.
    chroma = np.array([[0.5, 0, -(x0 + 0.5) / 2], [0, 0.5, -(y0 + 1.0) / 2], [0, 0, 1.0]]) @ homogeneous
    origin = (patch.x, patch.y)
    bordered = np.pad(patch.mask, 1)  # a zero rim: the replicated border of the mask is then 0
    rim = (patch.x - 1, patch.y - 1)

    grade = screen.grade
    planes = [np.asarray(plane, np.uint8) for plane in cv2.split(patch.pixels)]
    y = _sampled(planes[0], origin, luma, size, cv2.INTER_CUBIC)
    weight = _sampled(bordered, rim, luma, size, cv2.INTER_LINEAR)
    y += colour[0] - 16
    y *= grade.gain
    y += grade.lift + 16
    _mix(frame.y[y0:y1, x0:x1], y, weight)

    u, v = (_sampled(plane, origin, chroma, half, cv2.INTER_LINEAR) for plane in planes[1:])
    weight = _sampled(bordered, rim, chroma, half, cv2.INTER_LINEAR)
    box = np.s_[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
    _mix(frame.u[box], u + np.float32(colour[1] + grade.cb), weight)
    _mix(frame.v[box], v + np.float32(colour[2] + grade.cr), weight)
    return x0, y0, x1, y1


def _mix(target: NDArray[np.uint8], over: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """target + (over − target) · weight / 255, rounded; exact where the weight is 0."""
    behind = target.astype(np.float32)
    over -= behind
    over *= weight
    over *= 1 / 255
    over += behind
    over += 0.5
    np.clip(over, 0, 255, out=over)
    target[:] = over
