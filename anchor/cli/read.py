"""`anchor read`: what will be said, with zhuyin and pinyin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.options import Json, TextArgument
from anchor.core.events import Notice
from anchor.core.time import Span

if TYPE_CHECKING:
    from anchor.cli.given import Given

WIDEST = 100
"""Columns of a row of readings; wider ones are hard to follow."""


def read(text: TextArgument, json: Json = False) -> None:
    """Say how a text will be read: spoken form, zhuyin and pinyin over every character, notices."""
    with guarded(as_json=json, text=text if text != "-" else None):
        from anchor.cli.given import read_given
        from anchor.cli.progress import show_notices
        from anchor.mandarin.present import reading_document, ruby_lines
        from anchor.mandarin.reader import Reader

        given = read_given(text)
        with given.places():
            utterance = Reader().read(given.text, given.pauses)
        if json:
            say(with_spans_of(reading_document(utterance), given))
            return
        console = stdout()
        for line in ruby_lines(utterance, min(console.width, WIDEST)):
            console.print(line, markup=False)
        show_notices([_placed(notice, given) for notice in utterance.notices])


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
