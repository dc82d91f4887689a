"""When a patch is drawn at all: during speech, with ramps around it; in pauses the plate's own mouth shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from anchor.core.speech import SILENCE, PhonemeTimeline
from anchor.core.time import Timebase

QUIET_S = 0.3
"""Pauses longer than this show the plate's own mouth."""
ATTACK_S = 0.08
RELEASE_S = 0.11
"""Lips leave rest before speech and return after it within 80–160 ms."""
FADE_IN_S = 0.02
FADE_OUT_S = 0.05
"""The patch itself appears and vanishes over these times, while the mouth is at rest."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One stretch of speech, pauses of at most QUIET_S within."""

    start: float
    """Seconds."""
    end: float

    @property
    def opens(self) -> float:
        """When the patch begins to appear, seconds."""
        return self.start - ATTACK_S - FADE_IN_S

    def presence(self, at: float) -> float:
        """Opacity of the patch, 0–1; 0 or less: the plate's own mouth."""
        return min((at - self.opens) / FADE_IN_S, ((self.end + RELEASE_S + FADE_OUT_S) - at) / FADE_OUT_S, 1.0)

    def share(self, at: float) -> float:
        """How far a picture that cannot close its mouth by itself is dissolved from rest, 0–1, over the same ramps."""
        x = min(1.0, max(0.0, min((at - self.start) / ATTACK_S + 1, (self.end - at) / RELEASE_S + 1)))
        return x * x * (3 - 2 * x)


def speech_gates(timeline: PhonemeTimeline) -> tuple[Gate, ...]:
    """Stretches of speech in order."""
    found: list[Gate] = []
    for phoneme in timeline.phonemes:
        if phoneme.symbol == SILENCE:
            continue
        start, end = phoneme.span.start / timeline.rate, phoneme.span.end / timeline.rate
        if found and start - found[-1].end <= QUIET_S:
            found[-1] = Gate(found[-1].start, end)
        else:
            found.append(Gate(start, end))
    return tuple(found)


def frame_middles(timeline: PhonemeTimeline, frames: int, timebase: Timebase) -> list[float]:
    """The middle of the time that each frame shows, seconds."""
    clock = Timebase(Fraction(timeline.rate))
    edges = [clock.ticks_at(k, of=timebase) / timeline.rate for k in range(frames + 1)]
    return [(a + b) / 2 for a, b in itertools.pairwise(edges)]


def gates_at(gates: tuple[Gate, ...], middles: list[float]) -> Iterator[Gate | None]:
    """The gate that rules each frame: the last one that has begun to open, at the start the first; None: no speech."""
    current = 0
    for at in middles:
        while current + 1 < len(gates) and gates[current + 1].opens <= at:
            current += 1
        yield gates[current] if gates else None
