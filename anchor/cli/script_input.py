"""What the command line was given to read: a script file, `-` for stdin, or the text itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anchor.core.errors import Place, ScriptError
from anchor.core.script import PAUSE, Script
from anchor.core.time import Span
from anchor.intake.script import parse_script
from anchor.intake.source import decode_source, read_source


@dataclass(frozen=True, slots=True)
class Given:
    """Text to be read, and where each character of it stands in what was given."""

    text: str
    pauses: tuple[tuple[int, int], ...] = ()
    """(offset in `text`, ms)."""
    source: str = ""
    """All that was given, marks and all."""
    offsets: tuple[int, ...] | None = None
    """Offset in `source` of each character of `text`; None: the same."""
    file: str | None = None
    script: Script | None = None
    """What the source is, when it is a file or standard input."""

    @contextmanager
    def places(self) -> Iterator[None]:
        """Errors about characters of `text` become errors about lines and columns of `source`."""
        try:
            yield
        except ScriptError as error:
            if error.place is None or error.place.span is None or self.offsets is None:
                raise
            raise ScriptError(error.message, hint=error.hint, place=self.place(error.place.span)) from error

    def place(self, span: Span) -> Place:
        """Where characters `span` of `text` stand in what was given."""
        if self.offsets is None:
            return Place(span=span)
        before = self.source[: self.span(span).start].replace("\r\n", "\n").replace("\r", "\n")
        return Place(self.file, before.count("\n") + 1, len(before) - before.rfind("\n"))

    def span(self, span: Span) -> Span:
        """A span of `text` as a span of `source`."""
        if self.offsets is None or not self.offsets:
            return span
        if not len(span):
            start = self.offsets[span.start] if span.start < len(self.offsets) else self.offsets[-1] + 1
            return Span(start, start)
        start = self.offsets[span.start]
        return Span(start, max(start, self.offsets[span.end - 1]) + 1)


def read_script(argument: str) -> Script:
    """The script in a file, or on stdin for `-`."""
    if argument == "-":
        return parse_script(decode_source(sys.stdin.buffer.read(), None), None, Path.cwd())
    path = Path(argument)
    return parse_script(read_source(path), argument, path.absolute().parent)


def narration_pairs(given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """(segment id, path) of each `--narration`; the id is empty where the whole value is a file."""
    pairs = []
    for value in given or ():
        segment, sign, path = value.partition("=")
        if sign and re.fullmatch(r"s\d+\.\d+", segment):
            pairs.append((segment, path))
        else:
            pairs.append(("", value))
    return tuple(pairs)


def read_given(argument: str) -> Given:
    """A text argument: a file if there is one of that name, stdin for `-`, else the text itself."""
    if argument == "-":
        return _from_source(decode_source(sys.stdin.buffer.read(), None), None, Path.cwd())
    if _is_file(argument):
        path = Path(argument)
        return _from_source(read_source(path), argument, path.absolute().parent)
    return Given(argument, source=argument)


def _is_file(argument: str) -> bool:
    """Whether a file has this name; a text too long or too odd for a name is none."""
    try:
        return os.path.lexists(argument) and not Path(argument).is_dir()
    except (OSError, ValueError):
        return False


def _from_source(source: str, file: str | None, base: Path) -> Given:
    script = parse_script(source, file, base)
    starts = _line_starts(source)
    text: list[str] = []
    offsets: list[int] = []
    pauses: list[tuple[int, int]] = []
    for segment in script.segments:
        if text:
            # Paragraphs part at a line break, which stands where the one before ended.
            text.append("\n")
            offsets.append(offsets[-1] + 1)
        begin = len(text)
        pauses += [(begin + c.at, int(c.field("ms"))) for c in segment.cues if c.kind == PAUSE]
        text.extend(segment.text)
        ends = [run.at for run in segment.runs[1:]] + [len(segment.text)]
        for run, end in zip(segment.runs, ends, strict=True):
            start = starts[run.line - 1] + run.column - 1
            offsets.extend(range(start, start + end - run.at))
    return Given("".join(text), tuple(pauses), source, tuple(offsets), file, script)


def _line_starts(source: str) -> list[int]:
    """Offset of each line; LF, CR LF and CR end a line."""
    starts = [0]
    for at, char in enumerate(source):
        if char == "\n" or (char == "\r" and not source.startswith("\n", at + 1)):
            starts.append(at + 1)
    return starts
