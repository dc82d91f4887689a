"""A photograph laid on the plate's canvas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine
from anchor.face.mesh import F32, F64
from anchor.face.pose import moved, pixel_matrix, scale_of
from anchor.workshop.presenters.landmarks import CHIN, EYE_CORNERS, INNER_LIP, JAW_LINE, NOSE_TIP, OUTER_LIP
from anchor.workshop.presenters.photo.face_axes import FaceAxes, face_axes
from anchor.workshop.presenters.photo.lips import HALF, Lips

U8 = NDArray[np.uint8]

DENSITY = 2
"""Samples a plate pixel: warps take from a finer grid, so that sharpness does not hang on where pixels fall."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One face on the canvas."""

    picture: U8
    """[h·DENSITY, w·DENSITY, 3] RGB."""
    matte: F32 | None
    """[h, w] 0–1: the figure, plate pixels; None: the picture fills the plate."""
    points: F64
    """[468, 3]: plate pixels and depth in the same unit, smaller is nearer."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the plate."""
        return self.picture.shape[1] // DENSITY, self.picture.shape[0] // DENSITY

    @property
    def axes(self) -> FaceAxes:
        """About the middle of the mouth."""
        inner = self.xy(INNER_LIP)
        return face_axes(self.xy(EYE_CORNERS), inner[[0, HALF]].mean(axis=0))

    @property
    def lips(self) -> Lips:
        """As the landmarks have them."""
        return Lips(self.xy(OUTER_LIP), self.xy(INNER_LIP), self.xy(JAW_LINE))

    def xy(self, indices: tuple[int, ...]) -> F64:
        """[n, 2] plate pixels."""
        return np.asarray(self.points[list(indices), :2], np.float64)

    @property
    def nose(self) -> F64:
        """The tip and the base of the nose, [n, 2]."""
        return self.xy((NOSE_TIP, 2, 98, 327, 129, 358))

    @property
    def chin(self) -> F64:
        """[2]."""
        return np.asarray(self.points[CHIN, :2], np.float64)


def placed_picture(rgb: U8, framing: Affine, canvas: tuple[int, int]) -> U8:
    """A source picture on the canvas at DENSITY, its edge colours running on where it ends.

    Shapes:
        rgb: [h, w, 3] uint8 → [canvas height · DENSITY, canvas width · DENSITY, 3]
    """
    return np.asarray(_placed(rgb, framing, canvas, DENSITY, cv2.INTER_LANCZOS4), np.uint8)


def placed_matte(matte: F32, framing: Affine, canvas: tuple[int, int]) -> F32:
    """A source matte on the canvas at one sample a pixel; it ends where the source does.

    Shapes:
        matte: [h, w] 0–1 → [canvas height, canvas width]
    """
    # The bottom row runs on, so that the body reaches the plate's edge; elsewhere the figure ends with the source.
    framed = np.pad(matte, ((1, 0), (1, 1)))
    shifted = (*framing[:2], framing[2] - framing[0], *framing[3:5], framing[5] - framing[4])
    return np.clip(np.asarray(_placed(framed, shifted, canvas, 1, cv2.INTER_CUBIC), np.float32), 0, 1)


def _placed(
    source: U8 | F32, framing: Affine, canvas: tuple[int, int], density: int, flags: int
) -> NDArray[np.generic]:
    scale = scale_of(framing) * density
    a, b, c, d, e, f = (density * value for value in framing)
    if scale < 1:
        height, width = source.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        source = cv2.resize(source, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        sx, sy = width / small[0], height / small[1]
        a, b, d, e = a * sx, b * sy, d * sx, e * sy
    size = (canvas[0] * density, canvas[1] * density)
    matrix = pixel_matrix((a, b, c, d, e, f))
    return cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def placed_points(points: F32, framing: Affine) -> F64:
    """Landmarks of the source on the canvas, [468, 3]."""
    xy = moved(framing, points[:, :2].astype(np.float64))
    return np.column_stack([xy, points[:, 2].astype(np.float64) * scale_of(framing)])
