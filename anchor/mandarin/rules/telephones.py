"""Rules for telephones: service lines, numbers in groups, extensions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from anchor.core.speech import BreakKind
from anchor.mandarin.numerals import said_digits
from anchor.mandarin.rule import Late, Rule, counted, left
from anchor.mandarin.spoken_text import Piece, pause, said_whole
from anchor.mandarin.tables import load_rows

CALLED = re.compile(r"(?:電話|傳真|手機|專線|熱線|客服|撥打?|電洽|請洽|洽詢?|來電|叫車|訂位)[是為:：]?\s?[「『]?\s?$")
EXTENSION_BEFORE = re.compile(r"(?:\d{3}\s?轉|分機)\s?[:：]?\s?$")
"""Two digits before 轉 are no telephone: 時速15轉20公里."""
HANDED_ON = "轉"
"""Behind a number with nothing to dial: 轉專人服務."""
EXTENSION = r"(?:\s?(?:#|ext\.?\s?|轉分機|轉|分機)\s?[:：]?\s?\d{1,6})?"
ROW_LONGEST = 40
"""Characters of a row of lines before one of them."""


def _rows(kind: str) -> str:
    return "|".join(words for k, words, *_ in load_rows("lines") if k == kind)


LINES = _rows("line")
_JOIN = r"[」』\"”]?\s?(?:[、，,/／和與及跟或]|以及|或是|或者|甚至)\s?[「『\"“]?"


_ITEM = rf"(?:{LINES}|0[\d-]{{5,11}})"


@cache
def _row() -> re.Pattern[str]:
    return re.compile(rf"(?:{_JOIN}(?:{LINES})(?![\d.,]))+")


@cache
def _row_before() -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)(?:{LINES}){_JOIN}$")


@cache
def _before() -> re.Pattern[str]:
    return re.compile(rf"(?:{_rows('before')})[是為了:：的]?\s?[「『\"“]?(?:{_ITEM}{_JOIN})*$")


@cache
def _after() -> re.Pattern[str]:
    return re.compile(rf"(?:{_JOIN}(?:{LINES})(?!\d))*\s?[」』\"”]?\s?(?:{_rows('after')})")


def _service_line(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """119, 1922, 165, also in a row, where the words around speak of a telephone."""
    before = text[max(0, match.start() - ROW_LONGEST) : match.start()]
    if _after().match(text, match.end()) or _before().search(before):
        return said_digits(match[0], match.start())
    row = _row().match(text, match.end())
    if (row or _row_before().search(before)) and not counted(text, row.end() if row else match.end()):
        return said_digits(match[0], match.start())
    return None


def _spaced(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """412-8185, 2345-6789 where the words around speak of a telephone."""
    return grouped(match, text) if CALLED.search(left(text, match.start())) else None


def _extension(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """分機123, 轉123 behind a number."""
    if not EXTENSION_BEFORE.search(left(text, match.start())):
        return None
    return said_digits(match[0], match.start())


def grouped(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """02-2345-6789, (02)2345-6789, 0800-080-080, ISBN 978-986-5562-88-7: a short pause at each hyphen."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|[^\d]+", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        sign = part[0].strip(" :：")
        if part[0].isdigit():
            out += said_digits(part[0], start)
        elif sign and sign[0] in "#e轉分":
            spoken = sign if sign[0] in "轉分" else "轉"
            out += [pause(BreakKind.MINOR, start, end, "、"), *said_whole(spoken, start, end)]
        elif out:
            out.append(pause(BreakKind.MINOR, start, end, "、"))
    if text.startswith(HANDED_ON, match.end()):
        out.append(pause(BreakKind.MINOR, match.end(), match.end(), "、"))
    return out


def _mobile(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """0912345678, 0800123456: in groups, as they are written elsewhere."""
    out: list[Piece] = []
    for first, last in ((0, 4), (4, 7), (7, 10)):
        at = match.start() + first
        if out:
            out.append(pause(BreakKind.MINOR, at, at, "、"))
        out += said_digits(match[0][first:last], at)
    return out


RULES = (
    Rule(Late(rf"\+886[- ]?\d{{1,3}}(?:[- ]?\d{{3,4}}){{2}}{EXTENSION}(?!\d)"), grouped),
    Rule(Late(r"\+(?=[\d -]{10})\d{1,3}(?:[- ]\d{1,4}){2,5}(?!\d)"), grouped),
    Rule(Late(rf"[(（]0\d{{1,3}}[)）]\s?\d{{3,4}}[- ]?\d{{3,4}}{EXTENSION}(?!\d)"), grouped),
    Rule(Late(rf"(?<!\d)0\d{{1,3}}[- ]\d{{3,4}}[- ]?\d{{3,4}}{EXTENSION}(?!\d)"), grouped),
    Rule(Late(r"(?<![\d-])412-?\d{4}(?![\d-])|(?<![\d-])4128-\d{3}(?![\d-])"), grouped),
    Rule(Late(rf"(?<![\d-])\d{{3,4}}-\d{{4}}{EXTENSION}(?![\d-])"), _spaced),
    Rule(Late(r"(?<!\d)\d{1,6}(?!\d)"), _extension),
)
RULES_LINES = (
    Rule(Late(r"(?<!\d)0800\d{6}(?!\d)|(?<![\d.])09\d{8}(?!\d)"), _mobile),
    Rule(Late(rf"(?<![\d.,-])(?:{LINES})(?![\d.,-]\d|\d|\s?年)"), _service_line),
)
