"""Newswire furniture: the dateline, credits and stamps that surround a story and are not part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from anchor.core.errors import Place
from anchor.core.events import Notice
from anchor.core.time import Span
from anchor.mandarin.source import SourceText
from anchor.messages import message

Furniture = Literal["strip", "read"]
STAMP = r"1[0-5]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
"""民國 date of seven digits, as news agencies put it under a story."""
_INSIDE = r"[^（）()〔〕【】［］\[\]\n]"
_OPEN, _CLOSE = r"[（(〔【［\[]", r"[）)〕】］\]]"
_PATTERNS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"[ \t　]*{_OPEN}(?:中央社|路透社?|法新社|美聯社|本報|本台){_INSIDE}{{0,60}}?(?:電|訊|報導){_CLOSE}[ \t　]*",
        rf"[ \t　]*{_OPEN}(?:文字|特派|實習)?記者{_INSIDE}{{1,40}}?(?:報導|連線|特稿|整理){_CLOSE}[ \t　]*",
        r"^[ \t　]*(?:文字|特派|實習)?記者[^\n，。：]{2,16}[／/][^\n，。：]{2,12}?報導[ \t　]*",
        rf"[ \t　]*{_OPEN}(?:責任編輯|編輯|責編|主編|核稿|譯者|編譯|撰稿|審稿|記者)[:：／/]{_INSIDE}{{1,40}}{_CLOSE}"
        rf"(?:[ \t　]*{STAMP}(?!\d))?",
        rf"[ \t　]*{_OPEN}(?:圖|照片|影片|攝影|圖片)[:：／/]{_INSIDE}{{1,30}}{_CLOSE}",
        rf"[ \t　]*{_OPEN}(?:示意圖|資料照片?|翻攝|圖片來源){_INSIDE}{{0,30}}{_CLOSE}",
        rf"(?<=[。！？」）)])[ \t　]*{STAMP}[ \t　]*$",
    )
)


def stripped(source: SourceText) -> tuple[SourceText, list[Notice]]:
    """The text without furniture, and a notice for each piece of it (places in the written text)."""
    cuts = list(_cuts(source.text))
    if not cuts or sum(map(len, cuts)) >= len(source.text.strip()):
        return source, []
    notices = [
        Notice(
            "furniture",
            message("notice.furniture", text=source.text[cut.start : cut.end].strip()),
            Place(span=source.span(cut)),
        )
        for cut in cuts
    ]
    return source.without(cuts), notices


def _cuts(text: str) -> Iterator[Span]:
    end = 0
    found = sorted(
        (match.span() for pattern in _PATTERNS for match in pattern.finditer(text)), key=lambda s: (s[0], -s[1])
    )
    for start, stop in found:
        if start >= end:
            yield Span(start, stop)
            end = stop
