"""Latin words as this voice says them: a table of the news's own terms, letters by name, the rest by English rules.

A term stands in the table with English sounds or with Mandarin syllables. Letters' names were chosen by what a
recogniser understood, of the table's words only few were heard (docs/voices.md). What is not there: capitals of up to
five letters are spelt, other words get their sounds from eSpeak NG's English rules (in its own process); without it
they are spelt as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from anchor.mandarin.phonemes import is_syllable, phoneme_classes, syllable_phonemes
from anchor.mandarin.tables import load_rows
from anchor.speech.ascii import plain_ascii
from anchor.speech.engines.kokoro.tokens import english_pieces, syllable_pieces

SPELT_LETTERS = 5
"""Capitals up to this length are spelt letter by letter unless the table has them."""
NOTHING_LEGIBLE = "E"
"""Said for a word without a letter, a digit or a named sign in it: it must take time."""
LONGEST = 24
"""Letters of one word that are given at once."""
BETWEEN = "|"
"""Parts words in the tables."""

Pieces = tuple[tuple[str, str], ...]
"""Phonemes of a stretch said without a seam, each with its symbols."""
Phonemise = Callable[[str], tuple[str, ...]]
"""English word → ARPAbet with stress digits; empty: not known."""

_PARTS = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+(?:'[a-z]+)?|[0-9]")


@cache
def _table(name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in load_rows(Path(__file__).with_name(f"{name}.tsv"))}


@cache
def _folded() -> dict[str, str]:
    """The table by lower-case spelling, for words of more than three letters."""
    return {written.lower(): said for written, said in _table("latin").items() if len(written) > 3}


@cache
def letter_symbols() -> frozenset[str]:
    """The model's symbols of every stretch that is a letter's or digit's name."""
    cells = _table("letters").values()
    return frozenset("".join(symbols for _, symbols in stretch) for said in cells for stretch in said_pieces(said))


def said_pieces(said: str) -> tuple[Pieces, ...]:
    """A cell of the tables as stretches of pieces; syllables and English sounds may stand in one stretch.

    Raises:
        KeyError: neither syllables of Mandarin nor sounds of English.
    """
    return tuple(_stretch(part.split()) for part in said.split(BETWEEN))


def _stretch(names: Sequence[str]) -> Pieces:
    pieces: list[tuple[str, str]] = []
    runs = [(mandarin, tuple(run)) for mandarin, run in groupby(names, is_syllable)]
    for at, (mandarin, run) in enumerate(runs):
        if mandarin:
            pieces += [piece for name in run for piece in syllable_pieces(name)]
        else:
            pieces += english_pieces(run, open_end=at + 1 < len(runs) and _begins_with_vowel(runs[at + 1][1][0]))
    return tuple(pieces)


def _begins_with_vowel(pinyin: str) -> bool:
    return phoneme_classes()[syllable_phonemes(pinyin)[0]] == "vowel"


def latin_pieces(word: str, phonemise: Phonemise) -> tuple[Pieces, ...]:
    """What is said for one Latin word, stretch by stretch; never empty.

    Args:
        word: as written.
        phonemise: asked for words that the table does not have.
    """
    said = _table("latin").get(word) or _folded().get(word.lower())
    if said is not None:
        return said_pieces(said)
    stretches: list[Pieces] = []
    for part in _PARTS.findall(plain_ascii(word)):
        stretches += _part(part, phonemise)
    return tuple(stretches) or _spelt(NOTHING_LEGIBLE)


def _part(part: str, phonemise: Phonemise) -> tuple[Pieces, ...]:
    known = _table("latin").get(part) or _folded().get(part.lower())
    if known is not None:
        return said_pieces(known)
    if len(part) == 1 or part.isdigit() or (part.isupper() and len(part) <= SPELT_LETTERS):
        return _spelt(part.upper())
    stretches: list[Pieces] = []
    for at in range(0, len(part), LONGEST):
        cut = part[at : at + LONGEST]
        sounds = phonemise(cut.lower())
        stretches += [english_pieces(sounds)] if sounds else _spelt(cut.upper().replace("'", ""))
    return tuple(stretches)


def _spelt(letters: str) -> tuple[Pieces, ...]:
    return tuple(stretch for letter in letters for stretch in said_pieces(_table("letters")[letter]))
