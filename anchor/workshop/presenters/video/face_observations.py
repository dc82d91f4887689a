"""What was seen of a face in each frame of footage, as arrays over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.workshop.presenters.face_tracking import BLINK
from anchor.workshop.presenters.landmarks import (
    INNER_LIP,
    STABLE,
    eye_distance,
    eye_span,
    lid_ratio,
    mouth_opening,
    mouth_width,
)

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

CLOSED = 0.014
"""Inner-lip gap over the resting one up to which a mouth is closed, in eye spans."""
_QUIET = 0.03
"""Width of a resting mouth may differ from the usual by this, in eye spans."""
_AROUND_FRAMES = 2
"""A blink begins and ends this many frames outside of what is measured."""
_SMOOTH_FRAMES = 1.2


class FrameSource(Protocol):
    """Footage that can be read again, upright, at a constant rate."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        ...

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        ...

    def read(self, start: int, count: int | None = None) -> Iterator[U8]:
        """Frames from number `start` on, [h, w, 3] uint8 RGB."""
        ...


@dataclass(frozen=True)
class FaceObservations:
    """One face over all frames of the footage.

    Shapes:
        points: [n, 468, 2] float32, source pixels; anything where there is no face
        usable: [n] bool: a face, sharp, and turned to the camera
        cut: [n] bool: another scene begins at this frame
        sharpness: [n] float32, comparable within the footage
        turn_deg: [n] float32: how far the head is turned from the camera
        thumbs: [n, h, w] uint8: the whole frames, small and grey
    """

    points: F32
    usable: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    sharpness: F32
    turn_deg: F32
    thumbs: U8

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def gap(self) -> F32:
        """Opening of the inner lips, in eye spans."""
        return np.array([mouth_opening(p) for p in self.points], np.float32)

    @cached_property
    def width(self) -> F32:
        """Of the mouth, in eye spans."""
        return np.array([mouth_width(p) for p in self.points], np.float32)

    @cached_property
    def unit(self) -> float:
        """Usual eye distance, source pixels."""
        return float(np.median([eye_distance(p) for p in self.points[self.usable][::5]]))

    @cached_property
    def rest_gap(self) -> float:
        """What a closed mouth measures; the landmarks never quite meet."""
        return float(np.percentile(self.gap[self.usable], 5))

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Frames with lips together, usable ones only."""
        return np.asarray(self.usable & (self.gap < self.rest_gap + CLOSED))

    @cached_property
    def rest_width(self) -> float:
        """Of the closed mouth, in eye spans."""
        return float(np.median(self.width[self.closed]))

    @cached_property
    def resting(self) -> NDArray[np.bool_]:
        """Frames with a closed, quiet mouth."""
        still = np.abs(self.width - self.rest_width) < _QUIET
        return np.asarray(self.closed & still)

    @cached_property
    def lids(self) -> F32:
        """Opening of the lids over its usual value."""
        ratio = np.array([lid_ratio(p) for p in self.points], np.float32)
        return np.asarray(ratio / max(1e-6, float(np.median(ratio[self.usable]))), np.float32)

    @cached_property
    def blinking(self) -> NDArray[np.bool_]:
        """Frames with lids that are closing, closed or opening."""
        low = (self.lids < BLINK).astype(np.uint8)
        wide = cv2.dilate(low[None], np.ones((1, 2 * _AROUND_FRAMES + 1), np.uint8))[0]
        return np.asarray(wide > 0)

    @cached_property
    def stable(self) -> F32:
        """Points that tell the head's pose, smoothed over time: [n, points, 2]."""
        return smoothed(self.points[:, list(STABLE)], _SMOOTH_FRAMES)

    def runs(self, wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """Stretches of wanted frames within one scene, ends exclusive."""
        found, start = [], None
        for index, (good, cut) in enumerate(zip(wanted, self.cut, strict=True)):
            if start is not None and (not good or cut):
                found.append((start, index))
                start = None
            if good and start is None:
                start = index
        if start is not None:
            found.append((start, len(wanted)))
        return found


def smoothed(values: F32, sigma_frames: float) -> F32:
    """Gaussian over the first axis."""
    flat = values.reshape(len(values), -1)
    soft = cv2.GaussianBlur(flat, (0, 0), sigmaX=0.01, sigmaY=sigma_frames, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft.reshape(values.shape), np.float32)


def without_resting_gap(points: F32, rest_gap: float) -> F32:
    """Lip points with the gap taken out that the landmarks show on closed lips.

    Shapes:
        points: [468, 2] → [468, 2]
    """
    out = points.copy()
    bias = rest_gap * eye_span(points)
    for upper, lower in zip(INNER_LIP[1:10], INNER_LIP[:10:-1], strict=True):
        apart = out[lower] - out[upper]
        length = max(1e-6, float(np.hypot(*apart)))
        take = min(1.0, bias * float(np.exp(-max(0.0, length - bias) / (4 * bias + 1e-6))) / length) / 2
        out[upper] += apart * take
        out[lower] -= apart * take
    return out
