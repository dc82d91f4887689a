"""What the normaliser makes of a text: spoken characters, Latin words, pauses and seams, each with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from anchor.core.speech import Break, BreakKind
from anchor.core.time import Span


@dataclass(frozen=True, slots=True)
class Said:
    """One spoken Han character, or one Latin word."""

    text: str
    span: Span
    """Written characters that it says."""
    reading: str | None = None
    """Pinyin with tone digit, when it is settled here."""
    token: int = -1
    """Where the token begins that this is part of (numbers, dates …); −1: an ordinary character."""
    latin: bool = False
    written: bool = False
    """Stands in the text just so."""
    stress: bool = False
    """Stands inside `**…**`."""
    layer: str = ""
    """Who gave its reading or its whole form: `inline` or `station`; empty: Anchor's own tables."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Words do not reach across; nothing is heard."""

    span: Span


Piece = Said | Break | Seam
HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""One Chinese character."""


def pause(kind: BreakKind, start: int, end: int, mark: str) -> Break:
    """A break that the written characters `[start, end)` ask for."""
    return Break(kind, Span(start, end), mark)


def said_whole(text: str, start: int, end: int) -> list[Said]:
    """Every character of `text` says the whole of `[start, end)`."""
    return [Said(char, Span(start, end)) for char in text]


def tokenised(pieces: Iterable[Piece], start: int, end: int) -> list[Piece]:
    """`pieces` as one token over `[start, end)`: no character of it is left without a sound or a pause.

    Characters that nothing says (commas in numbers, hyphens, spaces) go to the sound before them, or to the first one.
    """
    made = list(pieces)
    covered = [False] * (end - start)
    for piece in made:
        for at in range(piece.span.start, piece.span.end):
            covered[at - start] = True
    for index, piece in enumerate(made):
        first, last = piece.span.start, piece.span.end
        if index == 0:
            while first > start and not any(covered[: first - start]):
                first -= 1
        while last < end and not covered[last - start]:
            covered[last - start] = True
            last += 1
        made[index] = replace(piece, span=Span(first, last))
    return [replace(p, token=start) if isinstance(p, Said) else p for p in made]
