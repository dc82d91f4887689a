"""Pitch and tone of speech, measured: a tracker, contours of syllables, a classifier. Numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchor.core.ports import Spoken
from anchor.core.speech import SILENCE, Break, Utterance
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes

Samples = NDArray[np.float32]
Figures = NDArray[np.float64]

HOP_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 60.0, 420.0
DIP = 0.15
"""YIN's absolute threshold (de Cheveigné & Kawahara 2002, step 4; they take 0.1)."""
POINTS = 6
"""Of a contour."""


@dataclass(frozen=True, slots=True)
class Track:
    """Pitch over time.

    Shapes:
        hz: [frames], NaN where nothing is voiced
        depth: [frames], YIN's normalised difference at the period: 0 quite periodic, 1 not at all
    """

    hz: Figures
    depth: Figures

    def inside(self, start_s: float, end_s: float, points: int) -> Figures:
        """Pitch at points spread evenly over a stretch; its own voiced frames alone are asked."""
        times = (np.arange(len(self.hz)) + 0.5) * HOP_S
        found = np.flatnonzero((times >= start_s) & (times < end_s) & ~np.isnan(self.hz))
        if len(found) < 3:
            return np.full(points, np.nan)
        around = np.lib.stride_tricks.sliding_window_view(np.pad(self.hz[found], 1, "edge"), 3)
        return np.interp(np.linspace(start_s, end_s, points), times[found], np.median(around, axis=1))


def track_pitch(pcm: Samples, rate: int) -> Track:
    """Pitch every 5 ms by YIN, twice: the second time within an octave of the speaker's own middle.

    Windows of two periods follow the fast fall of a fourth tone, which longer ones blur.
    """
    rough = _yin(pcm, rate, LOWEST_HZ, HIGHEST_HZ, 0.03, 0.15)
    middle = float(np.nanmedian(rough.hz))
    return _yin(pcm, rate, middle / 2, middle * 2, 2.0 / middle, 0.6)


def _yin(pcm: Samples, rate: int, lowest_hz: float, highest_hz: float, window_s: float, worst: float) -> Track:
    """Steps 1 to 5 of the method; where the best dip is shallower than `worst`, nothing is voiced."""
    window, low, high = round(window_s * rate), int(rate / highest_hz), int(rate / lowest_hz)
    middle = (window + int(rate / np.sqrt(lowest_hz * highest_hz))) // 2
    count = int(len(pcm) / rate / HOP_S)
    starts = ((np.arange(count) + 0.5) * HOP_S * rate).astype(int)
    padded = np.concatenate([np.zeros(middle), pcm.astype(np.float64), np.zeros(window + high)])
    hz, depth = np.full(count, np.nan), np.ones(count)
    lags = np.arange(high + 1)
    size = 1 << (window + high + window).bit_length()
    for index, start in enumerate(starts):
        frame = padded[start : start + window + high]
        squares = np.concatenate([[0.0], np.cumsum(frame**2)])
        energy = squares[lags + window] - squares[lags]
        if energy[0] < 1e-6 * window:
            continue
        spectrum = np.fft.rfft(frame, size) * np.conj(np.fft.rfft(frame[:window], size))
        difference = energy[0] + energy - 2 * np.fft.irfft(spectrum)[: high + 1]
        mean = np.cumsum(difference[1:]) / np.arange(1, high + 1)
        normal = np.concatenate([[1.0], difference[1:] / np.maximum(mean, 1e-12)])
        below = np.flatnonzero(normal[low:high] < DIP)
        lag = low + int(below[0] if len(below) else np.argmin(normal[low:high]))
        while lag + 1 < high and normal[lag + 1] < normal[lag]:
            lag += 1
        depth[index] = min(1.0, max(0.0, normal[lag]))
        if depth[index] < worst and low < lag < high - 1:
            before, here, after = normal[lag - 1 : lag + 2]
            bend = before - 2 * here + after
            hz[index] = rate / (lag + (0.5 * (before - after) / bend if bend > 0 else 0.0))
    return Track(hz, depth)


def surface_tones(utterance: Utterance) -> list[str]:
    """The tone that each syllable has in speech; `` for a Latin word.

    A third tone before a third tone rises, in a word and from word to word, and not across a pause (Chao 1968).
    """
    tones: list[str] = []
    heard: str | None = None  # lexical tone of the syllable after, in the same breath
    for item in reversed(utterance.items):
        if isinstance(item, Break):
            heard = None
            continue
        for syllable in reversed(item.syllables):
            tone = syllable.pinyin[-1] if syllable.pinyin else ""
            tones.append("2" if tone == "3" == heard else tone)
            heard = tone
    return tones[::-1]


@dataclass(frozen=True, slots=True)
class Contours:
    """One row a syllable of Mandarin.

    Shapes:
        semitones: [syllables, POINTS] re the speaker's median, the fall of each breath taken out
        seconds: [syllables] of the rime
    """

    semitones: Figures
    seconds: Figures
    tones: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def features(self) -> Figures:
        """What the classifier sees."""
        return np.column_stack([self.semitones, np.log(self.seconds)])


def contours_of(utterance: Utterance, spoken: Spoken, track: Track | None = None) -> Contours:
    """Contours of all syllables."""
    track = track or track_pitch(spoken.pcm, spoken.rate)
    median = float(np.nanmedian(track.hz))
    tones, classes = surface_tones(utterance), phoneme_classes()
    rows: list[tuple[Figures, float, float, str, str]] = []
    breaths: list[int] = []
    breath = 0
    for index, spans in _spans(spoken):
        if index is None:
            breath += 1
            continue
        if not tones[index]:
            continue
        rime = [s for symbol, s in spans if classes[symbol] in {"vowel", "nasal", "liquid"}]
        start, end = rime[0].start / spoken.rate, rime[-1].end / spoken.rate
        semitones = 12 * np.log2(track.inside(start, end, POINTS) / median)
        if np.isnan(semitones).any():
            continue
        rows.append((semitones, end - start, (start + end) / 2, tones[index], str(utterance.syllables[index].pinyin)))
        breaths.append(breath)
    semitones = np.array([r[0] for r in rows])
    centre = np.array([r[2] for r in rows])
    for one in set(breaths):
        here = np.array(breaths) == one
        if here.sum() > 4:
            levels = semitones[here].mean(axis=1)
            slope, offset = np.polyfit(centre[here], levels, 1)
            semitones[here] -= (slope * centre[here] + offset - levels.mean())[:, None]
    return Contours(semitones, np.array([r[1] for r in rows]), tuple(r[3] for r in rows), tuple(r[4] for r in rows))


def _spans(spoken: Spoken) -> list[tuple[int | None, list[tuple[str, Span]]]]:
    """Symbols and spans of each syllable, None for each silence."""
    groups: list[tuple[int | None, list[tuple[str, Span]]]] = []
    for phoneme in spoken.phonemes:
        if phoneme.symbol == SILENCE or phoneme.onset:
            groups.append((phoneme.syllable, []))
        groups[-1][1].append((phoneme.symbol, phoneme.span))
    return groups


def classify(features: Figures, labels: tuple[str, ...], folds: int = 5) -> list[str]:
    """Each row's label as linear discriminant analysis learns it from the other folds (Fisher 1936)."""
    answers = [""] * len(labels)
    truth = np.array(labels)
    names = sorted(set(labels))
    order = np.random.default_rng(2026).permutation(len(labels))
    for fold in range(folds):
        held = order[fold::folds]
        known = np.setdiff1d(order, held)
        means = np.array([features[known][truth[known] == n].mean(axis=0) for n in names])
        priors = np.array([np.mean(truth[known] == n) for n in names])
        inner = features[known] - means[[names.index(n) for n in truth[known]]]
        inverse = np.linalg.inv(inner.T @ inner / len(known) + 1e-6 * np.eye(features.shape[1]))
        scores = features[held] @ inverse @ means.T - 0.5 * np.sum(means @ inverse * means, axis=1) + np.log(priors)
        for row, best in zip(held, np.argmax(scores, axis=1), strict=True):
            answers[row] = names[best]
    return answers
