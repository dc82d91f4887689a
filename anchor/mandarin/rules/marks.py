"""Rules for numbers in other dress: Roman, powers, fractions in one sign, angles, Chinese numerals with signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.fullwidth import LISTED
from anchor.mandarin.numerals import YI, said_decimal, said_integer
from anchor.mandarin.rule import Late, Rule, left
from anchor.mandarin.rules.amounts import PERCENT, UNITS, unit_words
from anchor.mandarin.spoken_text import Piece, Said, pause, said_whole

ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
ROMAN_BEHIND = "世期級型章類階段標代部篇節項條號"
ENGLISH_NUMBERS = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
HAN_NUMBER = r"(?P<han>[零〇一二三四五六七八九十百千萬億兩點]{1,16})"
HAN_LARGE = ("百", "千", "萬", "億", "兆")
HAN_STARTS = "零〇一二三四五六七八九十百千萬億兩"


def _value(roman: str) -> int:
    values = [ROMAN[char] for char in roman]
    return sum(-a if b > a else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _spell(number: int, start: int, end: int) -> list[Piece]:
    """A number whose every syllable says the whole of `[start, end)`."""
    return [Said(s.text, Span(start, end), YI if s.text == "一" else None) for s in said_integer(str(number), 0)]


def _roman_sign(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """Ⅲ."""
    return _spell(_value(unicodedata.normalize("NFKC", match[0]).upper()), *match.span())


def _listed(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """①: the number of an item, and a short pause."""
    end = match.end()
    return [*_spell(int(unicodedata.numeric(match[0])), *match.span()), pause(BreakKind.MINOR, end, end, "、")]


def _roman(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """第IV級, 伊莉莎白II世."""
    return _spell(_value(match[0]), *match.span())


def _roman_english(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """World War II."""
    value = _value(match[0])
    if value >= len(ENGLISH_NUMBERS) or not re.search(r"[a-z] $", left(text, match.start())):
        return None
    return [Said(ENGLISH_NUMBERS[value], Span(*match.span()), latin=True)]


def _power(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """10⁸ → 十的八次方."""
    start = match.start(2)
    digits = unicodedata.normalize("NFKC", match[2])
    what = "平方" if digits == "2" else "立方" if digits == "3" else ""
    power = said_whole(what, start, match.end()) if what else [*_spell(int(digits), start, match.end())]
    tail = [] if what else said_whole("次方", start, match.end())
    return [*said_decimal(match[1], match.start()), *said_whole("的", start, match.end()), *power, *tail]


def _fraction_sign(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """½, 1½."""
    start, end = match.start(2), match.end()
    top, bottom = unicodedata.normalize("NFKC", match[2]).split("⁄")
    whole: list[Piece] = []
    if match[1]:
        whole = [*said_integer(match[1], match.start()), *said_whole("又", start, end)]
    between = said_whole("分之", start, end)
    return [*whole, *_spell(int(bottom), start, end), *between, *_spell(int(top), start, end)]


def _angle(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """121°30'15"."""
    out: list[Piece] = []
    for group, unit in (("d", "度"), ("m", "分"), ("s", "秒")):
        if match[group]:
            out += said_decimal(match[group], match.start(group))
            out.append(Said(unit, Span(match.end(group), match.end(group) + 1)))
    return out


def _han_percent(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """三十%."""
    return [*said_whole(PERCENT[match["per"]], *match.span()), *_written(match)]


def _han_unit(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """三百km, 五百cc."""
    front, behind = unit_words(match["unit"])
    return [*said_whole(front, *match.span()), *_written(match), *said_whole(behind, *match.span("unit"))]


def _han_fraction(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """千分之一公尺, 全球四分之一晶片: 一 keeps its tone as in a number."""
    kept = {at for at, char in _placed(match) if char == "一" and text[at + 1 : at + 2] not in HAN_LARGE}
    return [
        Said(char, Span(at, at + 1), YI if at in kept else None, written=at not in kept) for at, char in _placed(match)
    ]


def _han_thousands(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """一萬一千: no 萬一 in it."""
    return [Said(char, Span(at, at + 1), written=True) for at, char in _placed(match)]


def _placed(match: re.Match[str]) -> list[tuple[int, str]]:
    return [(match.start() + i, char) for i, char in enumerate(match[0])]


def _written(match: re.Match[str]) -> list[Piece]:
    at = match.start("han")
    return [Said(char, Span(at + i, at + i + 1), written=True) for i, char in enumerate(match["han"])]


RULES = (
    Rule(Late(r"[Ⅰ-Ⅻⅰ-ⅻ]"), _roman_sign),
    Rule(Late(f"[{LISTED}]"), _listed),
    Rule(Late(rf"(?<=[一-龥])[IVX]{{1,5}}(?=\s?[{ROMAN_BEHIND}])"), _roman),
    Rule(Late(r"(?:I{2,3}|IV|VI{1,3}|IX)(?![A-Za-z0-9])"), _roman_english),
    Rule(Late(r"(\d+(?:\.\d+)?)([⁰¹²³⁴-⁹]+)"), _power),
    Rule(Late(r"(\d{1,3})?\s?([½¼¾⅓⅔⅕⅖⅗⅘⅙⅛⅜⅝⅞])"), _fraction_sign),
    Rule(
        Late(
            r"(?P<d>\d{1,3}(?:\.\d+)?)[°度]\s?(?P<m>\d{1,2}(?:\.\d+)?)['′’分]"
            r"(?:\s?(?P<s>\d{1,2}(?:\.\d+)?)(?:[\"″”秒]|''))?"
        ),
        _angle,
    ),
)
_ONE = "[零〇一二三四五六七八九十百千萬億兆兩]"
RULES_HAN = (
    Rule(Late(rf"{_ONE}{{1,8}}分之{_ONE}{{1,8}}(?:點{_ONE}{{1,6}})?"), _han_fraction),
    Rule(Late(rf"{_ONE}{{1,7}}[萬億]一(?:[千百](?!貨)|[十零〇]){_ONE}{{0,12}}"), _han_thousands),
    Rule(Late(rf"{HAN_NUMBER}\s?(?P<per>[%‰])"), _han_percent),
    Rule(Late(rf"{HAN_NUMBER}\s?(?P<unit>{UNITS})(?![A-Za-z0-9])"), _han_unit),
)
"""Tried where a Chinese numeral begins; each asks for more than the numeral."""
STARTS = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻ½¼¾⅓⅔⅕⅖⅗⅘⅙⅛⅜⅝⅞IVX" + LISTED
