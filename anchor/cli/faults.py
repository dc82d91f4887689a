"""An error shown to a person: what, where with the line and a caret, what to do; and the same as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchor.cli.language import shown
from anchor.core.errors import AnchorError, MediaError, Place
from anchor.core.events import Notice
from anchor.messages import Language, message, message_document, text_in, texts_of

if TYPE_CHECKING:
    from rich.console import Console

_CELLS = 72
"""Width of the excerpt shown of a long line."""


def error_document(error: AnchorError) -> dict[str, object]:
    """The error as JSON types."""
    return {
        "code": error.code,
        **said_document(error.message, error.hint),
        "retryable": error.retryable,
        "place": place_document(error.place),
    }


def said_document(said: str, hint: str) -> dict[str, object]:
    """What is wrong and what to do as JSON types, in English and in each language."""
    texts = {
        language.value: {"message": text_in(said, language), "hint": text_in(hint, language)} for language in Language
    }
    return {**message_facts(said), "message": said, "hint": hint, "texts": texts}


def message_facts(text: str) -> dict[str, object]:
    """Id and fields of a message as JSON types; a plain text has neither."""
    document = message_document(text)
    facts = document if isinstance(document, dict) else {}
    return {"id": facts.get("id", ""), "fields": facts.get("fields", {})}


def text_document(text: str, name: str = "text") -> dict[str, object]:
    """A text as JSON types: its English under `name`, what it was made of, and what it says in each language."""
    return {name: text, **message_facts(text), "texts": texts_of(text)}


def notice_document(notice: Notice) -> dict[str, object]:
    """A notice as JSON types."""
    return {"code": notice.code, **text_document(notice.text), "place": place_document(notice.place)}


def error_line(error: AnchorError) -> str:
    """The error in one line: where, what, what to do."""
    line = message("cli.error-line", what=error.message, hint=error.hint) if error.hint else error.message
    where = error.place.message if error.place is not None else ""
    return message("cli.error-line-in", place=where, what=line) if where else line


def place_document(place: Place | None) -> dict[str, object] | None:
    """A place as JSON types."""
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "segment": place.segment,
        "span": [place.span.start, place.span.end] if place.span is not None else None,
        "field": place.field,
    }


def show_error(console: Console, error: AnchorError, text: str | None = None) -> None:
    """Print the error; `text` is what the command line gave, if the error may point into it."""
    from rich.text import Text

    head = (shown(message("cli.error")), "bold red")
    console.print(Text.assemble(head, (f" ({error.code}): ", "red"), _visible(shown(error.message))))
    if error.place is not None and (where := shown(error.place.message)):
        console.print(Text(shown(message("cli.where", place=_visible(where)))))
    for line in excerpt(error.place, text):
        console.print(Text(f"    {_visible(line)}", style="cyan"))
    show_hint(console, error.hint)
    if isinstance(error, MediaError):
        for line in error.stderr[-5:]:
            console.print(Text(f"    {_visible(line)}", style="dim"))


def show_hint(console: Console, hint: str) -> None:
    """What to do, if there is anything."""
    from rich.text import Text

    if hint:
        console.print(Text.assemble((shown(message("cli.what-to-do")), "bold"), _visible(shown(hint))))


def excerpt(place: Place | None, text: str | None = None) -> tuple[str, ...]:
    """The offending line and a caret under the character, or nothing when the place names none."""
    if place is None:
        return ()
    if place.line is not None and place.column is not None:
        source = text if place.file is None else _file_text(Path(place.file))
        lines = (source or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if place.line > len(lines):
            return ()
        return _pointed(lines[place.line - 1], place.column - 1)
    if place.span is not None and place.file is None and place.segment is None and text is not None:
        start = min(place.span.start, len(text))
        begin = text.rfind("\n", 0, start) + 1
        return _pointed(text[begin:].split("\n", 1)[0], start - begin)
    return ()


def _file_text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig", "replace") if path.is_file() else None
    except OSError:
        return None


def _pointed(line: str, at: int) -> tuple[str, ...]:
    """The stretch of `line` around character `at`, and a caret below it."""
    from rich.cells import cell_len

    line = _visible(line.replace("\t", " "))
    if not line.strip():
        return ()
    begin = at
    while begin > 0 and cell_len(line[begin - 1 : at]) <= _CELLS // 2:
        begin -= 1
    end = max(begin, min(at, len(line)))
    while end < len(line) and cell_len(line[begin : end + 1]) <= _CELLS:
        end += 1
    head, tail = ("…" if begin else ""), ("…" if end < len(line) else "")
    return (head + line[begin:end] + tail, " " * cell_len(head + line[begin:at]) + "^")


def _visible(text: str) -> str:
    """`text` with control characters and lone surrogates, one for one, as a replacement character."""
    return "".join(c if c.isprintable() or c in " \u3000\n" else "\ufffd" for c in text)
