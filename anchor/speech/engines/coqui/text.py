"""Utterance → breath groups for a neural voice, and each group → stretches of the model's own symbols."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.core.errors import EngineError
from anchor.core.speech import Break, BreakKind, Utterance, Word
from anchor.mandarin.phonemes import is_syllable, phoneme_classes, syllable_phonemes
from anchor.mandarin.tables import load_rows
from anchor.messages import message
from anchor.speech.pauses import silence_ms

LONGEST_LATIN = 24
"""Letters of a Latin word that are given at once."""
NOTHING_LEGIBLE = "e5"
"""What a voice says for a Latin word without a letter, a digit or a named sign in it: it must take time."""


@dataclass(frozen=True, slots=True)
class SyllableUnit:
    """One syllable, or a stretch of a Latin word."""

    text: str
    """Pinyin with tone digit, or Latin letters and digits."""
    index: int
    """Into `Utterance.syllables`."""
    latin: bool
    opens_word: bool
    onset: bool
    """False where a long Latin word goes on."""

    @property
    def readings(self) -> tuple[str, ...]:
        """Mandarin syllables that say it: itself, or the names of its letters."""
        return spelt(self.text) if self.latin else (self.text,)


@dataclass(frozen=True, slots=True)
class BreathGroup:
    """What is said in one breath, and the silence after it."""

    units: tuple[SyllableUnit, ...]
    """May be empty: silence alone."""
    mark: str
    """Why it ends: a `BreakKind`, `question`, or empty where only its length ended it."""
    silence_ms: int


@dataclass(frozen=True, slots=True)
class SymbolRun:
    """A stretch of the model's symbols and what is heard while it lasts."""

    text: str
    """Each character is one symbol of the model."""
    unit: SyllableUnit | None
    sounds: tuple[str, ...]
    """Phonemes that share its time; none: its time is added to the piece before (tone digits, spaces)."""
    onset: bool = False


@cache
def _letters() -> dict[str, tuple[str, ...]]:
    rows = load_rows(Path(__file__).with_name("letters.tsv"))
    return {letter: tuple(pinyin.split()) for letter, pinyin in rows}


def legible(text: str) -> str:
    """Capitals and digits of a Latin word; a sign without any gives the end of its name: `α` → `ALPHA`."""
    plain = unicodedata.normalize("NFKD", text).upper()
    kept = "".join(char for char in plain if char in _letters())
    if kept:
        return kept
    named = [unicodedata.name(char, "") for char in text if unicodedata.category(char)[0] in "LS"]
    names = "".join(name.split()[-1] for name in named if name)
    return "".join(char for char in names if char in _letters())


def spelt(text: str) -> tuple[str, ...]:
    """The names of a word's letters as Mandarin syllables; never empty."""
    return tuple(p for char in legible(text) for p in _letters()[char]) or (NOTHING_LEGIBLE,)


def word_units(word: Word, first: int) -> list[SyllableUnit]:
    """A word of the utterance, syllable by syllable.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    units: list[SyllableUnit] = []
    for number, syllable in enumerate(word.syllables):
        index = first + number
        if syllable.pinyin is None:
            cuts = range(0, max(1, len(syllable.char)), LONGEST_LATIN)
            texts = [syllable.char[at : at + LONGEST_LATIN] for at in cuts]
            units += [SyllableUnit(text, index, True, at == 0, at == 0) for at, text in enumerate(texts)]
        elif is_syllable(syllable.pinyin):
            units.append(SyllableUnit(syllable.pinyin, index, False, number == 0, True))
        else:
            raise EngineError(message("speech.no-syllable-for", pinyin=syllable.pinyin, char=syllable.char))
    return units


def plan_breath_groups(
    utterance: Utterance, lengths: Mapping[BreakKind, int], size: Callable[[SyllableUnit], int], limit: int
) -> tuple[BreathGroup, ...]:
    """The utterance cut at its breaks, and between words where a group would be larger than `limit`.

    Punctuation at the very start and end adds no silence, a PAUSE does.

    Raises:
        EngineError: a reading is no syllable of Mandarin.
    """
    runs: list[tuple[list[SyllableUnit], list[Break]]] = [([], [])]
    first = 0
    for item in utterance.items:
        if isinstance(item, Break):
            runs[-1][1].append(item)
            continue
        if runs[-1][1]:
            runs.append(([], []))
        runs[-1][0].extend(word_units(item, first))
        first += len(item.syllables)
    phrases: list[BreathGroup] = []
    for number, (units, breaks) in enumerate(runs):
        edge = number == len(runs) - 1 or (number == 0 and not units)
        silence = silence_ms(breaks, {} if edge else lengths)
        groups = _groups(units, size, limit) or [()]
        phrases += [BreathGroup(group, "", 0) for group in groups[:-1]]
        phrases.append(BreathGroup(groups[-1], _mark(breaks), silence))
    return tuple(phrases)


def _mark(breaks: Sequence[Break]) -> str:
    if any(b.mark.strip() in {"？", "?"} for b in breaks):
        return "question"
    order = list(BreakKind)
    kinds = [b.kind for b in breaks if b.kind is not BreakKind.PAUSE]
    return max(kinds, key=order.index).value if kinds else ""


def _groups(
    units: Sequence[SyllableUnit], size: Callable[[SyllableUnit], int], limit: int
) -> list[tuple[SyllableUnit, ...]]:
    """Units in groups within the limit, cut before a word where there is one to cut at."""
    groups: list[tuple[SyllableUnit, ...]] = []
    rest = list(units)
    while rest:
        total, end = size(rest[0]), 1
        while end < len(rest) and total + size(rest[end]) <= limit:
            total += size(rest[end])
            end += 1
        seam = end
        while end < len(rest) and seam > 0 and not rest[seam].opens_word:
            seam -= 1
        end = seam or end
        groups.append(tuple(rest[:end]))
        rest = rest[end:]
    return groups


def phrase_pieces(phrase: BreathGroup, symbols: Mapping[str, str], *, phonemes: bool) -> list[SymbolRun]:
    """A phrase in the model's symbols.

    Args:
        phrase: what to say.
        symbols: our syllable, sound, tone digit, `word` (between words) or mark → the model's characters; what is not
            there is given as it is, and `word` and marks not at all.
        phonemes: give sounds and tones, not letters of pinyin.
    """
    pieces: list[SymbolRun] = []
    for unit in phrase.units:
        if pieces and unit.opens_word and "word" in symbols:
            pieces.append(SymbolRun(symbols["word"], None, ()))
        for number, reading in enumerate(unit.readings):
            made = _sounds(reading, unit, symbols) if phonemes else _letters_of(reading, unit, symbols)
            opens = unit.onset and number == 0
            pieces += [SymbolRun(p.text, p.unit, p.sounds, opens and at == 0) for at, p in enumerate(made)]
    if phrase.mark in symbols:
        pieces.append(SymbolRun(symbols[phrase.mark], None, ()))
    return [piece for piece in pieces if piece.text or piece.sounds]


def _sounds(reading: str, unit: SyllableUnit, symbols: Mapping[str, str]) -> list[SymbolRun]:
    pieces = [SymbolRun(symbols.get(s, s), unit, (s,)) for s in syllable_phonemes(reading)]
    return [*pieces, SymbolRun(symbols.get(reading[-1], reading[-1]), unit, ())]


def _letters_of(reading: str, unit: SyllableUnit, symbols: Mapping[str, str]) -> list[SymbolRun]:
    sounds = syllable_phonemes(reading)
    if reading in symbols:
        return [SymbolRun(symbols[reading], unit, sounds)]
    letters, head, coda = reading[:-1], "", ""
    if phoneme_classes()[sounds[0]] != "vowel" and letters.startswith(sounds[0]):
        head = sounds[0]
    if len(sounds) > 1 and sounds[-1] in ("n", "ng") and letters.endswith(sounds[-1]):
        coda = sounds[-1]
    middle = letters[len(head) : len(letters) - len(coda)]
    inner = sounds[bool(head) : len(sounds) - bool(coda)]
    pieces = [SymbolRun(head, unit, (head,))] if head else []
    if inner:
        pieces.append(SymbolRun(middle, unit, inner))
    pieces += [SymbolRun(coda, unit, (coda,))] if coda else []
    return [*pieces, SymbolRun(symbols.get(reading[-1], reading[-1]), unit, ())]
