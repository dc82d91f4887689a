"""How the presenter moves in each frame of the loop: head, breath, gaze, brows, lids. All closes exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

FRAMES = 300
"""Frame t has the pose of frame FRAMES − t: idle motion may turn round anywhere, and every blink has a twin without."""
BLINKS = ((66, 73), (176, 183))
"""Stretches of frames with a blink, ends exclusive."""
LIDS = (0.22, 0.66, 1.0, 1.0, 0.80, 0.46, 0.16)
"""How far the lids are closed in the frames of a blink: down in three, up in four."""

_YAW = ((1, -1.15), (2, 0.75), (3, 0.55), (5, -0.15))
_PITCH = ((1, 0.40), (2, -0.55), (4, 0.35), (6, -0.20))
_ROLL = ((1, 0.55), (3, -0.40), (4, -0.15))
_BREATH = ((3, 1.0),)
_BROWS = ((2, 0.5), (3, -0.5))
"""(periods in the loop, amplitude): sums of cosines; head angles in degrees. Frame 0 is the photograph's own pose."""
_GAZES = ((0, 0.0, 0.0), (38, 0.9, 0.1), (58, -0.5, 0.5), (88, 0.2, -0.4), (112, -0.9, 0.0), (136, 0.0, 0.0))
"""(frame, right, down) in degrees: where the eyes rest from then on, in the first half of the loop."""
_SACCADE_FRAMES = 2
_HELD = 0.75
"""How much of the head's turn the eyes take back, looking into the camera."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of the loop."""

    yaw_deg: float
    """Head turned to the picture's right."""
    pitch_deg: float
    """Head lowered."""
    roll_deg: float
    """Head tilted clockwise."""
    breath: float
    """0 out … 1 in."""
    gaze_deg: tuple[float, float]
    """Eyes turned to the right and down, against the head."""
    brows: float
    """0 at rest … 1 raised a little."""
    lids: float
    """0 open … 1 closed."""


def moment(frame: int) -> Moment:
    """The motion of a frame of the loop."""
    at = min(frame % FRAMES, FRAMES - frame % FRAMES)
    yaw, pitch, roll = (_sum(terms, at) for terms in (_YAW, _PITCH, _ROLL))
    right, down = _gaze(at)
    return Moment(
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        breath=-0.5 * _sum(_BREATH, at),
        gaze_deg=(right - _HELD * yaw, down - _HELD * pitch),
        brows=0.5 * abs(_sum(_BROWS, at)),
        lids=next((LIDS[frame - start] for start, end in BLINKS if start <= frame < end), 0.0),
    )


def _sum(terms: tuple[tuple[int, float], ...], frame: int) -> float:
    """Cosines less their value at frame 0."""
    return sum(a * (math.cos(2 * math.pi * k * frame / FRAMES) - 1) for k, a in terms)


def _gaze(at: int) -> tuple[float, float]:
    right, down = 0.0, 0.0
    for frame, x, y in _GAZES:
        share = min(1.0, max(0.0, (at - frame) / _SACCADE_FRAMES))
        share = share * share * (3 - 2 * share)
        right, down = right + share * (x - right), down + share * (y - down)
    return right, down
