"""Reading digits aloud: integers, mixtures with 萬 億 兆, decimals, digit strings."""

from __future__ import annotations

import re

from anchor.core.time import Span
from anchor.mandarin.spoken_text import Said

DIGITS = "零一二三四五六七八九"
YI = "yi1"
PLACES = ("", "十", "百", "千")
GROUPS = ("", "萬", "億", "兆")
MAGNITUDES = {"十": 10, "百": 100, "千": 1000, "萬": 10**4, "億": 10**8, "兆": 10**12}
MULTIPLES = ("十", "百", "千")
LONGEST = 16
"""Digits; a longer number is read digit by digit."""

INTEGER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
NUMBER = rf"{INTEGER}(?:\.\d+)?"
QUANTITY = rf"{NUMBER}(?:(?:[十百千萬億兆](?:{NUMBER}(?=[十百千萬億兆]))?)*[十百千萬億兆](?:{INTEGER})?)?"
"""3億5,000萬, 1萬2,000, 5千萬, 1.5兆, 23,456.78."""


def said_digit(char: str, at: int) -> Said:
    """One digit by its name; 1 is yī, never yāo."""
    return Said(DIGITS[int(char)], Span(at, at + 1), YI if char == "1" else None)


def said_digits(text: str, at: int) -> list[Said]:
    """Every digit of `text` by its name; other characters are passed over."""
    return [said_digit(char, at + i) for i, char in enumerate(text) if char.isdigit()]


def said_integer(text: str, at: int, *, pair: bool = False) -> list[Said]:
    """An integer with its place values.

    Args:
        text: digits, perhaps with thousands separators.
        at: where `text` begins in the written text.
        pair: read a lone 2 as 兩.
    """
    digits = [(int(char), at + i) for i, char in enumerate(text) if char.isdigit()]
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0][0] == 0):
        return said_digits(text, at)
    if len(digits) == 1:
        value, where = digits[0]
        return [Said("兩" if pair and value == 2 else DIGITS[value], Span(where, where + 1))]
    out: list[Said] = []
    zero: int | None = None
    group_value = 0
    for index, (value, where) in enumerate(digits):
        left = len(digits) - 1 - index
        place, group = left % 4, left // 4
        span = Span(where, where + 1)
        group_value = group_value * 10 + value
        if value == 0:
            zero = where if zero is None else zero
        else:
            if zero is not None and out:
                out.append(Said("零", Span(zero, zero + 1)))
            zero = None
            alone = place == 0 and group > 0 and not out
            char = "兩" if value == 2 and (place >= 2 or alone) else DIGITS[value]
            if not (value == 1 and place == 1 and not out):
                out.append(Said(char, span))
            if place:
                out.append(Said(PLACES[place], span))
        if place == 0:
            if group and group_value:
                out.append(Said(GROUPS[group], span))
                zero = None
            group_value = 0
    return out


def said_decimal(text: str, at: int, *, pair: bool = False) -> list[Said]:
    """An integer or a decimal: the digits behind the point one by one."""
    whole, point, rest = text.partition(".")
    if not point:
        return said_integer(text, at, pair=pair)
    out = said_integer(whole, at)
    if len(out) == 1 and out[0].text == "一":
        out = said_digits(whole, at)
    dot = at + len(whole)
    return [*out, Said("點", Span(dot, dot + 1)), *said_digits(rest, dot + 1)]


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def said_quantity(text: str, at: int, *, pair: bool = False) -> list[Said]:
    """What `QUANTITY` matches; `pair` as in `said_integer`, for the number that stands last."""
    out: list[Said] = []
    above = 0.0
    parts = list(re.finditer(rf"({NUMBER})|([十百千萬億兆])", text))
    for index, part in enumerate(parts):
        if part[2]:
            out.append(Said(part[2], Span(at + part.start(), at + part.end()), written=True))
            above = MAGNITUDES[part[2]]
            continue
        behind = parts[index + 1][2] if index + 1 < len(parts) else ""
        big = _value(part[1]) * (MAGNITUDES[behind] if behind else 1)
        short = above >= 100 and not behind and len(part[1]) == 1 and parts[index - 1][2] != "十"
        if above and big and not short and big * 10 < above and behind not in MULTIPLES and part[1][0] != "0":
            out.append(Said("零", Span(at + part.start(), at + part.start() + 1)))
        two = behind not in ("", "十") or (pair and not behind and not above)
        out += said_decimal(part[1], at + part.start(), pair=two)
    return out
