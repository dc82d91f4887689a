"""Sounds → wanted mouth shapes per frame, with coarticulation.

Jaw and lip width follow Cohen and Massaro (1993): every sound pulls towards its target with a dominance that decays
with distance in time, and the shape of a moment is the dominance-weighted mean. Quick syllables undershoot by
themselves, rounding reaches over the consonants before it. Closed lips (b p m) and the lip on the teeth (f) are laid
over that mean and never blended away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from anchor.core.errors import EngineError
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import Timebase
from anchor.face.gate import ATTACK_S, RELEASE_S, Gate, frame_middles, gates_at, speech_gates
from anchor.face.shape import MouthShape, VisemeTrack

_CORE = 0.25
"""Half of this share of a sound on each side of its middle has full dominance."""
_DECAY_S = 0.055
"""Dominance of the jaw falls to 1/e over this time."""
_LEAD_DECAY = 0.5
"""Dominance of the lips' width falls to 1/e over this share of a sound's lead."""
_REACH_S = 0.45
"""Sounds farther away are not looked at."""
_RISE_S = 0.066
"""A closure or bite is reached and left over this time: two frames."""
_HOLD = {"p": 0.55, "P": 0.55, "b": 0.8, "B": 0.8}
"""Share of the sound with the lips shut; aspiration follows in p. Others: 0.9."""


@dataclass(frozen=True, slots=True)
class Target:
    """One row of visemes.tsv."""

    opening: float
    width: float
    special: str
    amount: float
    open_pull: float
    width_pull: float
    lead_s: float


@cache
def viseme_targets() -> dict[str, Target]:
    """Mouth target of every phoneme symbol."""
    lines = Path(__file__).with_name("visemes.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")][1:]
    return {
        symbol: Target(
            float(o), float(w), "" if special == "-" else special, float(a), float(op), float(wp), int(ms) / 1000
        )
        for symbol, o, w, special, a, op, wp, ms, _ in rows
    }


@dataclass(frozen=True, slots=True)
class _Sound:
    symbol: str
    target: Target
    start: float
    """Seconds."""
    end: float


def plan_visemes(timeline: PhonemeTimeline, frames: int, timebase: Timebase) -> VisemeTrack:
    """The wanted mouth of each frame, read at the middle of the time it shows.

    Raises:
        EngineError: a symbol has no row in visemes.tsv.
    """
    sounds = tuple(_sounds(timeline))
    middles = frame_middles(timeline, frames, timebase)
    shapes: list[MouthShape | None] = []
    first = 0
    for at, gate in zip(middles, gates_at(speech_gates(timeline), middles), strict=True):
        while first < len(sounds) and sounds[first].end < at - _REACH_S:
            first += 1
        shapes.append(_shape(at, sounds, first, gate))
    _shut(shapes, sounds, middles)
    return VisemeTrack(tuple(shapes))


def _sounds(timeline: PhonemeTimeline) -> Iterator[_Sound]:
    targets = viseme_targets()
    for phoneme in timeline.phonemes:
        if phoneme.symbol not in targets:
            raise EngineError(f"no mouth shape for the sound {phoneme.symbol!r}", hint="add a row to face/visemes.tsv")
        yield _Sound(
            phoneme.symbol,
            targets[phoneme.symbol],
            phoneme.span.start / timeline.rate,
            phoneme.span.end / timeline.rate,
        )


def _shape(at: float, sounds: tuple[_Sound, ...], first: int, gate: Gate | None) -> MouthShape | None:
    if gate is None:
        return None
    presence = gate.presence(at)
    if presence <= 0:
        return None
    rest = min(_eased((at - gate.start + ATTACK_S) / ATTACK_S), _eased((gate.end + RELEASE_S - at) / RELEASE_S))
    jaw = jaw_pull = lips = lips_pull = 0.0
    special = {"M": 0.0, "F": 0.0, "L": 0.0, "S": 0.0}
    for index in range(first, len(sounds)):
        sound = sounds[index]
        if sound.start > at + _REACH_S:
            break
        t = sound.target
        before = (sound.start + sound.end) / 2 - _CORE * (sound.end - sound.start) - at
        after = at - ((sound.start + sound.end) / 2 + _CORE * (sound.end - sound.start))
        away = max(before, after, 0.0)
        pull = t.open_pull * math.exp(-away / _DECAY_S)
        jaw += pull * t.opening
        jaw_pull += pull
        pull = t.width_pull * math.exp(-away / (t.lead_s * _LEAD_DECAY if before > 0 else _DECAY_S))
        lips += pull * t.width
        lips_pull += pull
        if t.special:
            special[t.special] = max(special[t.special], t.amount * _over(at, *_hold(sound)))
    return MouthShape(
        opening=rest * jaw / jaw_pull,
        width=rest * lips / lips_pull,
        press=special["M"],
        bite=special["F"] * rest,
        tongue=special["L"] * rest,
        teeth=special["S"] * rest,
        presence=presence,
    )


def _hold(sound: _Sound) -> tuple[float, float]:
    """When the special shape is held, seconds."""
    return sound.start, sound.start + (sound.end - sound.start) * _HOLD.get(sound.symbol, 0.9)


def _over(at: float, start: float, end: float) -> float:
    """1 in [start, end], falling to 0 over _RISE_S on both sides."""
    return _eased(1 - max(start - at, at - end, 0.0) / _RISE_S)


def _eased(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def _shut(shapes: list[MouthShape | None], sounds: tuple[_Sound, ...], middles: list[float]) -> None:
    """Give every closure and bite at least one frame in full: the one nearest to the middle of its hold."""
    nearest = 0
    for sound in sounds:
        if sound.target.special not in ("M", "F"):
            continue
        start, end = _hold(sound)
        middle = (start + end) / 2
        while nearest + 1 < len(middles) and abs(middles[nearest + 1] - middle) < abs(middles[nearest] - middle):
            nearest += 1
        if not middles:
            return
        shape = shapes[nearest] or MouthShape(presence=1.0)
        full = replace(shape, press=1.0) if sound.target.special == "M" else replace(shape, bite=1.0, press=0.0)
        if sound.target.special == "F" and shape.press >= 1.0:
            continue
        shapes[nearest] = replace(full, presence=1.0)
