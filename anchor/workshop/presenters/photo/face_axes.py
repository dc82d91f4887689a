"""The face's own measure: directions along and down the face, lengths in eye distances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from anchor.face.mesh import F64


@dataclass(frozen=True, slots=True)
class FaceAxes:
    """A face's upright system: x along the eyes, y towards the chin, 1 = from outer eye corner to outer eye corner."""

    x: float
    y: float
    """Origin in plate pixels: the middle of the closed mouth."""
    unit_px: float
    roll: float
    """Radians, clockwise in the picture."""

    def to_face(self, points: F64) -> F64:
        """Plate pixels → the face's measure, [n, 2]."""
        c, s = math.cos(self.roll), math.sin(self.roll)
        return np.asarray((points - (self.x, self.y)) @ np.array([[c, -s], [s, c]]) / self.unit_px)

    def to_plate(self, points: F64) -> F64:
        """The face's measure → plate pixels, [n, 2]."""
        c, s = math.cos(self.roll), math.sin(self.roll)
        return np.asarray(points @ np.array([[c, s], [-s, c]]) * self.unit_px + (self.x, self.y))


def face_axes(eye_corners: F64, middle: F64) -> FaceAxes:
    """Axes of a face from its four eye corners, picture left to right, and the middle of its mouth, plate pixels."""
    across = eye_corners[3] - eye_corners[0]
    return FaceAxes(float(middle[0]), float(middle[1]), float(np.hypot(*across)), math.atan2(across[1], across[0]))
