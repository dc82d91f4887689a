"""Rules for amounts: percent, money, units, ranges, plain numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import NUMBER, QUANTITY, said_digits, said_integer, said_quantity
from anchor.mandarin.rule import Late, Rule, before, counted, left
from anchor.mandarin.spoken_text import Piece, Said, pause, said_whole
from anchor.mandarin.tables import load_rows

SIGN = r"(?P<sign>[-+±](?=\d)|(?<![\dA-Za-z])-\s(?=\d+(?:\.\d+)?\s?(?:度|°|℃|℉)))?"
"""A minus may stand apart only where degrees are measured; elsewhere it is a dash."""
SIGN_WORDS = {"-": "負", "+": "正", "±": "正負"}
TO = r"\s?(?P<to>[-~～–—至到])\s?"
PERCENT = {"%": "百分之", "‰": "千分之"}
DIGIT_CODES = (
    "編號",
    "代號",
    "代碼",
    "車號",
    "帳號",
    "密碼",
    "統編",
    "統一編號",
    "班機",
    "航班",
    "車次",
    "郵遞區號",
    "號碼",
    "車牌",
    "分機",
    "學號",
    "代碼",
    "案號",
    "序號",
    "統編為",
    "代號是",
)
CODE_BEFORE = re.compile(
    r"(?:號碼|帳號|序號|字號|代碼|代號|密碼|編號)[是為：:]\s?[「『]?(?:\d{3,}[、，,和與及]\s?)*$|號碼(?:\d{3,}[、，,和與及]\s?)+$"
)
"""Before digits that name something: 特獎號碼為46587380."""
LIST_LONGEST = 40
"""Characters of a list of codes before one of them."""
CODE_SHORTEST = 3
"""Digits; two of them are a number that is drawn: 中獎號碼為12、23."""
LIST_OF_ORDINALS = re.compile(r"第\d+(?:、\d+)*(?:、|和|及|與|或)$")
"""第1、2名: the second number is an ordinal too, never 兩."""
HAN_NEXT = re.compile(r"\s?[一-龥]")
INDEX_WORDS = r"(?:AQI|EPS|PMI|NMI|CPI|PPI|BMI|VIX|IQ|EQ|SPF|TAIEX|ppm|UV|HDI|Ct|CT|pH|GDP|PER|ROE|ROI|YoY|QoQ|MoM)"
"""Letters before a number that measures: never digit by digit, and a hyphen is a minus."""
INDEX_BEFORE = re.compile(rf"(?<![A-Za-z]){INDEX_WORDS}$")
SCALES = {"k thousand": 3, "m mn mm mio million": 6, "b bn billion": 9, "t tn trillion": 12}
"""Letters and words behind a sum of money, in lower case → power of ten."""
SCALE_WORDS = {3: "千", 6: "百萬", 9: "十億", 12: "兆"}
TRILLION = 12
LEAST_SPEED = 1000
"""bps from here on are bits; fewer are basis points."""
DEGREES = re.compile(r"\s?(?:多|幾)?度(?![A-Za-z角])")
SUM = re.compile(r"[+×÷=＋]\s?#|#\s?(?:[+×÷=＋]|[拆換變打敵抵]\d)")
"""Beside a 1 that is reckoned with, which keeps its tone: 1+1, 1拆4."""
SEPARATED = re.compile(r"[A-Za-z0-9]$")


@cache
def _units() -> dict[str, tuple[str, str]]:
    return {sign: (front.strip("-"), behind) for sign, front, behind, *_ in load_rows("units")}


@cache
def _currencies() -> dict[str, tuple[str, str]]:
    return {sign: (front.strip("-"), behind) for sign, front, behind, *_ in load_rows("currencies")}


def unit_words(sign: str) -> tuple[str, str]:
    """What is said before and behind a number with this unit sign."""
    return _units()[sign]


def _either(signs: Sequence[str]) -> str:
    return "|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True))


def _signed(match: re.Match[str], text: str) -> list[Piece] | None:
    """The sign of a number, or None where it is a hyphen."""
    sign = (match["sign"] or "").strip()
    if not sign:
        return []
    if sign == "-" and before(text, match.start(), "零下", "負"):
        return []
    if sign != "±" and INDEX_BEFORE.search(left(text, match.start())):
        return [Said(char, Span(*match.span("sign"))) for char in SIGN_WORDS[sign]]
    if sign != "±" and SEPARATED.search(left(text, match.start())):
        return None
    return [Said(char, Span(*match.span("sign"))) for char in SIGN_WORDS[sign]]


def _to(match: re.Match[str]) -> Said:
    """What joins the ends of a range: 至 where it is written, else 到."""
    return Said(match["to"] if match["to"] in "至到" else "到", Span(*match.span("to")))


def _row(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """28、29℃, 3、4%: what is said before the number stands before the whole row."""
    sign = match["unit"]
    front, behind = (PERCENT[sign], "") if sign in PERCENT else _units()[sign]
    if not front:
        return None
    out: list[Piece] = [*said_whole(front, *match.span())]
    for part in re.finditer(rf"({NUMBER})|、", match["row"]):
        start, end = match.start() + part.start(), match.start() + part.end()
        out += said_quantity(part[1], start) if part[1] else [pause(BreakKind.MINOR, start, end, "、")]
    return [*out, *said_whole(behind, *match.span("unit"))]


def _percent(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3.28%, -0.5%, 20~30%, 60%-70%, 5‰."""
    signed = _signed(match, text)
    if signed is None:
        return None
    out: list[Piece] = [*signed, *said_whole(PERCENT[match["per"]], *match.span())]
    out += said_quantity(match["a"], match.start("a"))
    if match["b"]:
        out.append(_to(match))
        if match["first"]:
            out += said_whole(PERCENT[match["per"]], match.start("b"), match.end())
        out += said_quantity(match["b"], match.start("b"))
    return out


def _scaled(digits: str, scale: str, start: int, end: int) -> list[Said]:
    """3.5M → 三百五十萬, 1.2T → 一點二兆: all of it says the whole."""
    power = next(power for words, power in SCALES.items() if scale.strip().lower() in words.split())
    value = Decimal(digits.replace(",", "")) * 10**power
    if value != value.to_integral_value() or power >= TRILLION:
        spoken = said_quantity(f"{digits}{SCALE_WORDS[power]}", 0, pair=True)
    else:
        spoken = said_integer(str(int(value)), 0, pair=True)
    return [replace(s, span=Span(start, end)) for s in spoken]


def _scale_money(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """US$3.5M, NT$500K, $1.2T."""
    front, behind = _currencies()[match["money"]]
    start, end = match.span()
    number = _scaled(match["a"], match["scale"], start, end)
    return [*said_whole(front, start, end), *number, *said_whole(behind, start, end)]


def _scale_behind(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3.5M美元."""
    return _scaled(match["a"], match["scale"], *match.span())


def _code_behind(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """500 USD, 3.5M EUR."""
    front, behind = _currencies()[match["money"]]
    start, end = match.span()
    if match["scale"]:
        number = _scaled(match["a"], match["scale"], start, end)
    else:
        number = [replace(s, span=Span(start, end)) for s in said_quantity(match["a"], match.start("a"), pair=True)]
    return [*said_whole(front, start, end), *number, *said_whole(behind, start, end)]


def _basis_points(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """10bps of interest: 個基點."""
    if int(match["a"].replace(",", "").split(".")[0]) >= LEAST_SPEED:
        return None
    return [*said_quantity(match["a"], match.start("a"), pair=True), *said_whole("個基點", *match.span("unit"))]


def _unsure_range(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """5-12 with nothing behind it."""
    if SEPARATED.search(left(text, match.start())):
        return None
    first, second = match["a"], match["b"]
    rising = Decimal(first.replace(",", "")) < Decimal(second.replace(",", ""))
    return [
        *said_quantity(first, match.start("a")),
        Said("到" if rising else "之", Span(*match.span("to"))),
        *said_quantity(second, match.start("b")),
    ]


def _money(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """NT$1,500, US$5億, €30."""
    return say_money(match)


def say_money(match: re.Match[str]) -> list[Piece]:
    """NT$1,500, US$5億, €30: what is written first and said last says the whole."""
    front, behind = _currencies()[match["money"]]
    number = said_quantity(match["a"], match.start("a"), pair=True)
    if match["b"]:
        number = [*number, _to(match), *said_quantity(match["b"], match.start("b"), pair=True)]
    start, end = match.span()
    if front:
        tail = [] if match["unit"] else said_whole(behind, end - 1, end)
        unit = [Said(char, Span(*match.span("unit"))) for char in match["unit"] or ""]
        return [*said_whole(front, *match.span("money")), *number, *tail, *unit]
    return [*(replace(s, span=Span(start, end)) for s in number), *said_whole(behind, start, end)]


def _unit(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """36.5°C, -5°C, 20km/h, 15~20 cm."""
    front, behind = _units()[match["unit"]]
    signed = _signed(match, text)
    if signed is None:
        return None
    start, end = match.span()
    if behind == "度" and signed and match["sign"].startswith("-"):
        signed = [*said_whole("零下", *match.span("sign"))]
    if before(text, start, "零下", "時速", "秒速", "攝氏", "華氏") or (front == "每秒" and before(text, start, "每秒")):
        front = ""
    out: list[Piece] = [*said_whole(front, start, end), *signed]
    out += said_quantity(match["a"], match.start("a"), pair=True)
    if match["b"]:
        out.append(_to(match))
        out += said_quantity(match["b"], match.start("b"), pair=True)
    return [*out, *said_whole(behind, *match.span("unit"))]


def _bare_unit(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """體重(kg): a unit that nothing is counted in."""
    return said_whole("".join(_units()[match["unit"]]), *match.span())


def _range(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3~5人, 10-15公分."""
    if match["to"] in "-–—" and not HAN_NEXT.match(text, match.end()):
        return None
    if SEPARATED.search(left(text, match.start())):
        return None
    pair = counted(text, match.end())
    first = said_quantity(match["a"], match.start("a"), pair=pair)
    if match["a"] == "1":
        first = said_digits("1", match.start("a"))
    return [*first, _to(match), *said_quantity(match["b"], match.start("b"), pair=pair)]


def _plain(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """Any other number."""
    signed = _signed(match, text)
    if signed is None:
        return None
    digits, at = match["a"], match.start("a")
    if digits.isdigit() and LIST_OF_ORDINALS.search(left(text, match.start())):
        return said_quantity(digits, at)
    if digits.isdigit() and len(digits) > 1 and before(text, match.start(), *DIGIT_CODES):
        return said_digits(digits, at)
    if digits.isdigit() and len(digits) >= CODE_SHORTEST and CODE_BEFORE.search(text[: match.start()][-LIST_LONGEST:]):
        return said_digits(digits, at)
    if digits == "1" and SUM.search(f"{left(text, match.start())}#{text[match.end() : match.end() + 2]}"):
        return [*signed, *said_digits(digits, at)]
    if signed and match["sign"].startswith("-") and DEGREES.match(text, match.end()):
        signed = [*said_whole("零下", *match.span("sign"))]
    return [*signed, *said_quantity(digits, at, pair=counted(text, match.end()))]


def _discount(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """88折, 65~85折: each digit by its name."""
    first = said_digits(match["a"], match.start("a"))
    if not match["b"]:
        return first
    return [*first, _to(match), *said_digits(match["b"], match.start("b"))]


def _second(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """9秒58: the hundredths one by one."""
    return said_digits(match[0], match.start())


_A, _B = f"(?P<a>{QUANTITY})", f"(?P<b>{QUANTITY})"
_MONEY = _either([sign for sign, *_ in load_rows("currencies")])
_CODES = _either([sign for sign, *_ in load_rows("currencies") if sign.isalpha() and len(sign) > 2])
_SCALE = r"\s?(?P<scale>[KkMmBb]|[Mm][NnMm]|[Bb][Nn]|[Tt][Nn]|T|[Tt]housand|[Mm]illion|[Bb]illion|[Tt]rillion)"
_UNIT_WORD = "(?:美元|美金|歐元|日圓|港幣|澳幣|人民幣|英鎊|元|圓)"
UNITS = _either([sign for sign, *_ in load_rows("units")])
"""All unit signs, the longest first, as a regular expression."""
LONG_UNITS = _either([sign for sign, *_ in load_rows("units") if len(sign) > 1])
"""Those that cannot be a letter of a name."""
MONEY = rf"(?P<money>{_MONEY})\s?{_A}(?:{TO}{_B})?\s?(?P<unit>美元|美金|歐元|日圓|港幣|澳幣|元|圓)?"
"""A sum behind its sign, as a regular expression."""
_DISCOUNT = "[1-9][1-9]"
RULES = (
    Rule(Late(rf"(?<![\d.,、])(?P<row>{NUMBER}(?:、{NUMBER})+)\s?(?P<unit>[%‰]|{UNITS})(?![A-Za-z0-9])"), _row),
    Rule(Late(rf"{SIGN}{_A}\s?(?P<first>[%‰])?(?:{TO}{_B}\s?)(?P<per>[%‰])"), _percent),
    Rule(Late(rf"{SIGN}{_A}\s?(?P<per>[%‰])(?P<b>)(?P<to>)(?P<first>)"), _percent),
    Rule(Late(rf"(?P<money>{_MONEY})\s?(?P<a>{NUMBER}){_SCALE}(?![A-Za-z0-9])(?:\s?{_UNIT_WORD})?"), _scale_money),
    Rule(Late(rf"(?P<a>{NUMBER}){_SCALE}(?=\s?(?:{_UNIT_WORD}|[新]?[台臺]幣))"), _scale_behind),
    Rule(Late(rf"(?P<a>{QUANTITY})(?:{_SCALE})?\s?(?P<money>{_CODES})(?![A-Za-z0-9])"), _code_behind),
    Rule(Late(rf"(?P<a>{NUMBER})\s?(?P<unit>bps?)(?![A-Za-z0-9])"), _basis_points),
    Rule(
        Late(rf"(?<![\d.,])(?P<a>{_DISCOUNT})(?:{TO}(?P<b>{_DISCOUNT}))?(?=\s?折(?![合騰磨返斷舊算現損]))"), _discount
    ),
    Rule(Late(MONEY), _money),
    Rule(Late(rf"{SIGN}{_A}(?:{TO}{_B})?\s?(?P<unit>{UNITS})(?![A-Za-z0-9])"), _unit),
    Rule(Late(r"(?<=\d秒)\d{1,3}(?![\d,.])|(?<=\d成)\d{2}(?![\d,.])"), _second),
    Rule(Late(rf"(?<![\d.,]){_A}{TO}{_B}(?!\s?[-\d])"), _range),
    Rule(
        Late(rf"(?<![\d.,:/-])(?P<a>{NUMBER})\s?(?P<to>[-–])\s?(?P<b>{NUMBER})(?![-\d:/A-Za-z])"),
        _unsure_range,
        "notice.hyphen",
    ),
    Rule(Late(rf"{SIGN}{_A}"), _plain),
)
RULES_LATIN = (Rule(Late(rf"(?<=[(（])(?P<unit>{LONG_UNITS})(?=[)）])"), _bare_unit),)
"""Tried where a Latin letter begins."""
STARTS = "-+±" + "".join(sorted({sign[0] for sign, *_ in load_rows("currencies")}))
