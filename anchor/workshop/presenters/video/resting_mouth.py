"""Speech taken out of the idle loop: the mouth at rest laid over frames in which it moves."""

from __future__ import annotations

import cv2
import numpy as np

from anchor.core.face import Affine
from anchor.face.mesh import F64
from anchor.face.mouth_mask import JawMask
from anchor.face.mouthbank import MouthBank
from anchor.face.pose import chained, moved, pixel_matrix
from anchor.workshop.presenters.video.face_observations import U8

_RING = (24, 200)
"""Mask values over which colours are matched."""
_EVERY = 7
"""Of those pixels, one in so many is looked at."""


class MouthCloser:
    """Lays the canonical frame's mouth over others."""

    def __init__(self, bank: MouthBank, canonical: U8) -> None:
        x0, y0, x1, y1 = bank.crop
        self._bank, self._masks = bank, JawMask(bank)
        self._rest = np.ascontiguousarray(canonical[y0:y1, x0:x1])

    def close(self, rgb: U8, pose: Affine, jaw: F64) -> U8:
        """The frame with the mouth at rest.

        Args:
            rgb: a plate frame, changed in place.
            pose: canonical pose → this frame, of the head, not of the jaw.
            jaw: the frame's own jaw line in the canonical pose.

        Shapes:
            rgb: [h, w, 3] uint8; jaw: [15, 2]
        """
        x0, y0, x1, y1 = box = self._bank.crop
        wanted = self._bank.rest.copy()
        at = self._bank.topology.jaw
        # What the open jaw covers has to be covered again.
        wanted[at] = np.where(jaw[:, 1:] > wanted[at][:, 1:], jaw, wanted[at])
        mask = self._masks.draw(wanted, box)
        shift = (1.0, 0.0, float(x0), 0.0, 1.0, float(y0))
        back = pixel_matrix(chained(shift, pose))
        size = (x1 - x0, y1 - y0)
        here = cv2.warpAffine(rgb, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        ring = (mask >= _RING[0]) & (mask <= _RING[1])
        apart = np.sort(here[ring][::_EVERY].astype(np.float32) - self._rest[ring][::_EVERY], axis=0)
        cut = len(apart) // 5
        light = apart[cut : len(apart) - cut].mean(axis=0)
        patch = np.clip(self._rest + light + 0.5, 0, 255).astype(np.uint8)
        corners = moved(pose, np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)], np.float64))
        low = np.maximum(0, np.floor(corners.min(axis=0))).astype(int)
        high = np.minimum(rgb.shape[1::-1], np.ceil(corners.max(axis=0))).astype(int)
        part = rgb[low[1] : high[1], low[0] : high[0]]
        there = chained(chained(shift, pose), (1.0, 0.0, -float(low[0]), 0.0, 1.0, -float(low[1])))
        matrix, reach = pixel_matrix(there), (part.shape[1], part.shape[0])
        weight = cv2.warpAffine(mask, matrix, reach, flags=cv2.INTER_LINEAR)[..., None].astype(np.float32) / 255
        laid = cv2.warpAffine(patch, matrix, reach, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        part[:] = np.clip(part + (laid.astype(np.float32) - part) * weight + 0.5, 0, 255)
        return rgb
