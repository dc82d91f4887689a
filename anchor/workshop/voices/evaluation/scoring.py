"""What was heard against what was to be said: errors of syllables and of characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import opencc

from anchor.core.errors import ScriptError
from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader


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


def compare(wanted: Utterance, heard: str, reader: Reader) -> Errors:
    """Errors of what was heard; both texts are read by the same reader, so that homophones sound alike."""
    got = _read(heard, reader)
    said, understood = syllables_of(wanted), syllables_of(got) if got else ()
    written, transcribed = _characters(wanted), _characters(got) if got else ""
    return Errors(
        len(said),
        distance(said, understood),
        distance([_toneless(s) for s in said], [_toneless(s) for s in understood]),
        len(written),
        distance(written, transcribed),
    )


def syllables_of(utterance: Utterance) -> tuple[str, ...]:
    """Pinyin with tone, or the Latin word in small letters."""
    return tuple(s.pinyin or s.char.lower() for s in utterance.syllables)


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


def _characters(utterance: Utterance) -> str:
    """The spoken text without marks, in Traditional characters."""
    return str(_traditional().convert("".join(s.char.lower() for s in utterance.syllables)))


@cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2tw")
