"""Rules for years, dates and clock times, in the order in which they are tried."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import gcd

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, before, counted, left
from anchor.mandarin.rules import clock
from anchor.mandarin.rules.durations import race_time
from anchor.mandarin.rules.years import bare_year, decade, plain_year, small_number, year_span
from anchor.mandarin.spoken_text import Piece, Said, pause, said_whole

DATE_BEFORE = re.compile(r"(?:[於在自從至到將訂]|[今明去]年|日期|時間|預計|期限|[:：~～-])\s?$")
DATE_AFTER = re.compile(r"\s?(?:[（(][一二三四五六日週周]|[開起前至到~～晚舉截上下凌當正]|-\d)")
FRACTION_AFTER = re.compile(r"\s?(?:的|以上|以下|席|強|左右|多數|個|杯|匙|人口|決)")
SMALL_DENOMINATOR = 10
LISTED = re.compile(r"\d{1,2}/\d{1,2}(?:、\d{1,2})*(?:、|和|及|與)$")
SPAN_BEFORE = re.compile(r"(?<!\d)\d{1,2}/\d{1,2}\s?(?:[（(][一二三四五六日][)）]\s?)?[-~～–—至到]\s?$")
"""From a day on: 11/14-16, 11/14-11/16."""
PAIR_FROM = 20
"""A greater number over one above this is a pair and no fraction: 血壓140/90."""
WEEKDAY = "(?:週|周|星期|禮拜)?[一二三四五六日]"
DAY_SIGN = r"(?:\s?(?P<day>[日號](?![本方圓幣籍系商媒職軍劇韓式語文產版相皇經]|元[^旦宵])))?"
"""日 or 號 that is written behind a date with slashes all the same; never the first character of 日本, 日圓 …"""


def is_day(month: int, day: int) -> bool:
    """Whether a month has that day (29 February counts)."""
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _full_date(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2026/11/23, 2026-11-23, 115.11.23, 115/01/14."""
    year, month, day = match["y"], match["m"], match["d"]
    if not is_day(int(month), int(day)):
        return None
    roc = len(year) < 4
    if roc and not (match["s"] == "/" or 80 <= int(year) <= 160):
        return None
    out: list[Piece] = []
    if roc:
        start, end = match.span()
        out += [] if before(text, start, "民國") else said_whole("民國", start, end)
        out += said_integer(year, match.start("y"))
    else:
        out += said_digits(year, match.start("y"))
    out.append(Said("年", Span(match.end("y"), match.end("y") + 1)))
    out += small_number(month, match.start("m"))
    out.append(Said("月", Span(match.end("m"), match.end("m") + 1)))
    out += small_number(day, match.start("d"))
    out.append(Said(match["day"] or "日", Span(match.end() - 1, match.end())))
    return out


def _roc_digits(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1150114."""
    digits, at = match[0], match.start()
    if not is_day(int(digits[3:5]), int(digits[5:])):
        return None
    out: list[Piece] = [] if before(text, at, "民國") else [*said_whole("民國", at, at + 7)]
    for part, first, unit in ((digits[:3], 0, "年"), (digits[3:5], 3, "月"), (digits[5:], 5, "日")):
        out += said_integer(part, at) if first == 0 else small_number(part, at + first)
        out.append(Said(unit, Span(at + first + len(part) - 1, at + first + len(part))))
    return out


def _plain_digits(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """20261123."""
    digits, at = match[0], match.start()
    if not is_day(int(digits[4:6]), int(digits[6:])):
        return None
    out: list[Piece] = [*said_digits(digits[:4], at), Said("年", Span(at + 3, at + 4))]
    for first, unit in ((4, "月"), (6, "日")):
        out += [*small_number(digits[first : first + 2], at + first), Said(unit, Span(at + first + 1, at + first + 2))]
    return out


def _year_month(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2026/11."""
    year, month = match[1], match[2]
    if not 1 <= int(month) <= 12:
        return None
    slash = Span(match.end(1), match.end(1) + 1)
    last = Span(match.end() - 1, match.end())
    return [
        *said_digits(year, match.start(1)),
        Said("年", slash),
        *small_number(month, match.start(2)),
        Said("月", last),
    ]


def _listed_day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """11/23、24: a day of the same month."""
    if int(match[0]) > 31 or not LISTED.search(left(text, match.start())):
        return None
    return [*small_number(match[0], match.start()), Said("日", Span(match.end() - 1, match.end()))]


def _last_day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """11/14-16: the last day of a span in one month."""
    begun = SPAN_BEFORE.search(left(text, match.start()))
    if (
        begun is None
        or not 1 <= int(match[0]) <= 31
        or (counted(text, match.end()) and begun[0].rstrip()[-1] in "至到")
    ):
        return None
    return [*small_number(match[0], match.start()), Said("日", Span(match.end() - 1, match.end()))]


def _month(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """11月, 2月, 3-5月."""
    if int(match["a"]) > 12 or (match["b"] and int(match["b"]) > 12):
        return None
    return _span_of_days(match)


def _day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """23日, 1號, 3-5日."""
    if int(match["a"]) > 31 or (match["b"] and int(match["b"]) > 31):
        return None
    return _span_of_days(match)


def _one_day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1日遊, 1日3餐: so many days, no date."""
    return said_integer(match[0], match.start())


def _day_of_month(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3月29(日): the day goes without its sign where the weekday follows."""
    if int(match[1]) > 31:
        return None
    return [*small_number(match[1], match.start(1)), Said("日", Span(match.end() - 1, match.end()))]


def _span_of_days(match: re.Match[str]) -> list[Piece]:
    out: list[Piece] = [*small_number(match["a"], match.start("a"))]
    if match["b"]:
        out.append(Said(match["to"] if match["to"] in "至到" else "到", Span(*match.span("to"))))
        out += small_number(match["b"], match.start("b"))
    return out


def _is_fraction(match: re.Match[str], text: str) -> bool:
    top, bottom = int(match[1]), int(match[2])
    if is_day(top, bottom) and SPAN_BEFORE.search(left(text, match.start())):
        return False
    if not is_day(top, bottom) or FRACTION_AFTER.match(text, match.end()):
        return True
    if DATE_BEFORE.search(left(text, match.start())) or DATE_AFTER.match(text, match.end()):
        return False
    return top < bottom <= SMALL_DENOMINATOR and gcd(top, bottom) == 1


def _slash_date(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """11/23."""
    if not is_day(int(match[1]), int(match[2])) or (not match["day"] and _is_fraction(match, text)):
        return None
    out: list[Piece] = [*small_number(match[1], match.start(1)), Said("月", Span(match.end(1), match.end(1) + 1))]
    out += small_number(match[2], match.start(2))
    out.append(Said(match["day"] or "日", Span(match.end() - 1, match.end())))
    return out


def _fraction(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3/4 → 四分之三: every character says the whole."""
    start, end = match.span()
    if int(match[1]) > int(match[2]) > PAIR_FROM:
        slash = pause(BreakKind.MINOR, match.end(1), match.end(1) + 1, "、")
        return [*said_integer(match[1], start), slash, *said_integer(match[2], match.start(2))]
    spoken = [*said_integer(match[2], 0), *said_whole("分之", 0, 1), *said_integer(match[1], 0)]
    return [Said(s.text, Span(start, end), YI if s.text == "一" else None) for s in spoken]


def _pressure(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """血壓140/90, 185/110mmHg: two numbers."""
    said = match["unit"] or re.search(r"(?:血壓|收縮壓|舒張壓)[一-龥]{0,6}$", left(text, match.start()))
    if not said:
        return None
    slash = pause(BreakKind.MINOR, match.end(1), match.end(1) + 1, "、")
    unit = said_whole("毫米汞柱", *match.span("unit")) if match["unit"] else []
    return [*said_integer(match[1], match.start()), slash, *said_integer(match[2], match.start(2)), *unit]


def _hour(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """09時, 2時: 二, as the written 時 asks."""
    if int(match[1]) > 24:
        return None
    return small_number(match[1], match.start())


def _minute_sign(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """05分 behind an hour: 零五分; 30分: 三十分."""
    digits, at = match[1], match.start()
    if digits[0] == "0":
        return said_digits(digits, at)
    return said_integer(digits, at)


def _ordinals(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """第2-3名."""
    return [
        *small_number(match[1], match.start(1)),
        Said(match[2] if match[2] in "至到" else "到", Span(*match.span(2))),
        *small_number(match[3], match.start(3)),
    ]


def _ordinal(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """第2, 第12: 二, never 兩; 第1 keeps its tone."""
    return small_number(match[1], match.start()) if len(match[1]) == 1 else said_integer(match[1], match.start())


def _weekday(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """11/23(一): 週一."""
    return [
        Said("週", Span(match.start(), match.start(1))),
        Said(match[1], Span(*match.span(1)), YI if match[1] == "一" else None),
    ]


_TO = r"\s?(?P<to>[-~～–—至到])\s?"
RULES = (
    Rule(
        Late(
            r"(?<![\d.])(?P<y>(?:1[5-9]|20|21)\d\d|\d{2,3})(?P<s>[/.-])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d.]\d?)"
            + DAY_SIGN
        ),
        _full_date,
    ),
    Rule(Late(r"(?<!\d)1[0-5]\d(?:0[1-9]|1[0-2])[0-3]\d(?![\d,.]|\s?[元人名張股萬億年])"), _roc_digits),
    Rule(
        Late(r"(?<![\d.,])(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d(?![\d,.%]|\s?[元人名張股萬億年戶件噸筆次])"),
        _plain_digits,
    ),
    Rule(Late(r"(?<![\d.,/])((?:19|20)\d\d)/(\d{1,2})(?![\d/.])"), _year_month),
    Rule(Late(r"(?<![\d.,])\d{1,2}(?![\d./:,%]|\s?(?![兩三四連舉登開在於晚])[一-龥])"), _listed_day),
    Rule(Late(r"(?<![\d.,])\d{1,2}(?![\d./:,%]|\s?[日號月年])"), _last_day),
    Rule(
        Late(r"(?<![\d.,])[1-9]0(?=年代)|(?<![\d.,])[0-9]0(?=後(?:世代|的|父母|青年|選手|族群|新|$|[，。、「」]))"),
        decade,
    ),
    Rule(
        Late(r"(?<![\d:.])(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?:\.(?P<c>\d{1,3}))?(?![\d:])"),
        race_time,
    ),
    Rule(Late(r"(?<![\d.])((?:19|20|21)\d\d)\s?([-~～–—至到])\s?((?:19|20|21)\d\d)(?=\s?年)"), year_span),
    Rule(Late(r"(?<![\d.,])(\d{1,4})(?=\s?年)"), plain_year),
    Rule(Late(rf"(?<![\d.,])(?P<a>\d{{1,2}})(?:{_TO}(?P<b>\d{{1,2}}))?(?=\s?月)"), _month),
    Rule(Late(r"(?<![\d.,月])1(?=日(?:[遊券票]|店長|行程|\d(?!\d?[:：時點月日/])))"), _one_day),
    Rule(Late(rf"(?<![\d.,])(?P<a>\d{{1,2}})(?:{_TO}(?P<b>\d{{1,2}}))?(?=\s?[日號](?!圓|元|幣))"), _day),
    Rule(Late(r"(?<![\d./])(\d{1,2})/(\d{1,2})(?![\d/])" + DAY_SIGN), _slash_date),
    Rule(Late(rf"(?<=月)(\d{{1,2}})(?=\s?[（(]{WEEKDAY}[)）])"), _day_of_month),
    Rule(Late(r"(?<![\d./])(\d{2,3})/(\d{2,3})(?:\s?(?P<unit>mmHg|毫米汞柱))?(?![\d/])"), _pressure),
    Rule(
        Late(r"(?<![\d./])([1-9]\d{0,2})/([1-9]\d{0,2})(?![\d/])"),
        _fraction,
        "notice.read-as-fraction",
    ),
    *clock.RULES,
    Rule(Late(r"(?<![\d.,])(\d{1,2})(?=\s?時)"), _hour),
    Rule(Late(r"(?<=[時點:])(\d{1,2})(?=\s?分)"), _minute_sign),
    Rule(Late(r"(?<=[\d日號])\s?[（(](?:週|周|星期|禮拜)?([一二三四五六日])[)）]"), _weekday),
    Rule(
        Late(
            r"(?<![\d.,$€£¥A-Za-z-])(?:19|20)\d\d(?![\d,.%‰°℃℉㏄㎡㎞㎝㎜㎏㎎½:/-]|\s?[十百千萬億兆多餘~～至到])(?!\s?[a-zA-Z]{1,3}(?![A-Za-z]))|(?:19|20)\d\d(?=\s(?:AI|ICT))"
        ),
        bare_year,
    ),
    Rule(Late(r"(?<=第)(\d{1,3})\s?([-~～–—至到])\s?(\d{1,3})(?![\d.,-]|\s?[條號]之)"), _ordinals),
    Rule(Late(r"(?<=第)(\d+)(?![\d.,])"), _ordinal),
)
