"""The network's face → a patch: cut out along the jaw, as sharp, as grainy and of the same colour as the plate."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Patch
from anchor.face.contour import plan_recipe
from anchor.face.engines.musetalk.crop import Box, FaceCrop, detail, enlarged
from anchor.face.mouth_mask import JawMask
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import MouthBank
from anchor.media.planes import rounded, ycbcr_from_rgb

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

_RIM_PX = 14.0
"""The mask falls to 0 over this distance at the edge of what the network painted."""
_RING = (24, 200)
"""Mask values of the feather ring over which colours are matched."""
_MOST = 24.0
"""Code values; a greater difference is an edge that moved, not a colour."""
_REACH = 0.12
"""Sigma of the colour's correction over the face's height."""
_COARSE = 4
"""The correction is made at this fraction of the size."""
_NOTICED = 0.25
"""Code values; less missing grain is left alone."""


class Finisher:
    """Makes patches of one presenter."""

    def __init__(self, bank: MouthBank, face: FaceCrop, seed: int) -> None:
        self._bank, self._face, self._seed = bank, face, seed
        self._masks = JawMask(bank)

    def patch(self, picture: U8, shape: MouthShape, share: float, frame: int) -> Patch:
        """One patch.

        Args:
            picture: [256, 256, 3] R'G'B', the network's.
            shape: the mouth that the sounds ask for; the mask follows its jaw.
            share: opacity, 0–1.
            frame: number that the grain is drawn from.
        """
        x0, y0, x1, y1 = self._face.box
        box, mask = self._mask(shape)
        part = np.s_[box[1] - y0 : box[3] - y0, box[0] - x0 : box[2] - x0]
        values = enlarged(ycbcr_from_rgb(picture), (x1 - x0, y1 - y0))[part]
        values[..., 0] += (self._face.gain - 1) * detail(values[..., 0], y1 - y0)
        values += self._correction(self._face.target[part] - values, mask)
        if self._face.grain > _NOTICED:
            noise = np.random.default_rng((self._seed, frame)).standard_normal(mask.shape, np.float32)
            values[..., 0] += self._face.grain * noise
        if share < 1:
            mask = np.asarray(cv2.convertScaleAbs(mask, alpha=share), np.uint8)
        return Patch(box[0], box[1], rounded(values), mask)

    def _mask(self, shape: MouthShape) -> tuple[Box, U8]:
        """The bank's own mask for this mouth, faded out where the network painted nothing."""
        wanted = plan_recipe(self._bank, shape).wanted
        (x0, y0, x1, y1), (left, top, right, bottom) = self._masks.box(wanted), self._face.box
        box = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom)
        down, across = np.arange(box[1], box[3]) + 0.5, np.arange(box[0], box[2]) + 0.5
        rows = np.minimum(1, (bottom - down) / _RIM_PX)
        columns = np.minimum(1, np.minimum(across - left, right - across) / _RIM_PX)
        faded = self._masks.draw(wanted, box) * np.minimum.outer(rows, columns)
        mask = np.asarray(faded, np.uint8)
        mask[mask < 3] = 0
        return box, mask

    def _correction(self, difference: F32, mask: U8) -> F32:
        """The plate's colour over the network's, seen at the mask's edge and spread smoothly over the whole patch."""
        height, width = mask.shape
        ring = ((mask >= _RING[0]) & (mask <= _RING[1])).astype(np.float32)
        weighed = np.clip(difference, -_MOST, _MOST) * ring[..., None]
        small = max(1, width // _COARSE), max(1, height // _COARSE)
        sums, weights = (cv2.resize(v, small, interpolation=cv2.INTER_AREA) for v in (weighed, ring))
        mean = weighed.sum(axis=(0, 1)) / max(float(ring.sum()), 1.0)
        sigma = _REACH * (self._face.box[3] - self._face.box[1]) / _COARSE
        sums, weights = (cv2.GaussianBlur(v, (0, 0), sigma) for v in (sums, weights))
        spread = (sums + 1e-3 * mean) / (weights[..., None] + 1e-3)
        return np.asarray(cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
