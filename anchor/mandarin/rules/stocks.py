"""Rules for stock codes: 台積電(2330), 台積電2330, 2330台積電, 2330-TW."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, left
from anchor.mandarin.spoken_text import Piece, Said, pause
from anchor.mandarin.tables import load_rows

NAME_ENDS = re.compile(r"[一-龥A-Z][」』*]?$")
SECOND_NUMBER = re.compile(r"[ 　,，、:：]\s?\d[\d,.]*\s?(?:元|塊|點|張|%)")
"""A price behind a code: 某某2412 118.5元."""


ROW = re.compile(r"\d{4}(?:[、，,和與及]\s?\d{4})+(?![\d.,]|\s?[年元人張點])")
ROW_BEFORE = re.compile(r"(?:(?<!\d)\d{4}[、，,和與及]\s?)+$")
EARLIEST_YEAR, LATEST_YEAR = 1990, 2060
"""Four digits behind a company that are rather a year: 台積電2026營收."""


@cache
def _companies() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, code, *_ in load_rows("companies"):
        found[code] = (*found.get(code, ()), name)
    return found


@cache
def _names() -> tuple[str, ...]:
    return tuple(name for name, *_ in load_rows("companies"))


@cache
def _market(kind: str) -> re.Pattern[str]:
    words = "|".join(words for k, words, *_ in load_rows("market") if k == kind)
    if kind == "after":
        return re.compile(rf"[、，\s」』)）]{{0,2}}(?:{words})")
    return re.compile(rf"(?:{words})$" if kind == "amount" else rf"\s?(?:{words})")


def _bracketed(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """台積電(2330): digit by digit between short pauses."""
    start, end = match.span()
    out: list[Piece] = [pause(BreakKind.MINOR, start, start + 1, "、"), *said_digits(match[1], match.start(1))]
    if match[2]:
        out.append(Said(match[2].lstrip("-."), Span(*match.span(2)), latin=True))
    return [*out, pause(BreakKind.MINOR, end - 1, end, "、")]


def _of_exchange(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2330-TW, 6488.TWO."""
    letters = Said(match[2], Span(match.start(2) - 1, match.end(2)), latin=True)
    return [*said_digits(match[1], match.start(1)), letters]


def _own_code(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """台積電2330, 2330台積電: the code of that very company."""
    names = _companies().get(match[0], ())
    before = left(text, match.start()).replace("臺", "台").rstrip("」』* ")
    after = text[match.end() : match.end() + 16].replace("臺", "台").lstrip("「『 ")
    if not (before.endswith(names) and not _market("unit").match(text, match.end())) and not after.startswith(names):
        return None
    return said_digits(match[0], match.start())


def _in_a_row(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2330、2317、2454領軍: known codes side by side."""
    row = ROW.match(text, match.start()) or ROW_BEFORE.search(text, max(0, match.start() - 30), match.start())
    codes = [*re.findall(r"\d{4}", row[0]), match[0]] if row else []
    if not codes or not all(code in _companies() for code in codes):
        return None
    return said_digits(match[0], match.start())


def _price(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """台積電1085創新高: a company with a number that is not its code."""
    before = left(text, match.start()).replace("臺", "台")
    year = EARLIEST_YEAR <= int(match[0]) <= LATEST_YEAR
    if year or not before.endswith(_names()) or not _market("after").match(text, match.end()):
        return None
    return said_integer(match[0], match.start())


def _behind_a_name(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """Four digits behind any name and before a word of the market, or before a price."""
    before = left(text, match.start())
    if not NAME_ENDS.search(before) or _market("amount").search(before):
        return None
    if not (_market("after").match(text, match.end()) or SECOND_NUMBER.match(text, match.end())):
        return None
    return said_digits(match[0], match.start())


RULES = (
    Rule(Late(r"(?<=[一-龥A-Za-z])[（(](\d{4,6})([-.](?:TW|TWO|TT|US|HK))?[)）]"), _bracketed),
    Rule(Late(r"(?<=\d)[（(](00\d{2,4}[A-Z]?())[)）]"), _bracketed),
    Rule(Late(r"(?<![\d.,])(\d{4,6}[A-Z]?)[.-](TWO?|TT|HK)(?![A-Za-z])"), _of_exchange),
    Rule(Late(r"(?<![\d.,])[1-9]\d{3}(?![\d.,]\d|\d)"), _own_code),
    Rule(Late(r"(?<![\d.,])[1-9]\d{3}(?![\d.,]\d|\d|\s?年)"), _in_a_row),
    Rule(
        Late(r"(?<![\d.,])[1-9]\d{3}(?![\d.,]\d|\d|\s?年)"),
        _price,
        "notice.read-as-quantity",
    ),
    Rule(
        Late(r"(?<![\d.,])[1-9]\d{3}(?![\d.,]\d|\d|\s?年)"),
        _behind_a_name,
        "notice.read-as-stock",
    ),
)
