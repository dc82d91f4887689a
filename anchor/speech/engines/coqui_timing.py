"""When each sound is heard in speech that comes without timing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import Phoneme
from anchor.core.time import Span
from anchor.mandarin.phonemes import syllable_phonemes
from anchor.speech.engines.coqui_text import Phrase
from anchor.speech.shares import share_span

QUIET = 10 ** (-45 / 20)
"""Share of the peak under which the ends of a phrase are silence."""


def trimmed(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound without the quiet before and after it."""
    loud = np.flatnonzero(np.abs(pcm) > QUIET * float(np.max(np.abs(pcm), initial=0.0)))
    return pcm[loud[0] : loud[-1] + 1] if len(loud) else pcm[:0]


def phrase_phonemes(pcm: NDArray[np.float32], rate: int, phrase: Phrase, timing: str) -> list[Phoneme]:
    """The phrase's sounds, tiling its samples.

    Args:
        pcm: the phrase spoken, trimmed.
        rate: samples a second.
        phrase: what it says.
        timing: `proportional` shares the time out by kinds of sound.
    """
    return proportional(len(pcm), phrase)


def proportional(samples: int, phrase: Phrase) -> list[Phoneme]:
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
