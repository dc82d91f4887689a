"""What the table of docs/lips.md is made of: pure functions over measured curves and phoneme times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import SILENCE, PhonemeTimeline
from anchor.core.time import AUDIO, VIDEO
from anchor.face.contour import plan_recipe
from anchor.face.gate import QUIET_S
from anchor.face.mesh import inner_gap_px
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import MouthBank
from anchor.face.visemes import viseme_targets

F64 = NDArray[np.float64]
STEP_S = 0.001
SMOOTH_S = 0.1
"""A mouth is slower than a phoneme: the asked curve is smoothed by a window of this width at half height."""
OBLIGED = 4.0
"""How much say closed lips have: they must be reached, a vowel beside them need not."""
CLOSED = frozenset("bpmBPM")
ROUNDED = frozenset({"u", "v", "o", "UW", "OW", "W"})
SPREAD = frozenset({"i", "IY"})
CLOSED_RATIO = 1.3
TOOL_PX = 0.5
LAGS_S = 0.2


@dataclass(frozen=True, slots=True)
class Seen:
    """Curves of FaceMesh, one entry per frame, as shares of the distance of the eyes."""

    gap: F64
    width: F64
    eyes_px: float
    """Distance of the eyes, median."""

    @classmethod
    def load(cls, path: Path) -> Seen:
        """What measure_mesh.py wrote.

        Raises:
            ValueError: a frame without a face.
        """
        with np.load(path) as arrays:
            gap, width, eyes = (np.asarray(arrays[name], float) for name in ("gap", "width", "eyes"))
        if np.isnan(gap).any():
            raise ValueError(f"FaceMesh saw no face on {int(np.isnan(gap).sum())} of {len(gap)} frames")
        # The head comes and goes slowly; what is quicker in this distance is the detector's noise.
        steady = np.convolve(np.pad(eyes, 7, mode="edge"), np.ones(15) / 15, "valid")
        return cls(gap / steady, width / steady, float(np.median(eyes)))


def asked_gap(timeline: PhonemeTimeline, bank: MouthBank, frames: int) -> F64:
    """The gap that the sounds ask for on each frame, plate pixels, without the engine's coarticulation.

    Each sound asks for the shape of its own row of visemes.tsv while it lasts, with its own say. The curve is smoothed
    (SMOOTH_S) and read at the middle of each frame.
    """
    length = round(timeline.samples / timeline.rate / STEP_S) + 1
    wanted, say = np.zeros(length), np.full(length, 1.0)
    for phoneme in timeline.phonemes:
        target = viseme_targets()[phoneme.symbol]
        first, last = (round(t / timeline.rate / STEP_S) for t in (phoneme.span.start, phoneme.span.end))
        kinds = {"M": "press", "F": "bite", "L": "tongue", "S": "teeth"}
        special = {kinds[target.special]: target.amount} if target.special else {}
        shape = MouthShape(target.opening, target.width, **special)
        wanted[first:last] = 0.0 if phoneme.symbol == SILENCE else inner_gap_px(plan_recipe(bank, shape).wanted)
        say[first:last] = OBLIGED if target.special == "M" else target.open_pull
    window = np.hanning(2 * round(SMOOTH_S / STEP_S) + 1)
    smooth = _smoothed(wanted * say, window) / _smoothed(say, window)
    middles = [(VIDEO.seconds(k) + VIDEO.seconds(k + 1)) / 2 for k in range(frames)]
    return np.asarray(np.interp(middles, np.arange(length) * STEP_S, smooth))


def _smoothed(values: F64, window: F64) -> F64:
    half = len(window) // 2
    return np.convolve(np.pad(values, half, mode="edge"), window / window.sum(), "valid")


def spoken_frames(timeline: PhonemeTimeline, frames: int) -> NDArray[np.bool_]:
    """Frames on which somebody speaks: not in pauses in which the plate's own mouth shows."""
    quiet = quiet_frames(timeline, frames, -0.15)
    return ~quiet


def quiet_frames(timeline: PhonemeTimeline, frames: int, inset_s: float) -> NDArray[np.bool_]:
    """Frames in long silences, `inset_s` away from their ends (negative: also beyond them)."""
    quiet = np.zeros(frames, bool)
    at = (np.arange(frames) + 0.5) / float(VIDEO.rate)
    end_s = timeline.samples / timeline.rate
    for phoneme in timeline.phonemes:
        start, end = phoneme.span.start / timeline.rate, phoneme.span.end / timeline.rate
        edge = start == 0 or end >= end_s - 1e-9
        if phoneme.symbol != SILENCE or (end - start <= QUIET_S and not edge):
            continue
        quiet |= (at > start + max(0.0, inset_s) * (start > 0)) & (at < end - max(0.0, inset_s) * (end < end_s))
    return quiet


def correlation(asked: F64, seen: F64) -> float:
    """Pearson's r."""
    return float(np.corrcoef(asked, seen)[0, 1])


def lag_ms(asked: F64, seen: F64) -> float:
    """How much later the lips are than the sounds; negative: the lips lead.

    The greatest correlation over shifts of whole frames, refined by a parabola.
    """
    reach = round(LAGS_S * float(VIDEO.rate))
    shifts = range(-reach, reach + 1)
    scores = [_shifted_correlation(asked, seen, shift) for shift in shifts]
    best = int(np.argmax(scores))
    at = float(shifts[best])
    if 0 < best < len(scores) - 1:
        before, peak, after = scores[best - 1 : best + 2]
        at += (before - after) / (2 * (before - 2 * peak + after))
    return at * 1000 / float(VIDEO.rate)


def _shifted_correlation(asked: F64, seen: F64, later: int) -> float:
    if later > 0:
        return correlation(asked[:-later], seen[later:])
    return correlation(asked[-later:], seen[:later]) if later < 0 else correlation(asked, seen)


def closures(timeline: PhonemeTimeline, seen: Seen, silent: Seen) -> list[tuple[str, float, float]]:
    """For each b p m: the symbol, when (s), and the least gap within ± 1 frame over the gap of the mouth at rest.

    Where the rest is less than TOOL_PX, which FaceMesh cannot tell from closed, TOOL_PX is the rest.
    """
    found = []
    rest = max(rest_gap(silent), TOOL_PX / silent.eyes_px)
    for phoneme in timeline.phonemes:
        if phoneme.symbol not in CLOSED:
            continue
        first, last = _frames(phoneme.span.start, phoneme.span.end, len(seen.gap))
        part = slice(max(0, first - 1), last + 2)
        found.append((phoneme.symbol, phoneme.span.start / timeline.rate, float(seen.gap[part].min()) / rest))
    return found


def rest_gap(silent: Seen) -> float:
    """Gap of the closed mouth of the plate: the median over the silent film, as FaceMesh sees it."""
    return float(np.median(silent.gap))


def roundings(timeline: PhonemeTimeline, seen: Seen, silent: Seen) -> list[tuple[str, float, float]]:
    """For each rounded or spread vowel: the symbol, when (s), and the width at its middle over that at rest.

    The rest is the same frame of the silent film, so that a turned head does not count as a narrow mouth.
    """
    found = []
    for phoneme in timeline.phonemes:
        if phoneme.symbol not in ROUNDED | SPREAD:
            continue
        first, last = _frames(phoneme.span.start, phoneme.span.end, len(seen.gap))
        part = slice(first, last + 1)
        ratio = seen.width[part] / silent.width[part]
        most = ratio.min() if phoneme.symbol in ROUNDED else ratio.max()
        found.append((phoneme.symbol, phoneme.span.start / timeline.rate, float(most)))
    return found


def share_right(found: list[tuple[str, float, float]]) -> float:
    """Share of the vowels that are narrower (rounded) or wider (spread) than the mouth at rest."""
    return float(np.mean([(ratio < 1) == (symbol in ROUNDED) for symbol, _, ratio in found]))


def pause_motion(curve: F64, quiet: NDArray[np.bool_]) -> float:
    """Mean change from frame to frame within pauses."""
    both = quiet[1:] & quiet[:-1]
    return float(np.abs(np.diff(curve))[both].mean())


def _frames(start: int, end: int, frames: int) -> tuple[int, int]:
    """First and last frame that show some of the span."""
    first, last = (int(at * VIDEO.rate / AUDIO.rate) for at in (start, end - 1))
    return min(first, frames - 1), min(last, frames - 1)
