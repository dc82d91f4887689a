"""The text that is normalised, every character of it tied to the written text.

Marks that are neither said nor shown are taken out before the rules look at the text, so that `成長**3%**` is read like
成長3%; what the rules make is tied back to the written characters afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.mandarin.spoken_text import Piece, Said

STRESS = re.compile(r"\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*")
"""`**…**` on one line: what stands between is stressed."""

_SPACES = r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+"
_HAN = r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_DIGIT = r"[0-9０-９]"
_SOLID = rf"(?:{_HAN}|{_DIGIT})"
SPACED = re.compile(
    rf"(?<={_HAN})(?P<a>{_SPACES})(?={_DIGIT})|(?<={_DIGIT})(?P<b>{_SPACES})(?={_HAN})"
    rf"|(?<={_DIGIT})(?P<c>{_SPACES})[-–~～/／:：](?P<d>{_SPACES})(?={_DIGIT})"
    rf"|(?<=[（(])(?P<e>{_SPACES})(?={_SOLID})|(?<={_SOLID})(?P<f>{_SPACES})(?=[）)])"
    rf"|(?<={_SOLID})(?P<g>{_SPACES})(?=[（(]{_SPACES}?(?:{_DIGIT}|[一二三四五六日週周]))"
)
"""Space that is a matter of taste: between Chinese characters and digits, on both sides of a sign between digits, and
inside brackets: 第 2 名 is 第2名, 14 : 30 is 14:30."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A working text and where its characters come from."""

    text: str
    spans: tuple[Span, ...]
    """For each character of `text`: the characters of the written text that it stands for."""
    stressed: frozenset[int]
    """Characters of `text` inside `**…**`."""

    def without(self, cuts: Sequence[Span]) -> SourceText:
        """The text without these stretches, which are in order and do not overlap."""
        gone = {at for cut in cuts for at in range(cut.start, cut.end)}
        kept = [at for at in range(len(self.text)) if at not in gone]
        return SourceText(
            "".join(self.text[at] for at in kept),
            tuple(self.spans[at] for at in kept),
            frozenset(new for new, at in enumerate(kept) if at in self.stressed),
        )

    def replaced(self, changes: Sequence[tuple[Span, str]]) -> SourceText:
        """The text with other characters for these stretches, which are in order and do not overlap.

        Each new character stands for the whole stretch.
        """
        text: list[str] = []
        spans: list[Span] = []
        stressed: set[int] = set()
        at = 0
        for span, put in [*changes, (Span(len(self.text), len(self.text)), "")]:
            stressed.update(len(text) + old - at for old in range(at, span.start) if old in self.stressed)
            text += self.text[at : span.start]
            spans += self.spans[at : span.start]
            text += put
            spans += [self.span(span)] * len(put)
            at = span.end
        return SourceText("".join(text), tuple(spans), frozenset(stressed))

    def span(self, span: Span) -> Span:
        """Where a stretch of `text` stands in the written text."""
        if len(span):
            return Span(self.spans[span.start].start, self.spans[span.end - 1].end)
        at = self.spans[span.start].start if span.start < len(self.spans) else self.spans[-1].end if self.spans else 0
        return Span(at, at)

    def piece(self, piece: Piece) -> Piece:
        """`piece` tied to the written text."""
        span = self.span(piece.span)
        if not self.stressed and (span.start, span.end) == (piece.span.start, piece.span.end):
            return piece
        if isinstance(piece, Said):
            stress = any(at in self.stressed for at in range(piece.span.start, piece.span.end))
            return replace(piece, span=span, stress=stress)
        return replace(piece, span=span)

    def notice(self, notice: Notice) -> Notice:
        """`notice` with its place in the written text."""
        if notice.place is None or notice.place.span is None:
            return notice
        return replace(notice, place=replace(notice.place, span=self.span(notice.place.span)))


def unmarked(written: str) -> SourceText:
    """`written` without stress marks."""
    stressed: set[int] = set()
    marks: list[Span] = []
    for found in STRESS.finditer(written):
        stressed.update(range(found.start(1), found.end(1)))
        marks += [Span(found.start(), found.start(1)), Span(found.end(1), found.end())]
    whole = SourceText(written, tuple(Span(at, at + 1) for at in range(len(written))), frozenset(stressed))
    return whole.without(marks) if marks else whole


def closed_up(source: SourceText) -> SourceText:
    """The text without space that is a matter of taste."""
    groups = "abcdefg"
    found = (match.span(group) for match in SPACED.finditer(source.text) for group in groups if match[group])
    cuts = [Span(*span) for span in found]
    return source.without(cuts) if cuts else source
