"""Rules for days that name something: 921大地震, 403花蓮強震, 716、726投票."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from anchor.mandarin.numerals import said_digits
from anchor.mandarin.rule import Late, Rule, before, counted
from anchor.mandarin.rules.dates import is_day
from anchor.mandarin.rules.years import AMOUNT_BEFORE
from anchor.mandarin.spoken_text import Piece
from anchor.mandarin.tables import load_rows

QUOTES = '[「」『』"“”‧．・·]?'
"""A sign that may stand between a day and what it names."""


def _rows(kind: str) -> str:
    return "|".join(words for k, words, *_ in load_rows("events") if k == kind)


YEARS = re.compile(r"\s?[週周]年(?!慶(?![典祝]))")
"""Behind a number that counts years: 建廟430週年."""


@cache
def _event() -> re.Pattern[str]:
    return re.compile(rf"{QUOTES}(?:{_rows('event')}|{_rows('day')})")


@cache
def _event_at() -> re.Pattern[str]:
    return re.compile(rf"{QUOTES}(?:{_rows('place')})(?:{_rows('event')})")


@cache
def _event_far() -> re.Pattern[str]:
    return re.compile(rf"(?![十百千萬億兆多餘幾年月日號])[一-龥「」]{{1,6}}?(?:{_rows('event')})")


@cache
def _people() -> re.Pattern[str]:
    return re.compile(_rows("people"))


@cache
def _row() -> re.Pattern[str]:
    return re.compile(rf"(?:[、和與及跟或]\d{{3,4}})+(?={QUOTES}(?:{_rows('event')}))")


@cache
def _names() -> re.Pattern[str]:
    return re.compile(_rows("name"))


def _day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """921大地震, 228連假, 403花蓮強震, 716、726投票: the day by its digits."""
    digits = match[0].zfill(4)
    if not is_day(int(digits[:2]), int(digits[2:])):
        return None
    end = match.end()
    if YEARS.match(text, end):
        return None
    row = _row().match(text, end)
    named = row or _event().match(text, end) or _event_at().match(text, end)
    return said_digits(match[0], match.start()) if named else None


def _day_guess(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """602規模六強震, 1218四大公投: a few other words stand between."""
    digits = match[0].zfill(4)
    end = match.end()
    if not is_day(int(digits[:2]), int(digits[2:])) or before(text, match.start(), *AMOUNT_BEFORE, "了", "花", "賣"):
        return None
    if counted(text, end) or YEARS.match(text, end) or _people().match(text, end):
        return None
    return said_digits(match[0], match.start()) if _event_far().match(text, end) else None


def _known(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """88風災, 731部隊, 104人力銀行."""
    known = _names().match(text, match.start())
    return said_digits(match[0], match.start()) if known and known.end() == match.end() else None


RULES = (
    Rule(Late(r"(?<![\d.,])\d{2,4}(?![\d.,])"), _known),
    Rule(Late(r"(?<![\d.,:/])\d{3,4}(?![\d.,]\d|\d)"), _day),
    Rule(
        Late(r"(?<![\d.,:/第])[1-9]\d{2,3}(?![\d.,]\d|\d)"),
        _day_guess,
        "notice.read-as-date",
    ),
)
