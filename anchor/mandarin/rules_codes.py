"""Rules for numbers that name something: telephones, service lines, stock codes, models, scores."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_digits, said_integer
from anchor.mandarin.rule import Rule, counted, left
from anchor.mandarin.rules_dates import SCORE_WORDS
from anchor.mandarin.said import Piece, Said, pause

SERVICE_LINES = (
    "110|112|113|117|118|119|123|165|166|167|"
    "168|1911|1922|1925|1933|1950|1955|1957|1966|1968|1980|1988|1991|1995|1996|1999"
)
LINE_AFTER = re.compile(
    r"\s?[」』]?\s?(?:專線|報案|報警|救護|反詐|防詐|諮詢|熱線|防疫|市民|婦幼|電話|服務|保護|安心|長照|勤務|通報|檢舉)"
)
LINE_BEFORE = re.compile(r"(?:撥打?|打|電洽|專線|電話|線上|熱線|請洽|報案|通報)[是為:：]?\s?[「『]?\s?$")
MODEL_BEFORE = re.compile(r"[A-Za-z][- ]?$")
MODEL_AMOUNT = re.compile(r"[\d,]*\s?[十百千萬億兆%]")
MODEL_SHORT = 2
"""Digits of a model number that is read as a number; a longer one digit by digit."""


def _grouped(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """02-2345-6789, (02)2345-6789, 0912-345-678, 0800-080-080: a short pause at each hyphen."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|[^\d]+", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        if part[0].isdigit():
            out += said_digits(part[0], start)
        elif part[0] == "#":
            out += [pause(BreakKind.MINOR, start, end, "、"), *(Said(c, Span(start, end)) for c in "轉")]
        elif out:
            out.append(pause(BreakKind.MINOR, start, end, "、"))
    return out


def _long_string(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """More digits than any number has: one by one."""
    return said_digits(match[0], match.start())


def _mobile(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """0912345678."""
    return said_digits(match[0], match.start())


def _service_line(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """119, 1922, 165 where the words around speak of a telephone."""
    if LINE_AFTER.match(text, match.end()) or LINE_BEFORE.search(left(text, match.start())):
        return said_digits(match[0], match.start())
    return None


def _stock_code(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """台積電(2330): digit by digit between short pauses."""
    start, end = match.span()
    out: list[Piece] = [pause(BreakKind.MINOR, start, start + 1, "、"), *said_digits(match[1], match.start(1))]
    if match[2]:
        out.append(Said(match[2].lstrip("-."), Span(*match.span(2)), latin=True))
    return [*out, pause(BreakKind.MINOR, end - 1, end, "、")]


def _version(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """17.4.1, 192.168.1.1: every part a number."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|\.", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        out += [Said("點", Span(start, end))] if part[0] == "." else _model_number(part[0], start)
    return out


def _model_number(digits: str, at: int) -> list[Said]:
    if len(digits) > MODEL_SHORT and not digits.endswith("00"):
        return said_digits(digits, at)
    return [Said(s.text, s.span, YI) if s.text == "一" and len(digits) == 1 else s for s in said_integer(digits, at)]


def _model(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """GPT-4, F-16V, COVID-19, iPhone 17, H5N1, A380, GPT-5.5."""
    start = match.start("n")
    known = MODEL_BEFORE.search(left(text, match.start()))
    spaced = known is not None and known[0].endswith(" ") and match.start() == start
    if known is None or (spaced and (counted(text, match.end()) or MODEL_AMOUNT.match(text, match.end()))):
        return None
    out: list[Piece] = [*_model_number(match["n"], start)]
    if match["d"]:
        dot = match.start("d")
        out += [Said("點", Span(dot, dot + 1)), *said_digits(match["d"], dot)]
    return out


def _score(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3:2, 21:15, 2-0 → 比."""
    if match[2] in "-–—":
        around = text[max(0, match.start() - 10) : match.start()], text[match.end() : match.end() + 6]
        if not (SCORE_WORDS.search(around[0]) or SCORE_WORDS.search(around[1])):
            return None
    return [
        *_score_side(match[1], match.start(1)),
        Said("比", Span(*match.span(2))),
        *_score_side(match[3], match.start(3)),
    ]


def _score_side(digits: str, at: int) -> list[Said]:
    return [Said(s.text, s.span, YI) if s.text == "一" and len(digits) == 1 else s for s in said_integer(digits, at)]


def _address(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """12-1號 → 十二之一號."""
    return [
        *said_integer(match[1], match.start(1)),
        Said("之", Span(match.end(1), match.end(1) + 1)),
        *_score_side(match[2], match.start(2)),
    ]


def _tower(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """臺北101: digit by digit."""
    return said_digits(match[0], match.start())


def _shop(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """7-11, the shops."""
    return [Said("Seven-Eleven", Span(*match.span()), latin=True)]


def _numbered(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """No.1, No. 12."""
    return [Said("Number", Span(match.start(), match.start(1)), latin=True), *_model_number(match[1], match.start(1))]


def _joined(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """A dash between two times or dates: 到."""
    if JOINABLE.search(left(text, match.start())):
        return [Said("到", Span(*match.span()))]
    return None


JOINABLE = re.compile(r"(?::\d\d|/\d{1,2}|\d\s?[日號月年時分點度元人%])$")
RULES_FIRST = (
    Rule(re.compile(r"\d[\d,]{24,}+"), _long_string),
    Rule(re.compile(r"(?<=[台臺]北)\s?101|101(?=大樓|煙火|購物|觀景)"), _tower),
    Rule(re.compile(r"7-(?:11|ELEVEN|Eleven)(?![\d日號月])"), _shop),
    Rule(re.compile(r"N[oO]\.\s?(\d+)"), _numbered),
    Rule(re.compile(r"[-–—~～]\s?(?=\d)"), _joined),
    Rule(re.compile(r"\+886-\d{1,3}(?:-\d{3,4}){2}(?!\d)"), _grouped),
    Rule(re.compile(r"\(0\d{1,3}\)\s?\d{3,4}-?\d{3,4}(?:#\d+)?(?!\d)"), _grouped),
    Rule(re.compile(r"(?<!\d)0\d{1,3}-\d{3,4}-?\d{3,4}(?:#\d+)?(?!\d)"), _grouped),
    Rule(re.compile(r"(?<!\d)0800\d{6}(?!\d)|(?<![\d.])09\d{8}(?!\d)"), _mobile),
    Rule(re.compile(rf"(?<![\d.,-])(?:{SERVICE_LINES})(?![\d.,-]|\s?年)"), _service_line),
    Rule(re.compile(r"(?<=[一-龥A-Za-z])[（(](\d{4,6})([-.](?:TW|TWO|TT|US|HK))?[)）]"), _stock_code),
    Rule(re.compile(r"(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(re.compile(r"-(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
)
RULES_LAST = (
    Rule(re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d])"), _version),
    Rule(re.compile(r"(?<![\d.:])(\d{1,3})\s?([:：])\s?(\d{1,3})(?![\d:])"), _score),
    Rule(re.compile(r"(?<![\d.-])(\d{1,3})\s?([-–—])\s?(\d{1,3})(?![\d-])"), _score),
    Rule(re.compile(r"(?<![\d.-])(\d{1,4})-(\d{1,2})(?=號)"), _address),
)
STARTS = "(（+-–—~～N "
