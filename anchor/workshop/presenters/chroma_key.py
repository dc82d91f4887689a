"""Keying a person off a green (or blue) screen in light: spill taken out, hair kept, uneven light followed."""

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
from anchor.messages import message
from anchor.workshop.presenters.inpaint import filled, spread_out

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

LEAST_EXCESS = 0.3
"""Of its own strength, by which a screen's channel exceeds the other two at least."""
LEAST_SHARE = 0.35
"""Of the picture's upper and side borders that the screen fills at least."""
BORDER = 0.06
"""Of the picture's shorter side that counts as border."""
PLATE_LINES = 180
"""The clean screen is kept at this height: it has no detail."""
CLEAR, FULL = 0.06, 0.94
"""Values of the raw key below which there is nothing, and above which all is the person."""
SURE = 0.97
"""Values of the raw key above which a pixel's colour can be the person's alone …"""
INSIDE_PX = 3
"""… if all pixels so near are: the chroma of 4:2:0 reaches as far over an edge."""
THIN = 0.25
"""Under this coverage a pixel's own colour is mostly noise and comes from its neighbours."""
ASTRAY = (24.0, 56.0)
"""Code values by which an edge pixel misses all mixtures of what is inside and the screen: from here on, and wholly."""
GAMMA = 1.8
"""Code values to light. A lens mixes in linear light (2.0 to 2.2 for BT.709 cameras), 4:2:0 mixes chroma in code values
(1): between them edges come out as wide as they are. Tried on rendered figures filmed both ways."""

_LIGHT = ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, eq=False)
class GreenScreen:
    """A screen without the person, and the key made of it."""

    clean: F32
    """[lines, columns, 3] light: the screen as it would look with nobody before it."""
    channel: int
    """1 green, 2 blue."""

    @classmethod
    def of(cls, frames: Sequence[U8]) -> Self:
        """The screen behind the person in frames of one fixed camera.

        Raises:
            MediaError: there is no green or blue screen.
        """
        channel, share = find_screen_colour(frames[0])
        if share < LEAST_SHARE:
            raise MediaError(
                message("presenters.no-green", share=float(share), least=LEAST_SHARE),
                hint=message("presenters.no-green-hint"),
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

    def key(self, rgb: U8) -> tuple[U8, U8]:
        """The matte, 0…255, and the person's own colour without the screen's light, spread beyond the edges.

        Edges have the colour of what is just inside of them, and their own brightness.

        Shapes:
            rgb: [h, w, 3]; gives [h, w] and [h, w, 3]
        """
        planes = list(cv2.split(rgb))
        rest = cv2.max(*(planes[i] for i in range(3) if i != self.channel))
        excess = cv2.subtract(_light(planes[self.channel]), _light(rest))
        screen = np.asarray(cv2.multiply(excess, self._strength_at(rgb), scale=255, dtype=cv2.CV_8U), np.uint8)
        kernel = np.ones((2 * INSIDE_PX + 1, 2 * INSIDE_PX + 1), np.uint8)
        sure = np.asarray(cv2.erode(cv2.inRange(screen, 0, round(255 * (1 - SURE))), kernel), np.uint8)
        own, matte = self._unspilt(spread_out(rgb, sure)), sure.copy()
        at = np.nonzero((sure == 0) & (screen < round(255 * (1 - CLEAR / 2))))
        if len(at[0]):
            matte[at], own[at] = self._edge(rgb[at], own[at], self._clean_at(at, rgb), screen[at])
        return matte, own

    def _edge(self, seen: U8, inside: U8, clean: F32, screen: U8) -> tuple[U8, U8]:
        """Coverage and colour of edge pixels.

        Shapes:
            seen, inside: [n, 3]: the picture, and what is inside of the edge; clean: [n, 3] light; screen: [n], 0…255,
            the screen's share if the person were grey; gives [n] 0…255 and [n, 3]
        """
        light, body = _LIGHT[seen], _LIGHT[inside]
        most = _excess(clean, self.channel)
        least = np.clip(_excess(body, self.channel), -most, 0)
        share = np.clip((most - _excess(light, self.channel)) / np.maximum(most - least, 1e-4), 0, 1)
        mixed = body * share[:, None] + clean * (1 - share[:, None])
        missed = np.abs(_coded(mixed).astype(np.int16) - seen).max(axis=1)
        astray = np.clip((missed - ASTRAY[0]) / (ASTRAY[1] - ASTRAY[0]), 0, 1).astype(np.float32)
        share += astray * (1 - screen * np.float32(1 / 255) - share)
        share = np.clip((share - CLEAR) / (FULL - CLEAR), 0, 1)[:, None]
        alone = _coded((light - (1 - share) * clean) / np.maximum(share, THIN))
        others = alone[:, [i for i in range(3) if i != self.channel]].mean(axis=1)
        alone[:, self.channel] = np.minimum(alone[:, self.channel], others)
        ratio = np.clip((alone @ _LUMA + 4) / (inside @ _LUMA + 4), 0.5, 1.6)[:, None] - 1
        colour = inside * (1 + ratio * np.clip((share - THIN) * 2, 0, 1))
        colour += astray[:, None] * (alone - colour)
        return np.asarray(share[:, 0] * 255 + 0.5, np.uint8), np.asarray(np.clip(colour + 0.5, 0, 255), np.uint8)

    def _unspilt(self, rgb: U8) -> U8:
        """The screen's channel held down to the greater of the others."""
        planes = list(cv2.split(rgb))
        most = cv2.max(*(planes[i] for i in range(3) if i != self.channel))
        planes[self.channel] = cv2.min(planes[self.channel], most)
        return np.asarray(cv2.merge(planes), np.uint8)

    def _strength_at(self, rgb: U8) -> F32:
        """1 over the clean screen's excess, at the picture's size; kept for the next frame."""
        height, width = rgb.shape[:2]
        kept = self._strengths.get((width, height))
        if kept is None:
            strength = 1 / np.maximum(_excess(self.clean, self.channel), 1e-4)
            kept = np.asarray(cv2.resize(strength, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
            self._strengths.clear()
            self._strengths[width, height] = kept
        return kept

    @cached_property
    def _strengths(self) -> dict[tuple[int, int], F32]:
        return {}

    def _clean_at(self, at: tuple[NDArray[np.intp], ...], rgb: U8) -> F32:
        lines, wide = self.clean.shape[:2]
        return np.asarray(self.clean[at[0] * lines // rgb.shape[0], at[1] * wide // rgb.shape[1]], np.float32)


def green_matte(rgb: U8) -> tuple[F32, U8]:
    """Matte and despilled colour of one picture before a green or blue screen.

    Shapes:
        rgb: [h, w, 3]; gives [h, w] 0…1 and [h, w, 3]

    Raises:
        MediaError: there is no such screen.
    """
    matte, own = GreenScreen.of([rgb]).key(rgb)
    return np.asarray(matte * np.float32(1 / 255), np.float32), own


def find_screen_colour(rgb: U8) -> tuple[int, float]:
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


def _light(rgb: MatLike) -> F32:
    return cv2.LUT(rgb, _LIGHT).astype(np.float32, copy=False)


def _coded(light: F32) -> U8:
    return np.asarray(255 * np.clip(light, 0, 1) ** (1 / GAMMA) + 0.5, np.uint8)


def _small(rgb: U8) -> F32:
    height, width = rgb.shape[:2]
    size = (max(2, round(width * PLATE_LINES / height)), PLATE_LINES)
    return cv2.resize(_light(rgb), size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _excess(light: F32, channel: int) -> F32:
    """How far the screen's channel stands above the other two, in light."""
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
