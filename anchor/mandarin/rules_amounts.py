"""Rules for amounts: percent, money, units, ranges, plain numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from anchor.core.time import Span
from anchor.mandarin.numerals import QUANTITY, said_digits, said_quantity
from anchor.mandarin.rule import Rule, before, counted, left
from anchor.mandarin.said import Piece, Said, said_whole
from anchor.mandarin.tables import load_rows

SIGN = r"(?P<sign>[-+±](?=\d))?"
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
LIST_OF_ORDINALS = re.compile(r"第\d+(?:、\d+)*(?:、|和|及|與|或)$")
"""第1、2名: the second number is an ordinal too, never 兩."""
HAN_NEXT = re.compile(r"\s?[一-龥]")
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
    sign = match["sign"]
    if not sign:
        return []
    if sign != "±" and SEPARATED.search(left(text, match.start())):
        return None
    return [Said(char, Span(*match.span("sign"))) for char in SIGN_WORDS[sign]]


def _percent(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3.28%, -0.5%, 20~30%, 60%-70%, 5‰."""
    signed = _signed(match, text)
    if signed is None:
        return None
    out: list[Piece] = [*signed, *said_whole(PERCENT[match["per"]], *match.span())]
    out += said_quantity(match["a"], match.start("a"))
    if match["b"]:
        out.append(Said("到", Span(*match.span("to"))))
        if match["first"]:
            out += said_whole(PERCENT[match["per"]], match.start("b"), match.end())
        out += said_quantity(match["b"], match.start("b"))
    return out


def _money(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """NT$1,500, US$5億, €30: what is written first and said last says the whole."""
    front, behind = _currencies()[match["money"]]
    number = said_quantity(match["a"], match.start("a"), pair=True)
    if match["b"]:
        number = [*number, Said("到", Span(*match.span("to"))), *said_quantity(match["b"], match.start("b"), pair=True)]
    start, end = match.span()
    if front:
        tail = [] if match["unit"] else said_whole(behind, end - 1, end)
        unit = [Said(char, Span(*match.span("unit"))) for char in match["unit"] or ""]
        return [*said_whole(front, *match.span("money")), *number, *tail, *unit]
    return [replace(s, span=Span(start, end)) for s in number] + said_whole(behind, start, end)


def _unit(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """36.5°C, -5°C, 20km/h, 15~20 cm."""
    front, behind = _units()[match["unit"]]
    signed = _signed(match, text)
    if signed is None:
        return None
    start, end = match.span()
    if behind == "度" and match["sign"] == "-":
        signed = [*said_whole("零下", *match.span("sign"))]
    if before(text, start, "零下", "時速", "秒速", "攝氏", "華氏") or (front == "每秒" and before(text, start, "每秒")):
        front = ""
    out: list[Piece] = [*said_whole(front, start, end), *signed]
    out += said_quantity(match["a"], match.start("a"), pair=not match["b"])
    if match["b"]:
        out.append(Said("到", Span(*match.span("to"))))
        out += said_quantity(match["b"], match.start("b"), pair=True)
    return [*out, *said_whole(behind, *match.span("unit"))]


def _range(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """3~5人, 10-15公分."""
    if match["to"] in "-–—" and not HAN_NEXT.match(text, match.end()):
        return None
    if SEPARATED.search(left(text, match.start())):
        return None
    pair = counted(text, match.end())
    join = Said(match["to"] if match["to"] in "至到" else "到", Span(*match.span("to")))
    first = said_quantity(match["a"], match.start("a"), pair=pair)
    if match["a"] == "1":
        first = said_digits("1", match.start("a"))
    return [*first, join, *said_quantity(match["b"], match.start("b"), pair=pair)]


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
    return [*signed, *said_quantity(digits, at, pair=counted(text, match.end()))]


def _second(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """9秒58: the hundredths one by one."""
    return said_digits(match[0], match.start())


_A, _B = f"(?P<a>{QUANTITY})", f"(?P<b>{QUANTITY})"
_MONEY = _either([sign for sign, *_ in load_rows("currencies")])
UNITS = _either([sign for sign, *_ in load_rows("units")])
"""All unit signs, the longest first, as a regular expression."""
RULES = (
    Rule(re.compile(rf"{SIGN}{_A}\s?(?P<first>[%‰])?(?:{TO}{_B}\s?)(?P<per>[%‰])"), _percent),
    Rule(re.compile(rf"{SIGN}{_A}\s?(?P<per>[%‰])(?P<b>)(?P<to>)(?P<first>)"), _percent),
    Rule(
        re.compile(rf"(?P<money>{_MONEY})\s?{_A}(?:{TO}{_B})?\s?(?P<unit>美元|美金|歐元|日圓|港幣|澳幣|元|圓)?"), _money
    ),
    Rule(re.compile(rf"{SIGN}{_A}(?:{TO}{_B})?\s?(?P<unit>{UNITS})(?![A-Za-z0-9])"), _unit),
    Rule(re.compile(r"(?<=\d秒)\d{1,3}(?![\d,.])|(?<=\d成)\d{2}(?![\d,.])"), _second),
    Rule(re.compile(rf"(?<![\d.,]){_A}{TO}{_B}(?!\s?[-\d])"), _range),
    Rule(re.compile(rf"{SIGN}{_A}"), _plain),
)
STARTS = "-+±" + "".join(sorted({sign[0] for sign, *_ in load_rows("currencies")}))
