"""Durations and melody as a newsreader would set them, on top of the voice's own.

The voice reads statements well by itself; what it does not do is rise in a question, lean on a word, or keep a given
pace. These are set here, on its durations (frames of 25 ms) and its fundamental frequency (two values a frame). Sizes:
Xu 1999 (focus raises, widens and lengthens, what follows is flatter), Shih 2000 (declination), Liu & Xu 2005 (questions
lie higher towards their end); REFERENCES.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchor.speech.engines.kokoro.sentences import Ending, Sentence, Stretch

VOICED_HZ = 40.0
"""Below: no fundamental frequency."""
HALVES = 2
"""Values of fundamental frequency a frame."""
STRESS_ST, STRESS_WIDTH, STRESS_LENGTH, STRESS_DB = 2.0, 1.25, 1.22, 2.0
"""A word that the script stresses: semitones, factors of the tones' range and of its length, decibels."""
LETTER_LENGTH = 1.3
"""Letters said one by one: the voices hurry through them, six to seven a second; newsreaders say some five."""
AFTER_ST, AFTER_WIDTH = -0.7, 0.85
"""What follows it in its phrase."""
QUESTION_ST, ASKED_ST = 1.0, 5.0
"""The last phrase of a question, and how far its last word has risen at its end."""
LIST_ST = 0.8
"""The word before 、: more is to come."""
QUOTED_ST = 0.6
LAST_FRAMES = 7
"""Of a sentence's last sound so many are heard; the rest of its frames are silence."""
SMOOTH_MS = 60.0
"""Over which one setting goes over into the next."""


@dataclass(frozen=True, slots=True)
class ProsodyCurves:
    """What is added to each half frame.

    Shapes:
        lift_st, width, gain_db: [2 · frames] float64: semitones, factor of the range, decibels
    """

    lift_st: NDArray[np.float64]
    width: NDArray[np.float64]
    gain_db: NDArray[np.float64]

    def cut(self, first: int, size: int) -> ProsodyCurves:
        """Of `size` half frames from `first` on."""
        part = slice(first, first + size)
        return ProsodyCurves(self.lift_st[part], self.width[part], self.gain_db[part])


def whole_frames(
    durations: NDArray[np.float32], sentence: Sentence, speed: float, marks: Sequence[int], mark_frames: float
) -> NDArray[np.int64]:
    """Frames of each symbol, edges included, at `speed` times the voice's own pace.

    Stressed words and spelt letters last longer, marks as long as they must to be cut in, and the rounding of one
    symbol is made good by the next, so that the sum is as asked.

    Args:
        durations: the voice's own, not rounded.
        sentence: what is said.
        speed: 1 is the voice's own.
        marks: symbols (from 0, without the edge) that are marks.
        mark_frames: what a mark inside the sentence lasts at least.
    """
    wanted = durations.astype(np.float64)
    wanted[1:-1] /= speed
    for stretch in sentence.stressed:
        wanted[stretch.start + 1 : stretch.end + 1] *= STRESS_LENGTH
    for stretch in sentence.letters:
        wanted[stretch.start + 1 : stretch.end + 1] *= LETTER_LENGTH
    for mark in marks[:-1]:
        wanted[mark + 1] = max(wanted[mark + 1], mark_frames)
    return _rounded(np.maximum(wanted, 1.0), float(np.maximum(wanted, 0.0).sum()))


def _rounded(wanted: NDArray[np.float64], total: float) -> NDArray[np.int64]:
    """Whole frames of at least one each, whose sum is `total` rounded, where that can be."""
    room = wanted - 1.0
    spare = max(0.0, total - len(wanted))
    scaled = 1.0 + room * (min(1.0, spare / room.sum()) if room.sum() > 0 else 0.0)
    edges = np.rint(np.concatenate([[0.0], np.cumsum(scaled)])).astype(np.int64)
    frames: NDArray[np.int64] = np.diff(edges)
    short = np.flatnonzero(frames < 1)
    for index in short:  # a neighbour that has two gives one
        near = np.flatnonzero(frames > 1)
        if len(near):
            frames[near[np.argmin(np.abs(near - index))]] -= 1
        frames[index] = 1
    return frames


def settings_of(sentence: Sentence, frames: NDArray[np.int64]) -> ProsodyCurves:
    """What script and punctuation ask of a sentence."""
    edges = np.concatenate([[0], np.cumsum(frames)]) * HALVES
    size = int(edges[-1])
    lift, width, gain = np.zeros(size), np.ones(size), np.zeros(size)

    def part(stretch: Stretch) -> slice:
        return slice(int(edges[stretch.start + 1]), int(edges[stretch.end + 1]))

    for stretch in sentence.quoted:
        lift[part(stretch)] += QUOTED_ST
    for stretch in sentence.stressed:
        phrase = next(p for p, _, _ in sentence.phrases if p.start <= stretch.start < p.end)
        after = part(Stretch(stretch.end, phrase.end))
        lift[after], width[after] = lift[after] + AFTER_ST, width[after] * AFTER_WIDTH
    for stretch in sentence.stressed:
        own = part(stretch)
        lift[own], width[own], gain[own] = STRESS_ST, STRESS_WIDTH, STRESS_DB
    for (phrase, ending, _), word in zip(sentence.phrases, sentence.last_words, strict=True):
        if ending is Ending.QUESTION:
            lift[part(phrase)] += QUESTION_ST
            rise = part(word)
            heard = rise.stop - rise.start - HALVES * max(0, int(frames[word.end]) - LAST_FRAMES)
            lift[rise] += np.minimum(np.arange(rise.stop - rise.start) / max(1, heard - 1), 1.0) * ASKED_ST
        elif ending is Ending.LIST:
            lift[part(word)] += LIST_ST
    return ProsodyCurves(_smooth(lift), _smooth(width), _smooth(gain))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    length = round(SMOOTH_MS / 12.5) | 1
    window = np.hanning(length + 2)[1:-1]
    padded = np.pad(values, length // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def set_melody(f0: NDArray[np.float32], settings: ProsodyCurves) -> NDArray[np.float32]:
    """Fundamental frequency with lift and width, about the sentence's own middle; unvoiced values stay.

    Shapes:
        f0: [2 · frames] Hz
        → the same
    """
    voiced = f0 > VOICED_HZ
    if not voiced.any():
        return f0
    middle = float(np.exp(np.mean(np.log(f0[voiced]))))
    made = f0.astype(np.float64)
    bent = middle * (made[voiced] / middle) ** settings.width[voiced]
    made[voiced] = bent * 2.0 ** (settings.lift_st[voiced] / 12.0)
    return made.astype(np.float32)


def set_loudness(pcm: NDArray[np.float32], settings: ProsodyCurves, frame: int) -> NDArray[np.float32]:
    """Samples with the gain of stressed words.

    Shapes:
        pcm: [frames · frame]
        → the same
    """
    if not settings.gain_db.any():
        return pcm
    at = (np.arange(len(settings.gain_db)) + 0.5) * frame / HALVES
    gain = np.interp(np.arange(len(pcm)), at, settings.gain_db)
    return (pcm * 10.0 ** (gain / 20.0)).astype(np.float32)
