"""Head turns, nods and breath as maps from a frame back to the portrait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from anchor.face.mesh import F32, F64
from anchor.workshop.presenters.landmarks import CHIN, EYE_CORNERS
from anchor.workshop.presenters.photo.depth import STEP, Relief
from anchor.workshop.presenters.photo.motion import Moment
from anchor.workshop.presenters.photo.portrait import Portrait
from anchor.workshop.presenters.photo.thin_plate_spline import refined

_PIVOT_DOWN, _PIVOT_BACK = 0.62, 0.95
"""Where the head turns: below the eyes and behind them, eye distances."""
_CAMERA = 9.0
"""Distance of the camera, eye distances: about a metre and a half before the face fills the frame less."""
_BREATH_PX = 1.9
"""Rise of the shoulders at full breath, pixels of 1080 lines."""
_ROUNDS = 4
"""Steps of the inversion; each divides its error by ten or more."""


@dataclass
class Turning:
    """Moves the points of one portrait."""

    portrait: Portrait
    relief: Relief

    @cached_property
    def _pivot(self) -> F64:
        eyes = self.portrait.points[list(EYE_CORNERS)].mean(axis=0)
        unit = self.portrait.axes.unit_px
        toward = self.portrait.points[CHIN, :2] - eyes[:2]
        down = toward / np.linalg.norm(toward)
        return np.asarray(np.r_[eyes[:2] + down * _PIVOT_DOWN * unit, eyes[2] + _PIVOT_BACK * unit])

    def shift(self, x: F32 | F64, y: F32 | F64, fields: tuple[F64, F64, F64], now: Moment) -> tuple[F64, F64]:
        """How far points of the portrait move in a frame, plate pixels.

        Args:
            x: and `y`: where they lie in the portrait.
            fields: depth, head and chest there, see `Relief`.
            now: the frame.
        """
        depth, head, chest = fields
        px, py, pz = self._pivot
        turn = _rotation(now)
        a, b, c = x - px, y - py, depth - pz
        u, v, w = (row[0] * a + row[1] * b + row[2] * c for row in turn)
        camera = _CAMERA * self.portrait.axes.unit_px
        nearer = (camera + c) / (camera + w)
        rise = now.breath * _BREATH_PX * self.portrait.size[1] / 1080
        lift = -rise * (chest + 0.35 * head * (1 - chest))
        return head * (u * nearer - a), head * (v * nearer - b) + lift

    def moved(self, points: F64, now: Moment) -> F64:
        """Points of the portrait in a frame, [n, 2]: exactly where `map_back` shows them."""
        x, y = points[:, :1], points[:, 1:]
        dx, dy = self.shift(x, y, self.fields_at(x, y), now)
        return np.hstack([x + dx, y + dy])

    def fields_at(self, x: F64, y: F64) -> tuple[F64, F64, F64]:
        """Depth, head and chest at places of the portrait, each as `x` and `y`: [rows, columns]."""
        u, v = (np.asarray(at / STEP + 0.5, np.float32) for at in (x, y))
        planes = (self.relief.depth, self.relief.head, self.relief.chest)
        depth, head, chest = (
            np.asarray(cv2.remap(p, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)
            for p in planes
        )
        return depth, head, chest

    def map_back(self, now: Moment) -> F32:
        """For every pixel of a frame, how far off the portrait holds it.

        Shapes:
            → [h, w, 2] float32: add to the pixel's own place
        """
        relief = self.relief
        x, y = relief.x.astype(np.float64), relief.y.astype(np.float64)
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for _ in range(_ROUNDS):
            at = x - dx, y - dy
            dx, dy = self.shift(*at, self.fields_at(*at), now)
        nodes = np.dstack([-dx, -dy]).astype(np.float32)
        return refined(nodes, STEP, self.portrait.size)


def _rotation(now: Moment) -> F64:
    """Nodes of the head's turn as a [3, 3] matrix; x right, y down, z away."""
    yaw, pitch, roll = (math.radians(v) for v in (now.yaw_deg, now.pitch_deg, now.roll_deg))
    cy, sy, cp, sp, cr, sr = (f(v) for v in (yaw, pitch, roll) for f in (math.cos, math.sin))
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)
