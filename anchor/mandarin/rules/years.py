"""Years: 2026年, 民國115年, 80年代, 2024-2026年; which rule comes first is for dates.py to say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_digits, said_integer
from anchor.mandarin.rule import before, counted
from anchor.mandarin.spoken_text import Piece, Said

TAIWAN_AFTER = re.compile(r"\s?[臺台][北中南東灣](?![大幅部批])")
"""臺 counts machines, but here it names a place: 2026 臺北書展."""
AMOUNT_BEFORE = (
    "共",
    "約",
    "達",
    "逾",
    "近",
    "超過",
    "至少",
    "有",
    "為",
    "漲",
    "跌",
    "是",
    "計",
    "增",
    "減",
    "破",
    "到",
    "售",
    "價",
)
YEAR_BEFORE = ("來到", "回到", "直到")
EARLIEST_YEAR, LATEST_YEAR = 1500, 2199


def small_number(text: str, at: int) -> list[Said]:
    """A small number without its leading zero; 一 keeps its tone."""
    kept = text.lstrip("0") or "0"
    return [Said(s.text, s.span, YI) if s.text == "一" else s for s in said_integer(kept, at + len(text) - len(kept))]


def decade(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """80年代, 90後."""
    return said_digits(match[0], match.start())


def plain_year(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2026年 digit by digit; 民國115年 and 99年 as numbers."""
    digits, at = match[1], match.start()
    if before(text, at, "民國", "民前"):
        return small_number(digits, at) if len(digits) == 1 else said_integer(digits, at)
    if len(digits) == 4 and (EARLIEST_YEAR <= int(digits) <= LATEST_YEAR or before(text, at, "西元", "公元")):
        return said_digits(digits, at)
    return None


def bare_year(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2026 in a title, 2026 AI論壇: digit by digit, unless something is counted."""
    if counted(text, match.end()) and not TAIWAN_AFTER.match(text, match.end()):
        return None
    if before(text, match.start(), *AMOUNT_BEFORE) and not before(text, match.start(), *YEAR_BEFORE):
        return None
    return said_digits(match[0], match.start())


def year_span(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2024-2026年, 2024至2026年: both digit by digit."""
    out: list[Piece] = [*said_digits(match[1], match.start(1))]
    out.append(Said("到" if match[2] in "-~～–—" else match[2], Span(*match.span(2))))
    return [*out, *said_digits(match[3], match.start(3))]
