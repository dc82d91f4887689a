"""Rules for numbers that name something: telephones, service lines, stock codes, models, scores."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, counted, left
from anchor.mandarin.rules.amounts import INDEX_WORDS, LONG_UNITS, UNITS
from anchor.mandarin.rules.clock import score_side
from anchor.mandarin.said import Piece, Said, pause

MODEL_BEFORE = re.compile(r"(?:[A-WYZa-wyz]|(?<!\d)[xX])[- ]?$")
MODEL_AMOUNT = re.compile(
    rf"[\d,.]*(?:\s?[十百千萬億兆%‰]|(?:{UNITS})(?![A-Za-z0-9])|\s(?:{LONG_UNITS})(?![A-Za-z0-9])"
    r"|\s?(?:[KMGTP]i?[Bb](?:ps|/s)?|MT/s|[TG]OPS|TFLOPS|[fF][pP][sS]|nits?|dpi|ppi|rpm|hp|PS|bps?|Wh)(?![A-Za-z0-9]))"
)
"""Behind a number that measures, though a Latin word stands before it: GPU 700W, 4K 120Hz."""
MEASURED_BEFORE = re.compile(
    r"(?:[為是達至到率幅約溫度額量餘減增長退利酬值數差在跌漲於和與及負計估測元點分盈淨損益比氏探僅剩有正]|等於|出現|來到)$"
)
MEASURED_AFTER = re.compile(
    r"[\d,.]*\s?(?:[%‰°℃℉十百千萬億兆]|度(?!假)|個?百分點|元|點(?!火)|分(?![隊機店部局艦])|倍|公[里尺分斤釐克]|毫|美元|[~～至到])"
)
"""Around a minus behind a Chinese character: 氣溫-5度, 年增率-2.5%."""
INDEX = re.compile(rf"{INDEX_WORDS} ?$")
"""Before a number that measures: never digit by digit."""
FAMILY = re.compile(
    r"(?:殲|轟|運|直|蘇|米格|神舟|長征|東風|巨浪|鷹擊|火星|雄風|天弓|天劍|天宮|嫦娥|天問|紅旗|翼龍|攻擊|無偵|彩虹|隼|福衛)$"
)
"""Before a hyphen that a space parts from it: a type and no minus."""
FORMATION = re.compile(
    r"(?:陣[型形式]|陣容|[排擺]出|改打|變陣|採用?取?)[「『]?#|#[」』]?的?\s?(?:備份|原則|法則|口訣|守則|陣|隊形|戰術|打法|站位)"
)
"""Around numbers of players in their lines."""
SERIAL_BEFORE = re.compile(r"(?:ISBN|ISSN|條碼|帳號|序號|編號|案號|料號|統編|號碼)\s?[是為：:]?\s?$")
SERIAL_GROUPS, CODE_GROUP, DATE_GROUP = 4, 3, 4
"""Groups of a code; digits of one of them; digits of a year, the longest that a date has."""
MODEL_SHORT = 2
"""Digits of a model number that is read as a number; a longer one digit by digit."""


def _room(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1208室, 波音737, 99旅: digit by digit."""
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
    if known is None or INDEX.search(left(text, match.start())):
        return None
    spaced = known[0].endswith(" ") and match.start() == start
    if spaced and (counted(text, match.end()) or MODEL_AMOUNT.match(text, match.end())):
        return None
    return _model_digits(match)


def _han_model(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """殲-20, 神舟-21號, 天弓-3型: a hyphen and no minus, unless something is measured."""
    if MEASURED_BEFORE.search(left(text, match.start())) or MEASURED_AFTER.match(text, match.end()):
        return None
    return _model_digits(match)


def _model_digits(match: re.Match[str]) -> list[Piece]:
    out: list[Piece] = [*_model_number(match["n"], match.start("n"))]
    if match["d"]:
        dot = match.start("d")
        out += [Said("點", Span(dot, dot + 1)), *said_digits(match["d"], dot)]
    return out


def _spaced_model(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """殲 -20: a space before the hyphen, behind a family of weapons or spacecraft."""
    if not FAMILY.search(left(text, match.start())):
        return None
    return _model_digits(match)


def _flight(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """B7-8611, 7C2601班機 behind its letter: digit by digit."""
    return said_digits(match[0], match.start())


def _formation(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """4-3-3陣型: digit by digit."""
    ahead, behind = text[match.end() : match.end() + 4], left(text, match.start())
    return said_digits(match[0], match.start()) if FORMATION.search(f"{behind}#{ahead}") else None


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


def _grouped(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """CVE-2025-13223 behind its letters: digit by digit, a short pause at each hyphen."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|-", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        if part[0] != "-":
            out += said_digits(part[0], start)
        elif out:
            out.append(pause(BreakKind.MINOR, start, end, "、"))
    return out


def _serial(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """ISBN 978-986-5562-88-7, 帳號012-345-678901."""
    groups = match[0].split("-")
    long = len(groups) >= SERIAL_GROUPS and any(len(group) >= CODE_GROUP for group in groups)
    if long or len(groups[-1]) > DATE_GROUP or SERIAL_BEFORE.search(left(text, match.start())):
        return _grouped(match, text)
    return None


def _shop(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """7-11, the shops."""
    return [Said("Seven-Eleven", Span(*match.span()), latin=True)]


def _numbered(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """No.1, No. 12."""
    return [Said("Number", Span(match.start(), match.start(1)), latin=True), *_model_number(match[1], match.start(1))]


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
    Rule(Late(r"(?<=CVE)-\d{4}-\d{3,7}(?!\d)"), _grouped),
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
RULES_MODELS = (
    Rule(Late(r"(?<![A-Za-z0-9][A-Z])(?<=[A-Z])\d-\d{3,4}(?!\d)"), _flight),
    Rule(Late(r"(?<![A-Za-z0-9][A-Z])(?<=[A-Z])\d{4,5}(?=\s?[次號]?(?:班機|航班|班次|客機))"), _flight),
    Rule(
        Late(
            r"(?<![\d.,第])\d{2,3}(?=(?:(?:機步|裝甲|聯兵|聯合兵種|摩步|陸戰)?旅(?![客遊行館宿程費次人店居途伴展群])|砲指部|航空旅|聯隊|師(?=[的於在今昨官部今]|$)))"
        ),
        _room,
    ),
    Rule(Late(r"(?<![\d.-])[1-9](?:-[1-9]){2,3}(?![\d-])"), _formation),
    Rule(Late(r"(?<=[一-龥」』])\s[-–](?P<n>\d{1,4})(?P<d>)(?![\d,:/-])"), _spaced_model),
    Rule(Late(r"(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(Late(r"-(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(Late(r"(?<=[一-龥」』])[-–](?P<n>\d{1,4})(?:\.(?P<d>\d+))?(?![\d,:/-])"), _han_model),
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
