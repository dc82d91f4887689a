"""The page of `anchor read --html`: one section for each segment of a script, or one for a text."""

from __future__ import annotations

from pathlib import Path

from anchor.cli.script_input import Given
from anchor.core.script import PAUSE, Script, Segment, SegmentKind
from anchor.mandarin.reader import Reader
from anchor.mandarin.ruby_page import Remark, RubySection, ruby_page
from anchor.messages import Language, text_in


def reading_page(given: Given, reader: Reader) -> str:
    """The page as HTML text."""
    if given.script is None:
        section = _section(reader, Segment("", 0, SegmentKind.READER, "", given.text), "", "", given.pauses)
        return ruby_page("文字的讀音", [section])
    script = given.script
    sections = [_of_segment(reader, script, segment) for segment in script.segments]
    return ruby_page(script.title or Path(given.file or "").stem or "稿件的讀音", sections)


def _of_segment(reader: Reader, script: Script, segment: Segment) -> RubySection:
    presenter = script.presenter(segment.presenter)
    first = next(s for s in script.segments if s.story == segment.story)
    headline = script.stories[segment.story].headline if first is segment else ""
    who = presenter.name or presenter.key
    line = f"第 {segment.runs[0].line} 行" if segment.runs else ""
    pauses = tuple((c.at, int(c.field("ms", "0"))) for c in segment.cues if c.kind == PAUSE)
    return _section(reader, segment, headline, "，".join(part for part in (segment.id, who, line) if part), pauses)


def _section(
    reader: Reader, segment: Segment, title: str, subtitle: str, pauses: tuple[tuple[int, int], ...]
) -> RubySection:
    utterance, layers = reader.trace(segment.text, pauses)
    remarks = []
    for notice in utterance.notices:
        span = notice.place.span if notice.place else None
        place = segment.place(span) if span is not None else None
        where = f"{place.line}:{place.column}" if place is not None and place.line else ""
        remarks.append(Remark(notice.code, text_in(notice.text, Language.CHINESE), where, span))
    return RubySection(title, subtitle, utterance, layers, tuple(remarks))
