"""Rules for rates: an amount, a slash and what it is counted by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from anchor.core.time import Span
from anchor.mandarin.numerals import QUANTITY, said_quantity
from anchor.mandarin.rule import Late, Rule, left
from anchor.mandarin.rules.amounts import MONEY, say_money
from anchor.mandarin.spoken_text import Piece, Said, said_whole
from anchor.mandarin.tables import load_rows

PER = "|".join(per for per, *_ in load_rows("rates"))
"""As a regular expression."""
_MONEY = "新?[台臺]幣|美元|美金|歐元|日圓|日元|人民幣|港幣|英鎊|元|塊|圓"
_COUNTED = "|".join(sorted((measure for measure, *_ in load_rows("measures")), key=len, reverse=True))
_WHAT = rf"(?:(?P<sum>{_MONEY})|{_COUNTED})"
_SLASH = r"\s?[/／]\s?"


def _rate(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1.5元/股, 3,000元/月, 300-500元/人, 80萬/坪: 每 and what it is counted by stand before the amount."""
    if not match["what"] and match["a"][-1] not in "十百千萬億兆" and not match["b"]:
        return None
    start, end = match.span()
    per, many = match["per"], match["many"]
    if many and not match["sum"]:
        return None
    said_already = not many and re.search(rf"每\s?{re.escape(per)}[一-龥]{{0,6}}[:：為約達是]?\s?$", left(text, start))
    out: list[Piece] = [] if said_already else [*said_whole("每", start, end)]
    if many:
        out += [replace(s, span=Span(start, end)) for s in said_quantity(many, 0, pair=True)]
    out += [] if said_already else said_whole(per, start, end)
    out += said_quantity(match["a"], match.start("a"), pair=True)
    if match["b"]:
        out.append(Said("到", Span(*match.span("to"))))
        out += said_quantity(match["b"], match.start("b"), pair=True)
    at = match.start("what")
    return [*out, *(Said(char, Span(at + i, at + i + 1)) for i, char in enumerate(match["what"] or ""))]


def _priced(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """US$70/桶."""
    return [*said_whole("每" + match["per"], *match.span()), *say_money(match)]


RULES = (
    Rule(Late(rf"{MONEY}{_SLASH}(?P<per>{PER})"), _priced),
    Rule(
        Late(
            rf"(?<![\d.,/])(?P<a>{QUANTITY})(?:\s?(?P<to>[-~～–至到])\s?(?P<b>{QUANTITY}))?"
            rf"\s?(?P<what>{_WHAT})?{_SLASH}(?P<many>\d{{1,4}}\s?)?(?P<per>{PER})"
        ),
        _rate,
    ),
)
