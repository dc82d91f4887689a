"""Markup that came along with a text: HTML of a CMS, speech markup, captions with times, links of Markdown.

It is taken as what it is: tags say nothing or end a sentence, `<break time="1s"/>` is a pause, entities are their
characters, times of captions are left out; one notice for each kind says so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from anchor.core.errors import Place
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.mandarin.source import SourceText
from anchor.mandarin.tables import load_rows
from anchor.messages import message

PAUSE = "\ue000"
"""Stands for a pause of speech markup in the working text; no written text may hold it."""
PAUSE_MS = (50, 10_000)
"""Shortest and longest pause, as of a script's mark."""
STRENGTHS = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1000}
"""Milliseconds of a pause that is given by its strength."""
DEFAULT_MS = 500
TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,19})(?:\s[^<>]*|/)?>")
ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});")
COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^<>]*>|<\?xml[^<>]*>", re.DOTALL | re.IGNORECASE)
_TIME = r"(?:\d{1,2}:)?\d{1,2}:\d\d[.,]\d{3}"
CAPTION = re.compile(
    rf"\s*(?:(?<![^\s。！？，」])\d{{1,5}}\s+)?{_TIME}[ \t]*-->[ \t]*{_TIME}"
    r"(?:[ \t]+(?:align|position|line|size):\S+)*\s*"
    r"|^WEBVTT[^\n]*\n"
)
LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?:https?://|www\.|/|\.)[^()\s]*(?:\s\"[^\"\n]*\")?\)")
WEIGHTS = (
    re.compile(r"\*{1,3}(?=[^\s*])([^*\n]*[^\s*])\*{1,3}"),
    re.compile(r"(?<![A-Za-z0-9_])_{1,3}(?=[^\s_])([^_\n]*[^\s_])_{1,3}(?![A-Za-z0-9_])"),
    re.compile(r"~~(?=\S)([^~\n]*\S)~~"),
    re.compile(r"`+([^`\n]+)`+"),
    re.compile(r"^#{1,6}\s+(.*)$"),
)
"""Bold, italic, struck, code, heading of Markdown; group 1 is the text."""
SUB = re.compile(r"<sub\s[^<>]*alias\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*>[^<>]*</sub>", re.IGNORECASE)
TELLS = {
    "html": "notice.markup-html",
    "speech": "notice.markup-speech",
    "captions": "notice.markup-captions",
    "link": "notice.markup-link",
}
"""Kind of markup → the notice's message."""


@dataclass(frozen=True, slots=True)
class Markup:
    """One stretch that is no text."""

    span: Span
    kind: str
    """A key of `TELLS`."""
    text: str = ""
    """What stands for it."""
    ms: int = 0
    """Of a pause."""


@cache
def _tags() -> dict[str, str]:
    return {tag: kind for tag, kind, *_ in load_rows("markup")}


@cache
def _hidden() -> re.Pattern[str]:
    names = "|".join(tag for tag, kind in _tags().items() if kind == "hidden")
    return re.compile(rf"<({names})\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


def find_markup(text: str) -> tuple[Markup, ...]:
    """All markup of a text, in order, none over another."""
    if not any(sign in text for sign in ("<", "&", "-->", "](")):
        return ()
    out: list[Markup] = []
    end = 0
    for found in sorted(_all(text), key=lambda m: (m.span.start, -m.span.end)):
        if found.span.start >= end:
            out.append(found)
            end = found.span.end
    return tuple(out)


def _all(text: str) -> Iterator[Markup]:
    for found in (*COMMENT.finditer(text), *_hidden().finditer(text)):
        yield Markup(Span(*found.span()), "html")
    for found in SUB.finditer(text):
        yield Markup(Span(*found.span()), "speech", found[1])
    for found in TAG.finditer(text):
        yield from _tag(found)
    for found in ENTITY.finditer(text):
        char = html.unescape(found[0]).replace("\u00a0", " ")
        if char != found[0] and len(char) == 1 and (char == " " or char.isprintable()):
            yield Markup(Span(*found.span()), "html", char)
    for found in CAPTION.finditer(text):
        yield Markup(Span(*found.span()), "captions", " ")
    for found in LINK.finditer(text):
        start, last = found.span(1)
        yield Markup(Span(found.start(), start), "link")
        yield Markup(Span(last, found.end()), "link")


def _tag(found: re.Match[str]) -> Iterator[Markup]:
    name = found[1].lower()
    kind = _tags().get(name) or ("speech" if ":" in name else "")
    span = Span(*found.span())
    if name == "break":
        ms = _pause_ms(found[0])
        yield Markup(span, "speech", PAUSE if ms else "", ms)
    elif kind:
        yield Markup(span, "speech" if kind == "speech" else "html", {"block": "\n", "cell": "，"}.get(kind, ""))


def _pause_ms(tag: str) -> int:
    """Length of `<break time="1s"/>` or `<break strength="weak"/>`."""
    time = re.search(r"time\s*=\s*[\"']?\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)", tag)
    if time is None:
        strength = re.search(r"strength\s*=\s*[\"']?([a-z-]+)", tag)
        return STRENGTHS.get(strength[1], DEFAULT_MS) if strength else DEFAULT_MS
    ms = round(float(time[1]) * (1000 if time[2] == "s" else 1))
    return min(max(ms, PAUSE_MS[0]), PAUSE_MS[1]) if ms else 0


def is_markup(text: str) -> bool:
    """Whether a text is markup and nothing else."""
    found = find_markup(text)
    return bool(found) and not plain_title(text)


def plain_title(text: str) -> str:
    """A title without markup: its tags, links and Markdown's marks of weight taken out."""
    at, out = 0, ""
    for found in find_markup(text):
        out += text[at : found.span.start] + found.text.replace(PAUSE, "").replace("\n", " ")
        at = found.span.end
    out += text[at:]
    for mark in WEIGHTS:
        out = mark.sub(r"\1", out)
    return text if out == text else " ".join(out.split())


def unwrapped(source: SourceText) -> tuple[SourceText, list[Notice], list[int]]:
    """The text without markup, one notice for each kind, and the pauses that stand as `PAUSE`, in milliseconds."""
    found = find_markup(source.text)
    if not found:
        return source, [], []
    notices = [
        Notice("markup", message(TELLS[kind]), Place(span=source.span(next(m.span for m in found if m.kind == kind))))
        for kind in TELLS
        if any(m.kind == kind for m in found)
    ]
    return source.replaced([(m.span, m.text) for m in found]), notices, [m.ms for m in found if m.text == PAUSE]
