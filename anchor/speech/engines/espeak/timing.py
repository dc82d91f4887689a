"""Events of eSpeak NG → our phonemes, one onset for every syllable.

An event stands where a sound begins, but that of a stop or affricate at its burst: the closure before it, which the
library writes as exact zeros, is given back to the consonant, so that a `b` spans closed lips and burst.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.speech import Phoneme
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes
from anchor.mandarin.tables import load_rows
from anchor.messages import message
from anchor.speech.engines.espeak.link import ClauseEvent
from anchor.speech.engines.espeak.text import EspeakWord

STOPS = ("p", "ph", "t", "th", "k", "kh", "ts", "tsh", "ts.", "ts.h", "tS;", "tS;h")
CONSONANTS = frozenset((*STOPS, "S;", "s", "s.", "z.", "X", "f", "m", "n", "N", "l", "w", "j"))
"""Mnemonics of Mandarin consonants and glides; every other one is the vowel of a syllable."""
NASAL_ENDS = {"ng": "N", "n": "n"}
"""Coda in our inventory → its mnemonic."""
WEIGHTS = {"vowel": 2.0, "nasal": 1.5, "glide": 1.0}
"""Shares of a span that the library gives as one sound and we as several; other classes 1."""
LONGEST_CLOSURE_S = 0.08


class Lost(Exception):
    """A word came back without sound."""


@dataclass(frozen=True, slots=True)
class EspeakPhoneme:
    """One sound of the library, stress marks removed."""

    name: str
    start: int
    end: int


@cache
def _english() -> dict[str, tuple[str, ...]]:
    rows = load_rows(Path(__file__).with_name("english.tsv"))
    return {name: () if sounds == "-" else tuple(sounds.split()) for name, sounds in rows}


def _closure(pcm: NDArray[np.int16], at: int, longest: int) -> int:
    """Where the silence that ends at `at` begins."""
    loud = np.flatnonzero(pcm[max(0, at - longest) : at])
    return max(0, at - longest) + (int(loud[-1]) + 1 if len(loud) else 0)


def word_sounds(
    events: Sequence[ClauseEvent], starts: Sequence[int], pcm: NDArray[np.int16], rate: int
) -> tuple[list[list[EspeakPhoneme]], int]:
    """Sounds of each word, tiling the clause, and where the last one ends.

    Args:
        events: of one clause, in time order.
        starts: where each word begins in the clause's text.
        pcm: the clause's samples.
        rate: samples per second.
    """
    marks: list[tuple[int, int, str]] = []  # word, sample, name
    end, spoken = 0, -1
    for event in events:
        word = max(0, int(np.searchsorted(starts, event.character, side="right")) - 1)
        if event.word or event.name.startswith("("):
            continue
        if event.name.startswith("_"):
            if event.name == "_|":
                end = max(end, event.sample)
            continue
        name = event.name.strip("',%=|")
        at = end if marks else 0  # A word's first sound has the closure since the last word's end.
        if word == spoken:
            at = max(_closure(pcm, event.sample, int(rate * LONGEST_CLOSURE_S)), marks[-1][1] + 1)
        marks.append((word, at, name))
        spoken, end = word, max(end, at + 1)
    # Nothing of the clause is lost: what rings on after the last sound belongs to it.
    loud = np.flatnonzero(pcm[end:])
    end += int(loud[-1]) + 1 if len(loud) else 0
    sounds: list[list[EspeakPhoneme]] = [[] for _ in starts]
    for index, (word, at, name) in enumerate(marks):
        until = marks[index + 1][1] if index + 1 < len(marks) else end
        sounds[word].append(EspeakPhoneme(name, at, until))
    return sounds, end


def _spread(symbols: Sequence[str], start: int, end: int) -> list[tuple[str, int, int]]:
    """Symbols over a span by the weights of their classes; each gets one sample at least."""
    classes = phoneme_classes()
    weights = [WEIGHTS.get(classes[symbol], 1.0) for symbol in symbols]
    edges = [0.0, *accumulate(weights)]
    cuts = [start + round((end - start) * edge / edges[-1]) for edge in edges]
    return [(s, a, b) for s, (a, b) in zip(symbols, pairwise(cuts), strict=True)]


def _nasal_end(symbols: Sequence[str]) -> str:
    return NASAL_ENDS.get(symbols[-1], "") if len(symbols) > 1 else ""


def split_syllables(sounds: Sequence[EspeakPhoneme], pinyin: Sequence[str]) -> list[list[EspeakPhoneme]] | None:
    """A word's sounds grouped by syllable, or None where they are not what the readings ask for."""
    vowels = [index for index, sound in enumerate(sounds) if sound.name not in CONSONANTS]
    if len(vowels) != len(pinyin):
        return None
    groups: list[list[EspeakPhoneme]] = []
    start = 0
    for number, reading in enumerate(pinyin):
        end = vowels[number] + 1
        coda = _nasal_end(syllable_phonemes(reading))
        if coda and end < len(sounds) and sounds[end].name == coda:
            end += 1
        groups.append(list(sounds[start:end]))
        start = end
    if start != len(sounds):
        return None
    starts_with_vowel = [phoneme_classes()[syllable_phonemes(p)[0]] == "vowel" for p in pinyin]
    for group, open_start in zip(groups, starts_with_vowel, strict=True):
        if not open_start and group[0].name not in CONSONANTS - {"w", "j"}:
            return None
    return groups


def _syllable(sounds: Sequence[EspeakPhoneme], pinyin: str) -> list[tuple[str, int, int]]:
    """One syllable's sounds as our phonemes."""
    symbols = list(syllable_phonemes(pinyin))
    start, end = sounds[0].start, sounds[-1].end
    head: list[tuple[str, int, int]] = []
    tail: list[tuple[str, int, int]] = []
    if phoneme_classes()[symbols[0]] != "vowel":
        head = [(symbols.pop(0), start, sounds[0].end)]
        start = sounds[0].end
    if _nasal_end(symbols) and sounds[-1].name == _nasal_end(symbols):
        tail = [(symbols.pop(), sounds[-1].start, end)]
        end = sounds[-1].start
    return head + _spread(symbols, start, end) + tail


def mandarin_phonemes(sounds: Sequence[EspeakPhoneme], word: EspeakWord) -> tuple[Iterator[Phoneme], bool]:
    """A word's phonemes, and whether the library said what the readings ask for.

    Where it did not, the word's span is shared out in proportion and no syllable is lost.
    """
    groups = split_syllables(sounds, word.pinyin)
    if groups is not None:
        spans = [_syllable(group, pinyin) for group, pinyin in zip(groups, word.pinyin, strict=True)]
    else:
        symbols = [syllable_phonemes(p) for p in word.pinyin]
        flat = iter(_spread([s for group in symbols for s in group], sounds[0].start, sounds[-1].end))
        spans = [[next(flat) for _ in group] for group in symbols]
    made = (
        Phoneme(symbol, Span(start, end), word.first + number, position == 0)
        for number, span in enumerate(spans)
        for position, (symbol, start, end) in enumerate(span)
    )
    return made, groups is not None


def english_phonemes(sounds: Sequence[EspeakPhoneme], word: EspeakWord, onset: bool) -> Iterator[Phoneme]:
    """A Latin word's phonemes; `onset`: it begins its entry, which may hold several words."""
    parts: list[list[object]] = []
    for sound in sounds:
        symbols = _english().get(sound.name, ("AH",))
        if symbols:
            parts += [list(part) for part in _spread(symbols, sound.start, sound.end)]
        elif parts:
            parts[-1][2] = sound.end
    if not parts:
        parts = [["AH", sounds[0].start, sounds[-1].end]]
    parts[0][1] = sounds[0].start
    for index, (symbol, start, end) in enumerate(parts):
        assert isinstance(symbol, str) and isinstance(start, int) and isinstance(end, int)
        yield Phoneme(symbol, Span(start, end), word.first, onset and index == 0)


def clause_phonemes(
    words: Sequence[EspeakWord],
    starts: Sequence[int],
    events: Sequence[ClauseEvent],
    pcm: NDArray[np.int16],
    rate: int,
    open_latin: int | None,
) -> tuple[list[Phoneme], int, int]:
    """Phonemes tiling a clause's sound.

    Args:
        words: what was said.
        starts: where each word begins in the clause's text.
        events: of the clause.
        pcm: its samples.
        rate: samples per second.
        open_latin: syllable of a Latin word that the clause before began.

    Returns:
        The phonemes, the sample where the sound ends, and how many words had to be shared out in proportion.

    Raises:
        Lost: a word came back without sound.
    """
    sounds, end = word_sounds(events, starts, pcm, rate)
    made: list[Phoneme] = []
    odd = 0
    last = open_latin
    for word, group in zip(words, sounds, strict=True):
        if not group or group[-1].end - group[0].start < 8 * max(1, len(word.pinyin)):
            raise Lost(word.text)
        if word.pinyin:
            phonemes, as_asked = mandarin_phonemes(group, word)
            made.extend(phonemes)
            odd += not as_asked
        else:
            made.extend(english_phonemes(group, word, onset=word.first != last))
        last = word.first
    for before, after in pairwise(made):
        if before.span.end != after.span.start or not len(before.span):
            raise EngineError(message("espeak.do-not-tile", text=words[0].text, before=str(before), after=str(after)))
    return made, end, odd
