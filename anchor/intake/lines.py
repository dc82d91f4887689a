"""The body of a script as lines, headings and paragraphs, every character with its column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from anchor.core.errors import Place, ScriptError
from anchor.intake.source import INVISIBLE
from anchor.messages import message

_HEADING = re.compile(r"#{1,6}(?:[ \t\u3000]+|$)")
_RULE = re.compile(r"(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}")
_BULLET = re.compile(r"(?:[-*+•]|>)[ \t\u3000]+")


@dataclass(frozen=True, slots=True)
class Line:
    """Characters of one line of the file, comments and indent taken out."""

    number: int
    """From 1."""
    text: str
    columns: tuple[int, ...]
    """Column of each character, from 1."""

    def cut(self, start: int, end: int | None = None) -> Line:
        """The characters `[start, end)`."""
        return Line(self.number, self.text[start:end], self.columns[start:end])

    def stripped(self) -> Line:
        """Without white space at both ends."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, start + len(self.text.strip()))


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a story."""

    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines between blank lines, headings and rules."""

    lines: tuple[Line, ...]


Block = Heading | Paragraph


def read_blocks(lines: list[str], first: int, file: str | None) -> Iterator[Block]:
    """Blocks of the body, in order.

    Args:
        lines: the body's lines as in the file.
        first: number of the first of them.
        file: for error messages.

    Raises:
        ScriptError: a comment that does not end.
    """
    paragraph: list[Line] = []
    for line, commented in _without_comments(lines, first, file):
        heading = _HEADING.match(line.text)
        bullet = _BULLET.match(line.text)
        blank = not line.text or _RULE.fullmatch(line.text) is not None
        if blank and commented:
            continue
        if (blank or heading or bullet) and paragraph:
            yield Paragraph(tuple(paragraph))
            paragraph = []
        if heading and not blank:
            yield Heading(line.cut(heading.end()))
        elif not blank:
            paragraph.append(line.cut(bullet.end() if bullet else 0))
    if paragraph:
        yield Paragraph(tuple(paragraph))


def _without_comments(lines: list[str], first: int, file: str | None) -> Iterator[tuple[Line, bool]]:
    """Lines without comments, and whether a comment was taken out of the line."""
    opened: Place | None = None
    for number, raw in enumerate(lines, start=first):
        kept: list[int] = []
        commented = opened is not None
        at = 0
        while at < len(raw):
            if opened is not None:
                end = raw.find("-->", at)
                if end < 0:
                    break
                opened, at = None, end + 3
            elif raw.startswith("<!--", at) and not raw.endswith("\\", 0, at):
                opened, commented = Place(file=file, line=number, column=at + 1), True
                at += 4
            else:
                if raw[at] not in INVISIBLE:
                    kept.append(at)
                at += 1
        line = Line(number, "".join(raw[i] for i in kept), tuple(i + 1 for i in kept)).stripped()
        if line.text.startswith("//"):
            line, commented = line.cut(0, 0), True
        yield line, commented
    if opened is not None:
        raise ScriptError(message("intake.comment-open"), hint=message("intake.comment-open-hint"), place=opened)
