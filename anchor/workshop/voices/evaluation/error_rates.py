"""What was heard against what was to be said: errors of syllables and of characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import opencc

from anchor.core.errors import ScriptError
from anchor.core.speech import Syllable, Utterance
from anchor.mandarin.reader import Reader

STEP = 1001
"""Cost of a syllable put in, left out, or of another sound; of another tone alone it is one less."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Syllables and characters put in, left out or changed; levenshtein distances (Levenshtein 1966)."""

    syllables: int
    """That were to be said."""
    toned: int
    """Wrong by sound or tone."""
    toneless: int
    """Wrong by sound alone."""
    characters: int
    """Of the text as it is spoken."""
    wrong_characters: int
    """Homophones count."""

    @property
    def toned_rate(self) -> float:
        """Wrong syllables for each that was to be said; above 1 where much was invented."""
        return self.toned / max(1, self.syllables)

    @property
    def toneless_rate(self) -> float:
        """The same without tones."""
        return self.toneless / max(1, self.syllables)

    @property
    def character_rate(self) -> float:
        """The same for characters."""
        return self.wrong_characters / max(1, self.characters)


def total(errors: Sequence[Errors]) -> Errors:
    """The errors of all."""
    return Errors(
        sum(e.syllables for e in errors),
        sum(e.toned for e in errors),
        sum(e.toneless for e in errors),
        sum(e.characters for e in errors),
        sum(e.wrong_characters for e in errors),
    )


@dataclass(frozen=True, slots=True)
class Understood:
    """What was heard of one utterance."""

    text: str
    errors: Errors


def compare(wanted: Utterance, heard: str, reader: Reader) -> Errors:
    """Errors of what was heard; both texts are read by the same reader, so that homophones sound alike."""
    (found,) = share_out((wanted,), heard, reader)
    return found.errors


def share_out(wanted: Sequence[Utterance], heard: str, reader: Reader) -> tuple[Understood, ...]:
    """What was heard of several utterances that were said in a row, each with its errors.

    The parts are cut where the fewest errors are counted in all; a syllable put in between two counts for the former.
    """
    got = _read(heard, reader)
    syllables = got.syllables if got else ()
    ends = seams([_names(utterance.syllables) for utterance in wanted], _names(syllables))
    parts = [syllables[start:end] for start, end in pairwise((0, *ends))]
    places = [part[0].span.start if part else None for part in parts]
    return tuple(
        Understood(text, _errors(utterance.syllables, part))
        for utterance, part, text in zip(wanted, parts, _cut(heard, places), strict=True)
    )


def seams(wanted: Sequence[Sequence[str]], got: Sequence[str]) -> list[int]:
    """Where in what was heard each of the rows that were to be said ends.

    They lie on a path of fewest wrong syllables, among these of fewest wrong without tones (Levenshtein 1966).
    """
    said = [syllable for row in wanted for syllable in row]
    costs = _costs(said, got)
    ends: list[int] = []
    i, j = len(said), len(got)
    for row in reversed(wanted):
        ends.append(j)
        for _ in row:
            while j and costs[i][j] == costs[i][j - 1] + STEP:
                j -= 1
            changed = j and costs[i][j] == costs[i - 1][j - 1] + _change(said[i - 1], got[j - 1])
            i, j = i - 1, j - 1 if changed else j
    return ends[::-1]


def _costs(said: Sequence[str], got: Sequence[str]) -> list[list[int]]:
    """Least cost of the first syllables of both, for every number of them."""
    table = [[STEP * j for j in range(len(got) + 1)]]
    for one in said:
        above = table[-1]
        row = [above[0] + STEP]
        for j, other in enumerate(got, 1):
            row.append(min(above[j] + STEP, row[-1] + STEP, above[j - 1] + _change(one, other)))
        table.append(row)
    return table


def _change(one: str, other: str) -> int:
    if one == other:
        return 0
    return STEP - 1 if _toneless(one) == _toneless(other) else STEP


def _cut(text: str, places: Sequence[int | None]) -> list[str]:
    """The text from each place to the next; nothing where there is none."""
    begins = [place for place in places if place is not None]
    ends = iter([*begins[1:], len(text)])
    first = min(begins, default=0)
    return ["" if place is None else text[place if place > first else 0 : next(ends)].strip() for place in places]


def _errors(wanted: Sequence[Syllable], got: Sequence[Syllable]) -> Errors:
    said, understood = _names(wanted), _names(got)
    written, transcribed = _characters(wanted), _characters(got)
    return Errors(
        len(said),
        distance(said, understood),
        distance([_toneless(s) for s in said], [_toneless(s) for s in understood]),
        len(written),
        distance(written, transcribed),
    )


def _names(syllables: Sequence[Syllable]) -> tuple[str, ...]:
    """Pinyin with tone, or the Latin word in small letters."""
    return tuple(s.pinyin or s.char.lower() for s in syllables)


def distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Fewest insertions, deletions and changes that turn one into the other."""
    row = list(range(len(got) + 1))
    for i, one in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def _read(heard: str, reader: Reader) -> Utterance | None:
    """The text read; None where nothing in it can be said."""
    try:
        return reader.read(heard)
    except ScriptError:
        return None


def _toneless(syllable: str) -> str:
    return syllable.rstrip("12345")


def _characters(syllables: Sequence[Syllable]) -> str:
    """The spoken text without marks, in Traditional characters."""
    return str(_traditional().convert("".join(s.char.lower() for s in syllables)))


@cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2tw")
