"""A sentence's samples → phrases cut out where sound begins and ends, each phoneme with its span.

The network's frames say when each symbol lasts; what is heard comes 42 ms earlier (the median over 250 boundaries of
hiss and vowel in eight voices, the middle half within 4 ms), hiss, affricates and nasals a little more. Where a phrase
begins and ends is found in the sound itself, so that silences between can be set to the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import Phoneme
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes
from anchor.speech.concatenation import faded
from anchor.speech.engines.kokoro.model import FRAME, RATE_HZ, Laid
from anchor.speech.engines.kokoro.sentences import Sentence, Stretch
from anchor.speech.engines.kokoro.tokens import sound_shapes

SHIFT_MS = 42.0
"""What is heard comes so much before its symbol's frames."""
QUIET_DB = -45.0
"""Against the loud parts: nothing is said."""
HOP = RATE_HZ // 400
"""Samples between two looks at the level: 2.5 ms."""
CLOSURE_MS = {"stop": 50.0, "affricate": 40.0}
"""Silence before a burst that belongs to the consonant; others begin with their sound."""
BEFORE_MS, AFTER_MS = 8.0, 25.0
"""Kept around what is louder than `QUIET_DB`."""
FADE_MS = 4.0
AWAKE = -4.0
"""Loudness of the network above which something is said."""
BEFORE_FRAMES, AFTER_FRAMES = 7, 12
"""Frames of silence that the network is left before and after a sentence; of its own 18 and 30 most are spared."""
HURRIED_FRAMES = 4, 6
"""The same where somebody waits for the first sound."""


@dataclass(frozen=True, slots=True)
class PhraseAudio:
    """A phrase cut out.

    Shapes:
        pcm: [n] float32 at 24 kHz, faded at both ends
    """

    pcm: NDArray[np.float32]
    phonemes: tuple[Phoneme, ...]
    """Tile the samples."""
    silence_ms: int
    """After it."""


def trim_frames(laid: Laid, left: tuple[int, int] = (BEFORE_FRAMES, AFTER_FRAMES)) -> tuple[Laid, int]:
    """With no more frames of silence than `left` at both ends, and how many were taken at the start."""
    awake = np.flatnonzero(laid.loudness > AWAKE)
    size = len(laid.loudness) // 2
    if not len(awake):
        return laid, 0
    first = max(0, int(awake[0]) // 2 - left[0])
    last = min(size, int(awake[-1]) // 2 + 1 + left[1])
    halves = slice(2 * first, 2 * last)
    features = np.ascontiguousarray(laid.features[:, :, first:last])
    return Laid(features, laid.f0[halves].copy(), laid.loudness[halves].copy()), first


def cut_phrases(
    sentence: Sentence,
    pcm: NDArray[np.float32],
    frames: NDArray[np.int64],
    first_frame: int,
    shift_ms: float,
    gain: float = 1.0,
) -> list[PhraseAudio]:
    """The phrases of a sentence.

    Args:
        sentence: what is said.
        pcm: its samples, from frame `first_frame` on.
        frames: of each symbol, edges included.
        first_frame: frames that were spared at the start.
        shift_ms: what is heard comes so much before its frames.
        gain: of the samples.
    """
    ticks = np.concatenate([[0], np.cumsum(frames)]) * FRAME - first_frame * FRAME
    starts = ticks[1:-1] - round(shift_ms * RATE_HZ / 1000)
    level = _level_db(pcm)
    spans = _spoken_spans(sentence, starts, level, len(pcm))
    heard = _heard_at(sentence, starts)
    pieces: list[PhraseAudio] = []
    at = 0
    for (_, _, silence), (begin, end), count in zip(sentence.phrases, spans, _sounds_in(sentence), strict=True):
        phonemes = _phonemes(sentence, heard, range(at, at + count), begin, end)
        pieces.append(PhraseAudio(faded(pcm[begin:end] * gain, round(FADE_MS * RATE_HZ / 1000)), phonemes, silence))
        at += count
    return pieces


def _level_db(pcm: NDArray[np.float32]) -> NDArray[np.float64]:
    """Level of each stretch of `HOP` samples against the loud parts."""
    count = len(pcm) // HOP
    power = np.mean(pcm[: count * HOP].reshape(count, HOP).astype(np.float64) ** 2, axis=1)
    smooth = np.convolve(power, np.ones(3) / 3, mode="same")
    loud = float(np.percentile(smooth, 95)) if count else 1.0
    return np.asarray(10 * np.log10(np.maximum(smooth, 1e-12) / max(loud, 1e-9)), np.float64)


def _sounds_in(sentence: Sentence) -> list[int]:
    """How many sounds each phrase has."""
    return [len(_sounds_of(sentence, phrase)) for phrase, _, _ in sentence.phrases]


def _sounds_of(sentence: Sentence, phrase: Stretch) -> list[int]:
    found = (symbol.sound for symbol in sentence.symbols[phrase.start : phrase.end])
    return sorted({sound for sound in found if sound is not None})


def _spoken_spans(
    sentence: Sentence, starts: NDArray[np.int64], level: NDArray[np.float64], samples: int
) -> list[tuple[int, int]]:
    """Where each phrase is heard, in samples; spans never overlap."""
    middles = [_middles(sentence, phrase, starts) for phrase, _, _ in sentence.phrases]
    quiet = [
        _lead(level, 0, middles[0][0]),
        *(_gap(level, before[1], after[0]) for before, after in pairwise(middles)),
        _tail(level, middles[-1][1], samples),
    ]
    spans: list[tuple[int, int]] = []
    for number, (phrase, _, _) in enumerate(sentence.phrases):
        before, after = quiet[number], quiet[number + 1]
        # A gap inside the sentence is halved at most; its edges are free.
        least = sum(before) // 2 if number else 0
        most = sum(after) // 2 if number + 1 < len(sentence.phrases) else samples
        begin = max(before[1] - _kept_before(sentence, phrase), least)
        end = min(after[0] + round(AFTER_MS * RATE_HZ / 1000), most)
        spans.append((min(begin, end - 1), end))
    return spans


def _middles(sentence: Sentence, phrase: Stretch, starts: NDArray[np.int64]) -> tuple[int, int]:
    """Samples in the middle of a phrase's first and last vowel, which are surely sound."""
    classes = phoneme_classes()
    own = [
        (index, sentence.sounds[symbol.sound].symbol)
        for index, symbol in enumerate(sentence.symbols[phrase.start : phrase.end], phrase.start)
        if symbol.sound is not None
    ]
    vowels = [index for index, symbol in own if classes[symbol] == "vowel"] or [index for index, _ in own]
    limit = starts[-1]
    first = int(starts[vowels[0]] + min(starts[vowels[0] + 1], limit)) // 2
    last = int(starts[vowels[-1]]) + min(FRAME, int(starts[vowels[-1] + 1] - starts[vowels[-1]]) // 2)
    return max(first, 0), max(last, first, 0)


def _gap(level: NDArray[np.float64], a: int, b: int) -> tuple[int, int]:
    """The quiet between two samples that are sound: the longest stretch, or where it is least loud."""
    low, high = _window(level, a, b)
    quiet = level[low:high] < QUIET_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    if not len(edges):
        least = (low + int(np.argmin(level[low:high]))) * HOP
        return least, least
    pairs = edges.reshape(-1, 2)
    start, end = pairs[np.argmax(pairs[:, 1] - pairs[:, 0])]
    return (low + int(start)) * HOP, (low + int(end)) * HOP


def _lead(level: NDArray[np.float64], a: int, b: int) -> tuple[int, int]:
    """The quiet before the first sound."""
    low, high = _window(level, a, b)
    loud = np.flatnonzero(level[low:high] >= QUIET_DB)
    return a, (low + int(loud[0]) if len(loud) else high) * HOP


def _tail(level: NDArray[np.float64], a: int, b: int) -> tuple[int, int]:
    """The quiet after the last sound."""
    low, high = _window(level, a, b)
    loud = np.flatnonzero(level[low:high] >= QUIET_DB)
    return (low + (int(loud[-1]) + 1 if len(loud) else 0)) * HOP, b


def _window(level: NDArray[np.float64], a: int, b: int) -> tuple[int, int]:
    """Looks at the level between two samples; one at least."""
    low = min(max(0, a // HOP), len(level) - 1)
    return low, max(low + 1, min(len(level), b // HOP))


def _kept_before(sentence: Sentence, phrase: Stretch) -> int:
    """Samples kept before a phrase's first sound."""
    sounds = _sounds_of(sentence, phrase)
    kind = phoneme_classes()[sentence.sounds[sounds[0]].symbol]
    return round(CLOSURE_MS.get(kind, BEFORE_MS) * RATE_HZ / 1000)


def _heard_at(sentence: Sentence, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """When each sound begins, in samples; a space is shared by the sounds around it."""
    shapes, classes = sound_shapes(), phoneme_classes()
    begins = np.zeros(len(sentence.sounds) + 1, np.int64)
    known = -1
    for index, symbol in enumerate(sentence.symbols):
        if symbol.sound is None or symbol.sound == known:
            continue
        known = symbol.sound
        at = int(starts[index])
        if index and sentence.symbols[index - 1].sound is None:
            at -= int(starts[index] - starts[index - 1]) // 2
        name = sentence.sounds[known].symbol
        early = shapes[name].early_ms if name in shapes and classes[name] != "vowel" else 0.0
        room = (at - int(begins[known - 1])) // 2 if known else at
        begins[known] = at - min(round(early * RATE_HZ / 1000), max(0, room))
    begins[-1] = int(starts[-1])
    return begins


def _phonemes(
    sentence: Sentence, heard: NDArray[np.int64], own: Sequence[int], begin: int, end: int
) -> tuple[Phoneme, ...]:
    """Phonemes of a phrase, in samples from `begin`; each has one at least."""
    cuts = [begin, *(int(heard[index]) for index in own[1:]), end]
    for index in range(1, len(cuts) - 1):
        cuts[index] = max(cuts[index], cuts[index - 1] + 1)
    for index in range(len(cuts) - 2, 0, -1):
        cuts[index] = min(cuts[index], cuts[index + 1] - 1)
    return tuple(
        Phoneme(
            sentence.sounds[sound].symbol,
            Span(cuts[at] - begin, cuts[at + 1] - begin),
            sentence.sounds[sound].syllable,
            sentence.sounds[sound].onset,
        )
        for at, sound in enumerate(own)
    )
