"""What stands around a character or a word decides its reading: the rows of `contexts.tsv`, the first that fits.

A row asks for characters before and behind, for the kinds of the words beside (jieba's letters: `n` noun, `v` verb …),
or for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from anchor.mandarin.lexicon import Lexicon
from anchor.mandarin.patterns import compiled, ending
from anchor.mandarin.tables import load_rows

BEFORE = 8
"""Characters before a word that a row may ask for."""
SPAN = 8
"""Words on either side whose kinds a row may ask for."""
EDGE = "¦"
"""At the outer end of what a row asks for: a word begins or ends there."""
START, END = "S", "E"
"""The kind of a neighbour where the run begins or ends."""
INSIDE = "W"
"""The kind of a neighbour that is the same word."""
UNKNOWN = "x"
"""The kind of a neighbour that jieba's list has not."""


class SegmentedText:
    """A run of Han characters, cut into words.

    Args:
        text: the run.
        simple: the same in Simplified characters.
        bounds: its words, which tile it.
        lexicon: the tables.
    """

    def __init__(self, text: str, simple: str, bounds: Sequence[tuple[int, int]], lexicon: Lexicon) -> None:
        self.text, self.simple, self.lexicon = text, simple, lexicon
        self._kinds = [lexicon.kind(simple[start:end]) or UNKNOWN for start, end in bounds]
        self._begins = {start: index for index, (start, _) in enumerate(bounds)} | {len(text): len(bounds)}

    def kinds(self, start: int, end: int) -> tuple[str, str]:
        """Kinds of the words before `[start, end)`, the nearest first, and of those behind it."""
        first, last = self._begins.get(start), self._begins.get(end)
        left = INSIDE if first is None else " ".join([*self._kinds[max(0, first - SPAN) : first][::-1], START])
        right = INSIDE if last is None else " ".join([*self._kinds[last : last + SPAN], END])
        return left, right

    def edge(self, at: int) -> bool:
        """Whether a word begins or ends at `at`."""
        return at in self._begins


@dataclass(frozen=True, slots=True)
class ContextRule:
    """One row."""

    before: str
    after: str
    left: str
    """Kinds of the words before, the nearest first, parted by spaces; empty: any."""
    right: str
    """Kinds of the words behind; empty: any. All four are regular expressions, compiled when they are first asked."""
    edges: tuple[bool, bool]
    """Whether what is asked for before and behind is whole words."""
    readings: tuple[str, ...]
    sure: bool
    """False: a person should look."""

    def fits(self, cut: SegmentedText, start: int, end: int) -> bool:
        """Whether the row fits the word `[start, end)`."""
        behind = compiled(self.after).match(cut.text, end)
        if behind is None or (self.edges[1] and not cut.edge(behind.end())):
            return False
        from_ = max(0, start - BEFORE)
        before = ending(self.before).search(cut.text[from_:start])
        if before is None or (self.edges[0] and not cut.edge(from_ + before.start())):
            return False
        if not self.left and not self.right:
            return True
        left, right = cut.kinds(start, end)
        return all(
            not asked or compiled(asked).match(kinds) is not None
            for asked, kinds in ((self.left, left), (self.right, right))
        )


def find_context(cut: SegmentedText, start: int, end: int) -> ContextRule | None:
    """The first row that fits the word `[start, end)`."""
    rows = _contexts().get(cut.text[start:end], ())
    return next((row for row in rows if row.fits(cut, start, end)), None)


@cache
def _contexts() -> dict[str, tuple[ContextRule, ...]]:
    found: dict[str, list[ContextRule]] = {}
    for words, row in chain(_rows(), _surnames()):
        for word in words:
            found.setdefault(word, []).append(row)
    return {word: tuple(rows) for word, rows in found.items()}


def _rows() -> Iterator[tuple[tuple[str, ...], ContextRule]]:
    for words, before, after, left, right, reading, sure, *_ in load_rows("contexts"):
        yield tuple(words.split()), _context(before, after, left, right, reading, sure != "guess")


@cache
def surnames() -> dict[str, str]:
    """Characters that as surnames are read unlike the word → that reading."""
    return {char: reading for char, reading, *_ in load_rows("surnames")}


def _surnames() -> Iterator[tuple[tuple[str, ...], ContextRule]]:
    places: dict[str, list[tuple[str, ...]]] = {}
    for kind, *place in load_rows("surname-places"):
        places.setdefault(kind, []).append(tuple(place))
    for char, reading, kinds, *_ in load_rows("surnames"):
        for kind in kinds.split():
            for before, after, left, right, *_ in places[kind]:
                yield (char,), _context(before, after, left, right, reading, True)


def _context(before: str, after: str, left: str, right: str, reading: str, sure: bool) -> ContextRule:
    return ContextRule(
        before.removeprefix(EDGE),
        after.removesuffix(EDGE),
        left,
        right,
        (before.startswith(EDGE), after.endswith(EDGE)),
        tuple(reading.split()),
        sure,
    )
