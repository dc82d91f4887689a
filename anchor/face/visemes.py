"""Sounds → wanted mouth shapes per frame, with coarticulation.

Jaw and lip width follow Cohen and Massaro (1993): every sound pulls towards its target with a dominance that falls with
distance in time, and the shape of a moment is the dominance-weighted mean. Quick syllables undershoot by themselves,
rounding reaches over the consonants before it. Louder syllables open wider. Closed lips (b p m) and the lip on the
teeth (f) are laid over that mean and never blended away; the jaw's speed bounds how far lips open between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import Timebase
from anchor.face.gate import ATTACK_S, RELEASE_S, Gate, frame_middles, gates_at, speech_gates
from anchor.face.mouth_shape import MouthShape, VisemeTrack
from anchor.messages import message

F64 = NDArray[np.float64]

_CORE = 0.3
"""Half of this share of a sound on each side of its middle has full dominance."""
_DECAY_S = 0.04
"""Dominance of the jaw falls to 1/e over this time, as a bell: what is said now outweighs what is near."""
_WIDTH_DECAY_S = 0.045
"""The same for the lips' width after a sound."""
_LEAD_DECAY = 0.5
"""Dominance of the lips' width falls to 1/e over this share of a sound's lead before it."""
_REACH_S = 0.3
"""Sounds farther away are not looked at."""
_RISE_S = 0.055
"""A closure or bite is reached and left over this time: under two frames."""
_PRESSED_S = 0.012
"""Lips meet this long before the sound stops: the film of air between them dies away last. A closure is then seldom a
single frame."""
_FASTEST_PER_S = 7.5
"""Opening per second; 1 is the widest of a bank, about 2.5 cm between the lips of an adult's face. Lips and jaw part at
up to about 0.2 m/s in quick speech (Kuehn and Moll 1976)."""
_CORNERS = (0.22, 0.56, 0.22)
"""Weights of three frames in the width of one."""
_WIDEST = 0.85
"""No newsreader opens more, however loud."""
_HOLD = {"p": 0.55, "P": 0.55, "b": 0.8, "B": 0.8}
"""Share of the sound with the lips shut; aspiration follows in p. Others: 0.9."""
_SPECIALS = ("M", "F", "L", "S")


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
    target: Target
    start: float
    """Seconds."""
    end: float
    held: float
    """Until when its special shape is held, seconds."""

    @property
    def core(self) -> tuple[float, float]:
        """Between these seconds it has full dominance."""
        middle, half = (self.start + self.end) / 2, _CORE * (self.end - self.start)
        return middle - half, middle + half


@dataclass(slots=True)
class _Curves:
    """What the mouth should do, one value per frame."""

    opening: F64
    width: F64
    special: dict[str, F64]


def plan_visemes(timeline: PhonemeTimeline, frames: int, timebase: Timebase, effort: F64 | None = None) -> VisemeTrack:
    """The wanted mouth of each frame, read at the middle of the time it shows.

    Args:
        timeline: what is said when.
        frames: how many frames.
        timebase: their clock.
        effort: [frames] how far the mouth opens against its usual, see anchor/face/vocal_effort.py; None: 1 throughout.

    Raises:
        EngineError: a symbol has no row in visemes.tsv.
    """
    sounds = tuple(_sounds(timeline))
    middles = frame_middles(timeline, frames, timebase)
    at = np.array(middles)
    curves = _blended(sounds, at)
    if effort is not None:
        curves.opening = np.minimum(curves.opening * effort, np.maximum(curves.opening, _WIDEST))
    gates = list(gates_at(speech_gates(timeline), middles))
    presence = np.array([gate.presence(t) if gate else 0.0 for gate, t in zip(gates, middles, strict=True)])
    rest = _awake(gates, at)
    curves.opening *= rest
    curves.width *= rest
    for name in ("F", "L", "S"):
        curves.special[name] *= rest
    _shut(curves, presence, sounds, at)
    _bound_speed(curves, float(1 / timebase.rate))
    return VisemeTrack(tuple(_shape(curves, presence, k) for k in range(frames)))


def _sounds(timeline: PhonemeTimeline) -> Iterator[_Sound]:
    targets = viseme_targets()
    for phoneme in timeline.phonemes:
        if phoneme.symbol not in targets:
            what = message("face.no-mouth-shape", symbol=phoneme.symbol)
            raise EngineError(what, hint=message("face.no-mouth-shape-hint"))
        start, end = phoneme.span.start / timeline.rate, phoneme.span.end / timeline.rate
        yield _Sound(targets[phoneme.symbol], start, end, start + (end - start) * _HOLD.get(phoneme.symbol, 0.9))


def _blended(sounds: tuple[_Sound, ...], at: F64) -> _Curves:
    """Dominance-weighted means, and the specials beside them."""
    jaw, jaw_pull, lips, lips_pull = (np.full(len(at), 1e-12 * (k % 2)) for k in range(4))
    special = {name: np.zeros(len(at)) for name in _SPECIALS}
    for sound in sounds:
        near = slice(*np.searchsorted(at, (sound.start - _REACH_S, sound.end + _REACH_S)))
        t, (first, last) = sound.target, sound.core
        before, after = np.maximum(first - at[near], 0), np.maximum(at[near] - last, 0)
        pull = t.open_pull * _bell((before + after) / _DECAY_S)
        jaw[near] += pull * t.opening
        jaw_pull[near] += pull
        pull = t.width_pull * _bell(before / (t.lead_s * _LEAD_DECAY)) * _bell(after / _WIDTH_DECAY_S)
        lips[near] += pull * t.width
        lips_pull[near] += pull
        if t.special:
            early = _PRESSED_S if t.special == "M" else 0.0
            held = t.amount * _over(at[near], sound.start - early, sound.held)
            special[t.special][near] = np.maximum(special[t.special][near], held)
    return _Curves(jaw / jaw_pull, _unhurried(lips / lips_pull), special)


def _unhurried(width: F64) -> F64:
    """Corners of the mouth do not leap from pursed to spread within a frame."""
    return np.convolve(np.pad(width, 1, mode="edge"), _CORNERS, "valid") if len(width) else width


def _bell(x: F64) -> F64:
    return np.asarray(np.exp(-x * x))


def _over(at: F64, start: float, end: float) -> F64:
    """1 in [start, end], falling to 0 over _RISE_S on both sides."""
    return _eased(1 - np.maximum(np.maximum(start - at, at - end), 0.0) / _RISE_S)


def _eased(x: F64) -> F64:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _awake(gates: list[Gate | None], at: F64) -> F64:
    """0 at rest … 1 in speech, over the ramps around each gate."""
    starts = np.array([gate.start if gate else np.inf for gate in gates])
    ends = np.array([gate.end if gate else -np.inf for gate in gates])
    return np.minimum(_eased((at - starts + ATTACK_S) / ATTACK_S), _eased((ends + RELEASE_S - at) / RELEASE_S))


def _shut(curves: _Curves, presence: F64, sounds: tuple[_Sound, ...], at: F64) -> None:
    """Give every closure and bite at least one frame in full: the one nearest to the middle of its hold."""
    press, bite = curves.special["M"], curves.special["F"]
    for sound in sounds if len(at) else ():
        if sound.target.special not in ("M", "F"):
            continue
        nearest = int(np.abs(at - (sound.start + sound.held) / 2).argmin())
        if sound.target.special == "M":
            press[nearest] = 1.0
        elif press[nearest] < 1.0:
            press[nearest], bite[nearest] = 0.0, 1.0
        presence[nearest] = 1.0


def _bound_speed(curves: _Curves, frame_s: float) -> None:
    """Lower the opening where it could not be reached from, or left for, the frames around it in time.

    Narrow moments stay; wide ones between them give way: quick syllables open less.
    """
    free = 1 - curves.special["M"]
    bounded = curves.opening * free
    step = _FASTEST_PER_S * frame_s
    for order in (range(1, len(bounded)), range(len(bounded) - 2, -1, -1)):
        for k in order:
            neighbour = bounded[k - 1] if order.step > 0 else bounded[k + 1]
            bounded[k] = min(bounded[k], neighbour + step)
    np.divide(bounded, free, out=curves.opening, where=free > 0.05)


def _shape(curves: _Curves, presence: F64, k: int) -> MouthShape | None:
    if presence[k] <= 0:
        return None
    return MouthShape(
        opening=float(curves.opening[k]),
        width=float(curves.width[k]),
        press=float(curves.special["M"][k]),
        bite=float(curves.special["F"][k]),
        tongue=float(curves.special["L"][k]),
        teeth=float(curves.special["S"][k]),
        presence=float(presence[k]),
    )
