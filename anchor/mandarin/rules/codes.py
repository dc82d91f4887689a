"""Rules for numbers that name something: serials, versions, rooms, floors, addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, left
from anchor.mandarin.rules.clock import score_side
from anchor.mandarin.rules.models import model_number
from anchor.mandarin.rules.telephones import grouped
from anchor.mandarin.spoken_text import Piece, Said, pause

SERIAL_BEFORE = re.compile(r"(?:ISBN|ISSN|條碼|帳號|序號|編號|案號|料號|統編|號碼)\s?[是為：:]?\s?$")
SERIAL_GROUPS, CODE_GROUP, DATE_GROUP = 4, 3, 4
"""Groups of a code; digits of one of them; digits of a year, the longest that a date has."""


def _room(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1208室, 波音737: digit by digit."""
    return said_digits(match[0], match.start())


def _floor(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3F, B1F."""
    group = 1 if match[1] else 2
    return [*score_side(match[group], match.start(group)), Said("樓", Span(match.end(group), match.end()))]


def _average(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """打擊率.312 → 三成一二."""
    digits, at = match[1], match.start(1)
    tenth = said_digits(digits[0], at)
    return [*tenth, Said("成", Span(match.start(), at)), *said_digits(digits[1:], at + 1)]


def _section(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """§12."""
    first, last = Span(match.start(), match.start(1)), Span(match.end() - 1, match.end())
    return [Said("第", first), *said_integer(match[1], match.start(1)), Said("條", last)]


def _type_suffix(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """波音737-800, A350-900."""
    if not re.search(r"(?:波音\s?|空巴|[A-Z]-?)\d{3}$", left(text, match.start())):
        return None
    return said_integer(match[1], match.start(1))


def _dotted(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """B.1.1.7, and V1.2.3 behind its letter."""
    return _version(match, text)


def _three_on_three(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3x3籃球."""
    return [
        *said_digits(match[1], match.start(1)),
        Said("對", Span(*match.span(2))),
        *said_digits(match[3], match.start(3)),
    ]


def _cross(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """品牌x藝術家: only joins."""
    return [pause(BreakKind.MINOR, match.start(), match.end(), "、")]


def _times(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """4x100, 1920x1080."""
    return [Said("乘", Span(*match.span()))]


def _tenfold(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """10x."""
    return [Said("倍", Span(*match.span()))]


def _versus(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """A vs. B."""
    return [Said("對", Span(*match.span()))]


def _half_day(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """5pm, 10:30 a.m."""
    hour, minute = match[1], match[2]
    if not 1 <= int(hour) <= 12 or (minute and int(minute) > 59):
        return None
    half = "上午" if match["half"][0] in "aA" else "下午"
    clock: list[Piece] = [
        *said_integer(hour, match.start(1), pair=True),
        Said("點", Span(match.end(1), match.end(1) + 1)),
    ]
    if minute and int(minute):
        spoken = said_digits(minute, match.start(2)) if minute[0] == "0" else said_integer(minute, match.start(2))
        clock += [*spoken, Said("分", Span(match.end(2), match.end(2) + 1))]
    return [*(Said(char, Span(*match.span())) for char in half), *clock]


def _nth(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """2nd, 31st."""
    return [Said("第", Span(*match.span())), *score_side(match[1], match.start(1))]


def _long_string(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """More digits than any number has: one by one."""
    return said_digits(match[0], match.start())


def _version(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """17.4.1, 192.168.1.1: every part a number."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|\.", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        out += [Said("點", Span(start, end))] if part[0] == "." else model_number(part[0], start)
    return out


def _address(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """12-1號 → 十二之一號, 第185-3條."""
    return [
        *said_integer(match[1], match.start(1)),
        Said("之", Span(match.end(1), match.end(1) + 1)),
        *score_side(match[2], match.start(2)),
    ]


def _tower(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """臺北101, 95無鉛, 今彩539: digit by digit."""
    return said_digits(match[0], match.start())


def _around_the_clock(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """24/7, as English has it."""
    return [
        Said("twenty-four", Span(match.start(), match.start() + 2), latin=True),
        Said("seven", Span(match.start() + 2, match.end()), latin=True),
    ]


def _serial(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """ISBN 978-986-5562-88-7, 帳號012-345-678901."""
    groups = match[0].split("-")
    long = len(groups) >= SERIAL_GROUPS and any(len(group) >= CODE_GROUP for group in groups)
    if long or len(groups[-1]) > DATE_GROUP or SERIAL_BEFORE.search(left(text, match.start())):
        return grouped(match, text)
    return None


def _shop(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """7-11, the shops."""
    return [Said("Seven-Eleven", Span(*match.span()), latin=True)]


def _numbered(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """No.1, No. 12."""
    return [Said("Number", Span(match.start(), match.start(1)), latin=True), *model_number(match[1], match.start(1))]


def _to(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """第一-三章, 週一-週五."""
    return [Said("到", Span(*match.span()))]


def _joined(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """A dash between two times or dates: 到."""
    if JOINABLE.search(left(text, match.start())):
        return [Said("到", Span(*match.span()))]
    return None


JOINABLE = re.compile(
    r"(?::\d\d|/\d{1,2}|\d\s?(?:[日號月年時分點度元人%‰級成樓歲天週層集坪萬億]|小時|公[里尺分斤噸]|[上下]午)"
    r"|[一二三四五六七八九十](?:[日月年時點度成樓歲天週層]|小時|分鐘?))$"
)
RULES_FIRST = (
    Rule(Late(r"(?<!\d)24/7(?![\d日號、])"), _around_the_clock),
    Rule(Late(r"(?<![\d.-])\d+(?:-\d+){2,}(?![\d.-])"), _serial),
    Rule(Late(r"(?<=CVE)-\d{4}-\d{3,7}(?!\d)"), grouped),
    Rule(Late(r"\d[\d,]{24,}+|(?<![\d.,])97[89]\d{10}(?![\d.,])"), _long_string),
    Rule(Late(r"(?<=[台臺]北)\s?101|101(?=大樓|煙火|購物|觀景)"), _tower),
    Rule(Late(r"7-(?:11|ELEVEN|ELEVEn|Eleven)(?![\d日號月])"), _shop),
    Rule(Late(r"(?<![\d.,])9[258](?=(?:[、及和與/]9[258])*(?:無鉛|汽油|的?油))"), _tower),
    Rule(Late(r"(?<=今彩)\d{3}(?!\d)"), _tower),
    Rule(Late(r"N[oO]\.\s?(\d+)"), _numbered),
    Rule(Late(r"[-–—~～]\s?(?=\d)"), _joined),
    Rule(Late(r"(?<=[一二三四五六七八九十])[-–~～](?=第?[一二三四五六七八九十]|[週周]|星期)"), _to),
    Rule(Late(r"(?<![\d.,])\d{3,4}(?=號?(?:室|病房|教室|房(?!屋)|包廂))|(?<=波音)\s?7\d7"), _room),
    Rule(Late(r"(?<![A-Za-z\d.,-])(\d{1,2})F(?![A-Za-z0-9-])|(?<=B)(\d)F(?![A-Za-z0-9-])"), _floor),
    Rule(Late(r"(?<![\dA-Za-z])\.(\d{3})(?![\d%])"), _average),
    Rule(Late(r"§\s?(\d+)"), _section),
    Rule(Late(r"(?<=\d)-(\d{3})(?![\d,])"), _type_suffix),
    Rule(Late(r"(?<=[A-Za-z])\.\d+(?:\.\d+)*(?!\d)|(?<=[A-Za-z])\d+(?:\.\d+){2,}(?!\d)"), _dotted),
    Rule(Late(r"(3)([xX×])(3)(?=籃)"), _three_on_three),
    Rule(Late(r"(?<![\d:])(\d{1,2})(?::(\d\d))?\s?(?P<half>[ap]\.m\.|[AP]\.M\.|[apAP][mM](?![A-Za-z]))"), _half_day),
    Rule(Late(r"(?<![\d.,])(\d{1,3})(st|nd|rd|th)(?![A-Za-z])"), _nth),
)
RULES_LAST = (
    Rule(Late(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d])"), _version),
    Rule(Late(r"(?<![\d.-])(\d{1,4})-(\d{1,2})(?=[號條巷弄])"), _address),
)
RULES_LATIN = (
    Rule(Late(r"(?<![A-Za-z])[vV][sS](?:\.|(?![A-Za-z]))\s?"), _versus),
    Rule(Late(r"(?<=[一-龥])[xX](?=[一-龥])(?!(?:光|射線|染色體|世代|檔案|軸|教授|戰警))"), _cross),
    Rule(Late(r"(?<=\d)[xX]\s?(?=\d)|(?<=\d )[xX]\s(?=\d)"), _times),
    Rule(Late(r"(?<=\d)[xX](?=[一-龥，。、；]|$)"), _tenfold),
)
"""Tried where a Latin letter begins."""
STARTS = "(（+-–—~～N §."
