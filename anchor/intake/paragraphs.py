"""A paragraph's lines as the text that is read, its marks, and where each character came from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from anchor.core.errors import Place, ScriptError
from anchor.core.script import TextRun
from anchor.intake.lines import Line
from anchor.intake.marks import CLOSING, ESCAPABLE, OPENING, Mark, find_closing, parse_mark
from anchor.mandarin import markup
from anchor.mandarin.source import STRESS
from anchor.messages import message

_JOINS_LIKE_HAN = frozenset("…—‧·")
"""Ambiguous in width, but Chinese in a Chinese text."""


@dataclass(slots=True)
class Passage:
    """Text with marks at offsets; grows while a paragraph is read."""

    chars: list[str] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    """Line and column of each character."""
    marks: list[tuple[int, Mark]] = field(default_factory=list)
    """Offset in the text, mark."""
    _space: tuple[int, int] | None = None
    _join: tuple[int, int] | None = None
    _marked: bool = False
    """A mark stands between the last character and the next."""

    @property
    def text(self) -> str:
        """What is read."""
        return "".join(self.chars)

    @property
    def runs(self) -> tuple[TextRun, ...]:
        """The text's stretches that stand in one piece in the file."""
        runs: list[TextRun] = []
        for at, (line, column) in enumerate(self.places):
            last = runs[-1] if runs else None
            if last is None or line != last.line or column != last.column + at - last.at:
                runs.append(TextRun(at, line, column))
        return tuple(runs)

    def add(self, char: str, line: int, column: int) -> None:
        """One more character; white space waits until something follows it."""
        if char.isspace():
            self._space = self._space or (line, column)
            return
        self._settle(char)
        self.chars.append(char)
        self.places.append((line, column))

    def _settle(self, char: str) -> None:
        space = self._space or self._join
        # White space as written stays, but not what only set off a mark or wrapped a line between Han characters.
        kept = self._space is not None and not self._marked
        if self.chars and space is not None and (kept or not (_joins(self.chars[-1]) or _joins(char))):
            self._append_space(space)
        self._space = self._join = None
        self._marked = False

    def _append_space(self, place: tuple[int, int]) -> None:
        self.chars.append(" ")
        self.places.append(place)

    def add_mark(self, mark: Mark) -> None:
        """A mark after the characters so far."""
        self.marks.append((len(self.chars), mark))
        self._marked = True

    def break_line(self, line: int, column: int) -> None:
        """A line ended; whether a space stands for it depends on what follows."""
        self._join = self._join or (line, column)


def _joins(char: str) -> bool:
    """Whether no space belongs between `char` and the next line."""
    return unicodedata.east_asian_width(char) in "WF" or char in _JOINS_LIKE_HAN


def read_passages(lines: tuple[Line, ...], file: str | None) -> tuple[Passage, ...]:
    """The passages of one paragraph: a new one begins at each mark that changes who reads or how fast.

    Raises:
        ScriptError: a bracket that does not close on its line, or a mark that cannot be read.
    """
    passages = [Passage()]
    for line in lines:
        _read_line(line, passages, file)
        passages[-1].break_line(line.number, line.columns[-1] + 1)
    return tuple(p for p in passages if p.chars or p.marks)


def _read_line(line: Line, passages: list[Passage], file: str | None) -> None:
    at, text = 0, line.text
    stress = {at for found in STRESS.finditer(text) for at in (found.start(), found.end() - 2)}
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and text[at + 1] in ESCAPABLE:
            passages[-1].add(text[at + 1], line.number, line.columns[at + 1])
            at += 2
        elif link := markup.LINK.match(text, at):
            # A link of Markdown is no mark; the text in it is read.
            for here in range(at, link.end()):
                passages[-1].add(text[here], line.number, line.columns[here])
            at = link.end()
        elif char in OPENING:
            at = _read_mark(line, at, passages, file)
        elif text.startswith("**", at):
            for here in (at, at + 1) if at in stress else ():
                passages[-1].add(text[here], line.number, line.columns[here])
            at += 2
        else:
            passages[-1].add(char, line.number, line.columns[at])
            at += 1


def _read_mark(line: Line, at: int, passages: list[Passage], file: str | None) -> int:
    place = Place(file=file, line=line.number, column=line.columns[at])
    end = find_closing(line.text, at)
    if end < 0:
        raise ScriptError(
            message("intake.bracket-open"),
            hint=message("intake.bracket-open-hint", bracket=CLOSING[0]),
            place=place,
        )
    mark = parse_mark(line.text[at + 1 : end], place)
    if mark.kind in {"presenter", "pace", "voice"} and passages[-1].chars:
        passages.append(Passage())
    passages[-1].add_mark(mark)
    return end + 1


def plain_heading(line: Line, file: str | None) -> str:
    """A heading's text: escapes resolved, reading overrides and stress marks taken out, no other marks allowed.

    Raises:
        ScriptError: a mark in the heading.
    """
    passage = Passage()
    _read_line(line, [passage], file)
    if passage.marks:
        hint = message("intake.mark-in-heading-hint")
        raise ScriptError(message("intake.mark-in-heading"), hint=hint, place=passage.marks[0][1].place)
    kept: list[str] = []
    depth = 0
    for char in passage.text:
        depth += char in "{｛"
        if not depth:
            kept.append(char)
        depth -= char in "}｝" and depth > 0
    return markup.plain_title("".join(kept)).replace("**", "")
