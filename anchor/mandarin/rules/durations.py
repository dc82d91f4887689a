"""How long something took: 2:03:21, 1:23.45; which rule comes first is for dates.py to say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.time import Span
from anchor.mandarin.numerals import said_digits, said_integer
from anchor.mandarin.rule import left
from anchor.mandarin.rules.clock import is_ratio
from anchor.mandarin.spoken_text import Piece, Said

CLOCK_BEFORE = re.compile(r"(?:[上下中]午|凌晨|清晨|晚間|晚上|深夜|傍晚|時間|[於在至到])\s?$")
RACE_WORDS = re.compile(r"完賽|成績|紀錄|跑出|游出|騎出|耗時|費時|片長|全馬|半馬|馬拉松|路跑|鐵人|奪|冠軍")


def race_time(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2:03:21 → 兩小時三分二十一秒; 1:23.45 → 一分二十三秒四五."""
    hour, minute, second, rest = match["h"], match["m"], match["s"], match["c"]
    if hour and (hour[0] == "0" or int(hour) > 9 or CLOCK_BEFORE.search(left(text, match.start()))) and not rest:
        around = text[max(0, match.start() - 12) : match.start()] + text[match.end() : match.end() + 8]
        if not RACE_WORDS.search(around):
            return None
    if not hour and (not rest or is_ratio(match, text)):
        return None
    out: list[Piece] = []
    for group, digits, unit in (("h", hour, "小時"), ("m", minute, "分"), ("s", second, "秒")):
        if not digits:
            continue
        end = match.end(group)
        colon = Span(end, end + 1) if group != "s" or rest else Span(end - 1, end)
        kept = digits.lstrip("0") or "0"
        out += said_integer(kept, end - len(kept), pair=group == "h")
        out += [Said(char, colon) for char in unit]
    return [*out, *said_digits(rest, match.start("c"))] if rest else out
