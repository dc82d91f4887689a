"""When each sound is heard in speech that comes without timing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.ports import SpeechEngine, Voice
from anchor.core.speech import Phoneme, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.mandarin.phonemes import syllable_phonemes
from anchor.messages import message
from anchor.speech.align import REFUSE, align_speech
from anchor.speech.duration_shares import share_span
from anchor.speech.engines.coqui.text import BreathGroup

QUIET = 10 ** (-45 / 20)
"""Share of the peak under which the ends of a phrase are silence."""


def trimmed(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound without the quiet before and after it."""
    loud = np.flatnonzero(np.abs(pcm) > QUIET * float(np.max(np.abs(pcm), initial=0.0)))
    return pcm[loud[0] : loud[-1] + 1] if len(loud) else pcm[:0]


def phrase_utterance(phrase: BreathGroup) -> Utterance:
    """The phrase as an utterance of its own, one word for each of its words."""
    words: list[list[Syllable]] = []
    latin: list[bool] = []
    for number, unit in enumerate(phrase.units):
        syllable = Syllable(unit.text, None if unit.latin else unit.text, None, Span(number, number + 1))
        if unit.opens_word or unit.latin or not words:
            words.append([])
            latin.append(unit.latin)
        words[-1].append(syllable)
    items = tuple(
        Word(" ".join(s.char for s in group), tuple(group), Span(group[0].span.start, group[-1].span.end), latin=own)
        for group, own in zip(words, latin, strict=True)
    )
    text = "字" * len(phrase.units)
    return Utterance(text, text, items)


def aligned(
    pcm: NDArray[np.float32], rate: int, phrase: BreathGroup, reference: SpeechEngine, voice: Voice
) -> list[Phoneme]:
    """The phrase's sounds where they are heard, tiling its samples.

    Args:
        pcm: the phrase spoken, trimmed.
        rate: samples a second.
        phrase: what it says.
        reference: an engine with exact timing, entered.
        voice: a voice of that engine.

    Raises:
        EngineError: something else is heard.
    """
    utterance = phrase_utterance(phrase)
    found = align_speech(pcm, rate, utterance, reference.speak(utterance, voice))
    worst = max((match.doubt for match in found.sentences), default=0.0)
    if worst > REFUSE:
        raise EngineError(
            message("coqui.something-else", count=len(phrase.units), doubt=worst),
            hint=message("coqui.something-else-hint"),
        )
    return [_of_the_utterance(phoneme, phrase) for phoneme in found.phonemes]


def _of_the_utterance(phoneme: Phoneme, phrase: BreathGroup) -> Phoneme:
    """A phoneme of the phrase alone with the index of the whole utterance."""
    if phoneme.syllable is None:
        return phoneme
    unit = phrase.units[phoneme.syllable]
    return replace(phoneme, syllable=unit.index, onset=phoneme.onset and unit.onset)


def proportional(samples: int, phrase: BreathGroup) -> list[Phoneme]:
    """Sounds in proportion to how long their kind usually lasts: right on average, wrong by a tenth of a second."""
    said = [
        (symbol, unit, unit.onset and number == position == 0)
        for unit in phrase.units
        for number, reading in enumerate(unit.readings)
        for position, symbol in enumerate(syllable_phonemes(reading))
    ]
    shares = share_span([symbol for symbol, _, _ in said], 0, samples)
    return [
        Phoneme(symbol, Span(start, end), unit.index, onset)
        for (symbol, start, end), (_, unit, onset) in zip(shares, said, strict=True)
    ]
