"""Keying a person off a green (or blue) screen in linear light: spill taken out, hair kept, uneven light followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.face.filling import filled, spread_out

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

LEAST_EXCESS = 0.35
"""Of its own strength, by which a screen's channel exceeds the other two at least."""
LEAST_SHARE = 0.35
"""Of the picture's upper and side borders that the screen fills at least."""
BORDER = 0.06
"""Of the picture's shorter side that counts as border."""
PLATE_LINES = 180
"""The clean screen is kept at this height: it has no detail."""
CLEAR, FULL = 0.06, 0.94
"""Values of the raw key below which there is nothing, and above which all is the person."""
THIN = 0.25
"""Under this coverage a pixel's own colour is mostly noise and comes from its neighbours."""

_LINEAR = (np.arange(256) / 255.0) ** 2.2
_LINEAR32 = _LINEAR.astype(np.float32)


@dataclass(frozen=True, eq=False)
class GreenScreen:
    """A screen without the person, and the key made of it."""

    clean: F32
    """[lines, columns, 3] linear light: the screen as it would look with nobody before it."""
    channel: int
    """1 green, 2 blue."""

    @classmethod
    def of(cls, frames: Sequence[U8]) -> Self:
        """The screen behind the person in frames of one fixed camera.

        Raises:
            MediaError: there is no green or blue screen.
        """
        channel, share = screen_of(frames[0])
        if share < LEAST_SHARE:
            raise MediaError(
                f"no green screen: {share:.0%} of the picture's border is green or blue, {LEAST_SHARE:.0%} are needed",
                hint="use --background remove, or --background keep",
            )
        total: F32 | None = None
        weight: F32 | None = None
        for frame in frames:
            light = _small(frame)
            sure = _sure(light, channel)
            total = light * sure[..., None] if total is None else total + light * sure[..., None]
            weight = sure if weight is None else weight + sure
        assert total is not None
        assert weight is not None
        known = np.minimum(1, weight).astype(np.float32)
        mean = (total / np.maximum(weight, 1e-6)[..., None]).astype(np.float32)
        return cls(cv2.GaussianBlur(filled(mean, known), (0, 0), 2).astype(np.float32), channel)

    def key(self, rgb: U8) -> tuple[F32, U8]:
        """The matte, 0…1, and the person's own colour without the screen's light, spread beyond the edges.

        Shapes:
            rgb: [h, w, 3]; gives [h, w] and [h, w, 3]
        """
        planes = list(cv2.split(rgb))
        rest = cv2.max(*(planes[i] for i in range(3) if i != self.channel))
        excess = cv2.subtract(_linear(planes[self.channel]), _linear(rest))
        height, width = rgb.shape[:2]
        strength = cv2.resize(self._strength, (width, height), interpolation=cv2.INTER_LINEAR)
        raw = cv2.multiply(excess, strength, scale=-1 / (FULL - CLEAR))
        matte = np.clip(raw + (1 - CLEAR) / (FULL - CLEAR), 0, 1).astype(np.float32)
        solid = np.asarray(np.clip((matte - THIN) * (255 / (0.9 - THIN)) + 0.5, 0, 255), np.uint8)
        # The spill is taken out last: a mean of colours without it may hold some again.
        return matte, self._unspilt(spread_out(self._unspilt(self._own(rgb, matte)), solid))

    def _unspilt(self, rgb: U8) -> U8:
        """The screen's channel held down to the greater of the others."""
        planes = list(cv2.split(rgb))
        most = cv2.max(*(planes[i] for i in range(3) if i != self.channel))
        planes[self.channel] = cv2.min(planes[self.channel], most)
        return np.asarray(cv2.merge(planes), np.uint8)

    @cached_property
    def _strength(self) -> F32:
        """1 over the clean screen's excess."""
        return np.asarray(1 / np.maximum(_excess(self.clean, self.channel), 1e-4), np.float32)

    def _own(self, rgb: U8, matte: F32) -> U8:
        """The picture without the part of the screen's light that its edges hold."""
        out = rgb.copy()
        rows, columns = np.nonzero((matte > 0) & (matte < 1))
        if not len(rows):
            return out
        lines, wide = self.clean.shape[:2]
        clean = self.clean[rows * lines // rgb.shape[0], columns * wide // rgb.shape[1]]
        share = matte[rows, columns][:, None]
        light = _LINEAR32[rgb[rows, columns]]
        out[rows, columns] = _coded(np.asarray((light - (1 - share) * clean) / np.maximum(share, THIN), np.float32))
        return out


def green_matte(rgb: U8) -> tuple[F32, U8]:
    """Matte and despilled colour of one picture before a green or blue screen.

    Shapes:
        rgb: [h, w, 3]; gives [h, w] 0…1 and [h, w, 3]

    Raises:
        MediaError: there is no such screen.
    """
    return GreenScreen.of([rgb]).key(rgb)


def screen_of(rgb: U8) -> tuple[int, float]:
    """The screen's channel (1 green, 2 blue) and the share of the upper and side borders that it fills, 0…1."""
    light = _small(rgb)
    height, width = light.shape[:2]
    depth = max(2, round(BORDER * min(height, width)))
    border = np.concatenate(
        [light[:depth].reshape(-1, 3), light[:, :depth].reshape(-1, 3), light[:, -depth:].reshape(-1, 3)]
    )
    shares = {channel: float((_sure(border[None], channel) > 0.5).mean()) for channel in (1, 2)}
    channel = max(shares, key=lambda c: shares[c])
    return channel, shares[channel]


def _linear(rgb: MatLike) -> F32:
    return cv2.LUT(rgb, _LINEAR32).astype(np.float32, copy=False)


def _coded(light: F32) -> U8:
    return np.asarray(255 * np.clip(light, 0, 1) ** (1 / 2.2) + 0.5, np.uint8)


def _small(rgb: U8) -> F32:
    height, width = rgb.shape[:2]
    size = (max(2, round(width * PLATE_LINES / height)), PLATE_LINES)
    return cv2.resize(_linear(rgb), size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _excess(light: F32, channel: int) -> F32:
    """How far the screen's channel stands above the other two, linear light."""
    others = [i for i in range(3) if i != channel]
    return np.asarray(light[..., channel] - light[..., others].max(-1), np.float32)


def _sure(light: F32, channel: int) -> F32:
    """1 where nothing but the screen shows."""
    strength = np.maximum(light[..., channel], 0.01)
    ratio = _excess(light, channel) / strength
    seen = ratio > max(LEAST_EXCESS, 0.6 * float(np.quantile(ratio, 0.9)))
    if light.shape[0] > 2:
        seen = cv2.erode(seen.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return seen.astype(np.float32)
