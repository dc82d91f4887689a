"""Simplified Chinese in the text: converted to Taiwan's characters and words, told, and left alone in quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

import opencc

from anchor.core.errors import Place
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.mandarin.source import SourceText
from anchor.messages import message

QUOTATION = re.compile(r"「[^「」\n]*」|『[^『』\n]*』")
CLAUSE = re.compile(r"[^，。；：！？\n]{1,200}[，。；：！？\n]*|[，。；：！？\n]+")
WHOLE_TEXT = 3
"""From so many Simplified characters on, the whole text is taken for Simplified, shared characters included."""
SHOWN = 12
"""Characters of a stretch that a notice quotes."""


@cache
def _converter(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


@cache
def _only_simplified(char: str) -> bool:
    """Whether Traditional text never has this character: it is not in Big5 and stands for another one."""
    if not "\u4e00" <= char <= "\u9fff":
        return False
    try:
        char.encode("cp950")
    except UnicodeEncodeError:
        return bool(_converter("s2t").convert(char) != char and _converter("t2s").convert(char) == char)
    return False


def converted(source: SourceText) -> tuple[SourceText, list[Notice]]:
    """The text in Taiwan's Chinese and a notice for each stretch that changed or that a quotation keeps."""
    found = [at for at, char in enumerate(source.text) if _only_simplified(char)]
    if not found:
        return source, []
    quoted = [Span(*match.span()) for match in QUOTATION.finditer(source.text)]
    notices = [
        Notice(
            "simplified-quotation", message("notice.simplified-quotation", text=_shown(span, source)), _at(span, source)
        )
        for span in quoted
        if any(span.start <= at < span.end for at in found)
    ]
    outside = [at for at in found if not any(span.start <= at < span.end for span in quoted)]
    text: list[str] = []
    spans: list[Span] = []
    stressed: set[int] = set()
    changed: list[Span] = []
    for stretch, keep in _stretches(source.text, quoted, outside):
        before = source.text[stretch.start : stretch.end]
        after = before if keep else _converter("s2twp").convert(before)
        if after != before:
            if changed and changed[-1].end == stretch.start:
                changed[-1] = Span(changed[-1].start, stretch.end)
            else:
                changed.append(stretch)
        for char, origin in zip(after, _origins(before, after), strict=True):
            start, end = stretch.start + origin.start, stretch.start + origin.end
            if any(at in source.stressed for at in range(start, end)):
                stressed.add(len(text))
            text.append(char)
            spans.append(source.span(Span(start, end)))
    notices += [
        Notice("simplified", message("notice.simplified", text=_shown(span, source)), _at(span, source))
        for span in changed
    ]
    return SourceText("".join(text), tuple(spans), frozenset(stressed)), notices


def _stretches(text: str, quoted: list[Span], outside: list[int]) -> Iterator[tuple[Span, bool]]:
    """The text in order: stretches to convert (False) and to keep (True)."""
    whole = len(outside) >= WHOLE_TEXT
    at = 0
    for span in [*quoted, Span(len(text), len(text))]:
        for clause in CLAUSE.finditer(text, at, span.start):
            part = Span(*clause.span())
            yield part, not (whole or any(part.start <= hit < part.end for hit in outside))
        yield span, True
        at = span.end


def _origins(before: str, after: str) -> list[Span]:
    """For each character of `after`: the characters of `before` that it stands for."""
    plain = "".join((_converter("s2t").convert(char) + char)[0] for char in before)
    out: list[Span] = []
    for _, a, b, c, d in SequenceMatcher(None, plain, after, autojunk=False).get_opcodes():
        if b - a == d - c:
            out += [Span(at, at + 1) for at in range(a, b)]
        elif a == b:
            near = Span(max(0, a - 1), max(1, a))
            out += [near] * (d - c)
        elif c < d:
            out += [Span(a, b)] * (d - c)
        elif out:
            out[-1] = Span(out[-1].start, b)
    return out


def _shown(span: Span, source: SourceText) -> str:
    """The beginning of a stretch, for a notice."""
    part = source.text[span.start : span.end].strip()
    return (part if len(part) <= SHOWN else part[:SHOWN] + "…").strip("「」『』")


def _at(span: Span, source: SourceText) -> Place:
    return Place(span=source.span(span))
