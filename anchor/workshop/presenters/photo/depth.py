"""How deep each pixel of a portrait lies, and how much of it is head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F32, F64
from anchor.workshop.presenters.landmarks import FACE_OVAL, FOREHEAD
from anchor.workshop.presenters.photo.face_axes import FaceAxes
from anchor.workshop.presenters.photo.portrait import Portrait
from anchor.workshop.presenters.photo.thin_plate_spline import ThinPlate

STEP = 8
"""Plate pixels between the nodes of the fields."""
_BACK = 0.62
"""Depth of hair and ears behind the middle of the face, eye distances."""
_NECK = (0.06, 0.80)
"""Below the chin, eye distances: the head ends here, the shoulders begin there."""
_ASIDE = (1.0, 1.7)
"""From the middle of the face, eye distances: hair may reach the first, beyond the second are shoulders."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Fields over the plate at nodes half a step before the first pixel and every STEP pixels on."""

    x: F32
    y: F32
    """[rows, columns] plate pixels of the nodes."""
    depth: F32
    """Plate pixels, smaller is nearer."""
    head: F32
    """0–1: how much moves with the head."""
    chest: F32
    """0–1: how much rises with the breath."""


def portrait_relief(portrait: Portrait) -> Relief:
    """Depth inside the face from its landmarks, behind it the head's roundness, below it the shoulders."""
    width, height = portrait.size
    x, y = np.meshgrid((np.arange(width // STEP + 3) - 0.5) * STEP, (np.arange(height // STEP + 3) - 0.5) * STEP)
    axes, points = portrait.axes, portrait.points
    at = axes.to_face(np.column_stack([x.ravel(), y.ravel()]))
    oval = portrait.xy(FACE_OVAL)
    depth = _face_depth(points, oval, x, y, axes)
    chin = float(axes.to_face(portrait.chin[None])[0, 1])
    top = float(axes.to_face(portrait.xy((FOREHEAD,)))[0, 1])
    across, down = at[:, 0].reshape(x.shape), at[:, 1].reshape(x.shape)
    head = 1 - eased((down - chin - _NECK[0]) / (_NECK[1] - _NECK[0]))
    below = eased((down - (top + chin) / 2) / (0.6 * (chin - top)))
    head = head * (1 - below * eased((np.abs(across) - _ASIDE[0]) / (_ASIDE[1] - _ASIDE[0])))
    chest = eased((down - chin) / 1.1)
    planes = (x, y, depth, head, chest)
    return Relief(*(np.asarray(plane, np.float32) for plane in planes))


def eased(value: F64) -> F64:
    """0 up to 0, 1 from 1, smooth between."""
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _face_depth(points: F64, oval: F64, x: F64, y: F64, axes: FaceAxes) -> F64:
    nodes = np.column_stack([x.ravel(), y.ravel()])
    back = float(np.median(points[list(FACE_OVAL), 2])) + 0.5 * _BACK * axes.unit_px
    middle = oval.mean(axis=0)
    # Rings outside the oval: the head turns away to where the hair lies, and stays there.
    rings = [np.column_stack([middle + (oval - middle) * s, np.full(len(oval), back)])[::3] for s in (1.6, 2.4, 5.0)]
    edge = points[list(FACE_OVAL)].copy()
    pins = np.vstack([points[::2], edge, *rings])
    pins = pins[np.unique(np.round(pins[:, :2] / 2), axis=0, return_index=True)[1]]
    spline = ThinPlate(pins[:, :2], pins[:, 2:], stiffness=2e-3)
    far = np.linalg.norm((nodes - middle) / np.ptp(oval, axis=0), axis=1) > 1.6
    depth = np.full(len(nodes), back)
    depth[~far] = spline.at(nodes[~far])[:, 0]
    field: NDArray[np.float64] = depth.reshape(x.shape)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), 1.2))
