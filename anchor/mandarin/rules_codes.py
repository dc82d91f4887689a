"""Rules for numbers that name something: telephones, service lines, stock codes, models, scores."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_decimal, said_digits, said_integer
from anchor.mandarin.rule import Rule, counted, left
from anchor.mandarin.rules_dates import SCORE_WORDS, is_day
from anchor.mandarin.said import Piece, Said, pause

SERVICE_LINES = (
    "110|112|113|117|118|119|123|165|166|167|"
    "168|1911|1922|1925|1933|1950|1955|1957|1966|1968|1980|1988|1991|1995|1996|1999"
)
LINE_AFTER = re.compile(
    r"\s?[」』]?\s?(?:[一-龥]{0,5}專線|報案|報警|救護|反詐|防詐|諮詢|熱線|防疫|市民|婦幼|電話|服務|保護|安心|長照|勤務|通報|檢舉)"
)
LINE_BEFORE = re.compile(r"(?:撥打?|打|電洽|專線|電話|線上|熱線|請洽|報案|通報)[是為:：]?\s?[「『]?\s?$")
MODEL_BEFORE = re.compile(r"[A-Za-z][- ]?$")
MODEL_AMOUNT = re.compile(r"[\d,]*\s?[十百千萬億兆%]")
INDEX = re.compile(r"(?:AQI|EPS|PMI|NMI|CPI|PPI|BMI|VIX|IQ|EQ|SPF|TAIEX|ppm|UV|HDI|Ct|CT|pH|GDP|PER) $")
"""Before a number that measures: never digit by digit."""
CALLED = re.compile(r"(?:電話|傳真|手機|專線|熱線|客服|撥打?|電洽|請洽|洽詢?|來電|叫車|訂位)[是為:：]?\s?[「『]?\s?$")
EXTENSION_BEFORE = re.compile(r"(?:\d\s?轉|分機)\s?[:：]?\s?$")
ANNIVERSARY = re.compile(
    r"\s?(?:大?地震|大震|震災|海嘯|水災|風災|空難|氣爆|恐攻|槍擊|事件|事變|公投|連假|公園|和平|紀念日|就職|國是|"
    r"購物節?|檔期|年中慶|寶寶節|勞工|強震|人力銀行|租屋網?|房屋網)"
)
MODEL_SHORT = 2
"""Digits of a model number that is read as a number; a longer one digit by digit."""


def _spaced(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """412-8185, 2345-6789 where the words around speak of a telephone."""
    return _grouped(match, text) if CALLED.search(left(text, match.start())) else None


def _extension(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """分機123, 轉123 behind a number."""
    if not EXTENSION_BEFORE.search(left(text, match.start())):
        return None
    return said_digits(match[0], match.start())


def _anniversary(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """921大地震, 228連假, 0403地震: the day by its digits."""
    digits = match[0].zfill(4)
    known = is_day(int(digits[:2]), int(digits[2:])) or match[0] in ("591", "104", "518")
    return said_digits(match[0], match.start()) if known and ANNIVERSARY.match(text, match.end()) else None


def _room(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """1208室, 波音737: digit by digit."""
    return said_digits(match[0], match.start())


def _floor(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3F, B1F."""
    group = 1 if match[1] else 2
    return [*_score_side(match[group], match.start(group)), Said("樓", Span(match.end(group), match.end()))]


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
    return [Said("第", Span(*match.span())), *_score_side(match[1], match.start(1))]


def _grouped(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """02-2345-6789, (02)2345-6789, 0912-345-678, 0800-080-080: a short pause at each hyphen."""
    out: list[Piece] = []
    for part in re.finditer(r"\d+|[^\d]+", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        if part[0].isdigit():
            out += said_digits(part[0], start)
        elif part[0].strip() and part[0].strip()[0] in "#e轉分":
            out += [pause(BreakKind.MINOR, start, end, "、"), *(Said(c, Span(start, end)) for c in "轉")]
        elif out:
            out.append(pause(BreakKind.MINOR, start, end, "、"))
    return out


def _long_string(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """More digits than any number has: one by one."""
    return said_digits(match[0], match.start())


def _mobile(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """0912345678, 0800123456: in groups, as they are written elsewhere."""
    out: list[Piece] = []
    for first, last in ((0, 4), (4, 7), (7, 10)):
        at = match.start() + first
        if out:
            out.append(pause(BreakKind.MINOR, at, at, "、"))
        out += said_digits(match[0][first:last], at)
    return out


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
    if INDEX.search(left(text, match.start())):
        return None
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
        listed = SETS_BEFORE.search(around[0]) or SETS_AFTER.match(around[1])
        if not (listed or SCORE_WORDS.search(around[0]) or SCORE_WORDS.search(around[1])):
            return None
    return [
        *_score_side(match[1], match.start(1)),
        Said("比", Span(*match.span(2))),
        *_score_side(match[3], match.start(3)),
    ]


SETS_BEFORE = re.compile(r"\d[-–—]\d{1,3}(?:\(\d+\))?[、，, ]\s?$")
SETS_AFTER = re.compile(r"(?:\(\d+\))?[、，,]\s?\d{1,2}[-–—]\d")
"""Sets of a match stand in a row: 21-19、18-21."""


def _score_side(digits: str, at: int) -> list[Said]:
    if "." in digits:
        return said_decimal(digits, at)
    return [Said(s.text, s.span, YI) if s.text == "一" and len(digits) == 1 else s for s in said_integer(digits, at)]


def _address(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """12-1號 → 十二之一號, 第185-3條."""
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
EXTENSION = r"(?:\s?(?:#|ext\.?\s?|轉|分機)\s?\d{1,6})?"
RULES_FIRST = (
    Rule(re.compile(r"\d[\d,]{24,}+"), _long_string),
    Rule(re.compile(r"(?<=[台臺]北)\s?101|101(?=大樓|煙火|購物|觀景)"), _tower),
    Rule(re.compile(r"7-(?:11|ELEVEN|ELEVEn|Eleven)(?![\d日號月])"), _shop),
    Rule(re.compile(r"N[oO]\.\s?(\d+)"), _numbered),
    Rule(re.compile(r"[-–—~～]\s?(?=\d)"), _joined),
    Rule(re.compile(rf"\+886[- ]?\d{{1,3}}(?:[- ]?\d{{3,4}}){{2}}{EXTENSION}(?!\d)"), _grouped),
    Rule(re.compile(rf"[(（]0\d{{1,3}}[)）]\s?\d{{3,4}}[- ]?\d{{3,4}}{EXTENSION}(?!\d)"), _grouped),
    Rule(re.compile(rf"(?<!\d)0\d{{1,3}}[- ]\d{{3,4}}[- ]?\d{{3,4}}{EXTENSION}(?!\d)"), _grouped),
    Rule(re.compile(r"(?<![\d-])412-?\d{4}(?![\d-])|(?<![\d-])4128-\d{3}(?![\d-])"), _grouped),
    Rule(re.compile(rf"(?<![\d-])\d{{3,4}}-\d{{4}}{EXTENSION}(?![\d-])"), _spaced),
    Rule(re.compile(r"(?<!\d)\d{2,6}(?!\d)"), _extension),
    Rule(re.compile(r"(?<![\d.,])\d{3,4}(?![\d.,])"), _anniversary),
    Rule(re.compile(r"(?<![\d.,])\d{3,4}(?=號?(?:室|病房|教室|房(?!屋)|包廂))|(?<=波音)\s?7\d7"), _room),
    Rule(re.compile(r"(?<![A-Za-z\d.,-])(\d{1,2})F(?![A-Za-z0-9-])|(?<=B)(\d)F(?![A-Za-z0-9-])"), _floor),
    Rule(re.compile(r"(?<![\dA-Za-z])\.(\d{3})(?![\d%])"), _average),
    Rule(re.compile(r"§\s?(\d+)"), _section),
    Rule(re.compile(r"(?<=\d)-(\d{3})(?![\d,])"), _type_suffix),
    Rule(re.compile(r"(?<=[A-Za-z])\.\d+(?:\.\d+)*(?!\d)|(?<=[A-Za-z])\d+(?:\.\d+){2,}(?!\d)"), _dotted),
    Rule(re.compile(r"(3)([xX×])(3)(?=籃)"), _three_on_three),
    Rule(
        re.compile(r"(?<![\d:])(\d{1,2})(?::(\d\d))?\s?(?P<half>[ap]\.m\.|[AP]\.M\.|[apAP][mM](?![A-Za-z]))"), _half_day
    ),
    Rule(re.compile(r"(?<![\d.,])(\d{1,3})(st|nd|rd|th)(?![A-Za-z])"), _nth),
    Rule(re.compile(r"(?<!\d)0800\d{6}(?!\d)|(?<![\d.])09\d{8}(?!\d)"), _mobile),
    Rule(re.compile(rf"(?<![\d.,-])(?:{SERVICE_LINES})(?![\d.,-]|\s?年)"), _service_line),
    Rule(re.compile(r"(?<=[一-龥A-Za-z])[（(](\d{4,6})([-.](?:TW|TWO|TT|US|HK))?[)）]"), _stock_code),
    Rule(re.compile(r"(?<=\d)[（(](00\d{2,4}[A-Z]?())[)）]"), _stock_code),
    Rule(re.compile(r"(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(re.compile(r"-(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
)
RULES_LAST = (
    Rule(re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d])"), _version),
    Rule(re.compile(r"(?<![\d.:])(\d{1,3}(?:\.\d+)?)\s?([:：])\s?(\d{1,3}(?:\.\d+)?)(?![\d:])"), _score),
    Rule(re.compile(r"(?<![\d.-])(\d{1,3})\s?([-–—])\s?(\d{1,3})(?![\d-])"), _score),
    Rule(re.compile(r"(?<![\d.-])(\d{1,4})-(\d{1,2})(?=[號條巷弄])"), _address),
)
RULES_LATIN = (
    Rule(re.compile(r"(?<![A-Za-z])[vV][sS](?:\.|(?![A-Za-z]))\s?"), _versus),
    Rule(re.compile(r"(?<=[一-龥])[xX](?=[一-龥])"), _cross),
)
"""Tried where a Latin letter begins."""
STARTS = "(（+-–—~～N §."
