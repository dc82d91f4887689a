"""`anchor read`: what will be said, with zhuyin and pinyin; as a page for an editor; strict where doubts must end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption, TextArgument
from anchor.core.errors import ScriptError
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.cli.script_input import Given
    from anchor.core.speech import Utterance
    from anchor.mandarin.reader import Reader

WIDEST = 100
"""Columns of a row of readings; wider ones are hard to follow."""


def read(
    text: TextArgument,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page with zhuyin beside the text.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 2 when there is any notice.")] = False,
    json: JsonOption = False,
) -> None:
    """Say how a text will be read: spoken form, zhuyin and pinyin over every character, notices."""
    with guarded(as_json=json, text=text if text != "-" else None):
        from anchor.cli.environment import settings
        from anchor.cli.faults import text_document
        from anchor.cli.script_input import read_given
        from anchor.mandarin.reader import open_reader
        from anchor.mandarin.reading_document import reading_document

        given = read_given(text)
        if html is not None:
            from anchor.cli.paths import check_output

            check_output(html, (".html", ".htm"), (Path(given.file),) if given.file else ())
        reader = open_reader(settings())
        with given.places():
            utterance, layers = reader.trace(given.text, given.pauses)
        if given.script is not None:
            utterance = replace(utterance, notices=(*given.script.notices, *utterance.notices))
        if html is not None:
            _write_page(html, given, reader)
        if json:
            document = with_spans_of(reading_document(utterance, layers, reader), given)
            for entry, notice in zip(document["notices"], utterance.notices, strict=True):
                entry |= text_document(notice.text)
            say(document | ({"files": [{"kind": "page", "path": str(html)}]} if html is not None else {}))
        else:
            _show(utterance, given, html)
        if strict and utterance.notices:
            raise typer.Exit(ScriptError.exit_status)


def _show(utterance: Utterance, given: Given, html: Path | None) -> None:
    from anchor.cli.progress import show_notices
    from anchor.mandarin.reading_document import ruby_lines

    console = stdout()
    if html is None:
        for line in ruby_lines(utterance, min(console.width, WIDEST)):
            console.print(line, markup=False)
    else:
        count, syllables = len(utterance.notices), len(utterance.syllables)
        if count:
            line = message("cli.page-read", path=str(html), syllables=syllables, count=count)
        else:
            line = message("cli.page-read-clean", path=str(html), syllables=syllables)
        console.print(shown(line), markup=False)
    show_notices([_placed(notice, given) for notice in utterance.notices])


def _write_page(path: Path, given: Given, reader: Reader) -> None:
    from anchor.cli.reading_page import reading_page
    from anchor.core.files import write_text_whole

    with given.places():
        page = reading_page(given, reader)
    write_text_whole(path, page)


def _placed(notice: Notice, given: Given) -> Notice:
    span = notice.place.span if notice.place is not None else None
    return notice if span is None else replace(notice, place=given.place(span))


def with_spans_of(document: dict[str, Any], given: Given) -> dict[str, Any]:
    """The document with every `span` in characters of what was given, not of the text that is read."""
    for entries in document.values():
        if isinstance(entries, list):
            for entry in entries:
                if isinstance(entry, dict) and entry.get("span") is not None:
                    span = given.span(Span(*entry["span"]))
                    entry["span"] = [span.start, span.end]
    return document
