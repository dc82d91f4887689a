"""Rules for models and types: GPT-4, F-16V, 殲-20, flights, brigades, formations."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.time import Span
from anchor.mandarin.numerals import YI, said_digits, said_integer
from anchor.mandarin.rule import Late, Rule, counted, left
from anchor.mandarin.rules.amounts import INDEX_WORDS, LONG_UNITS, UNITS
from anchor.mandarin.spoken_text import Piece, Said

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
MODEL_SHORT = 2
"""Digits of a model number that is read as a number; a longer one digit by digit."""


def model_number(digits: str, at: int) -> list[Said]:
    """A short number as such, a longer one digit by digit."""
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
    out: list[Piece] = [*model_number(match["n"], match.start("n"))]
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
    """B7-8611, 7C2601班機 behind its letter, 99旅: digit by digit."""
    return said_digits(match[0], match.start())


def _formation(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """4-3-3陣型: digit by digit."""
    ahead, behind = text[match.end() : match.end() + 4], left(text, match.start())
    return said_digits(match[0], match.start()) if FORMATION.search(f"{behind}#{ahead}") else None


RULES = (
    Rule(Late(r"(?<![A-Za-z0-9][A-Z])(?<=[A-Z])\d-\d{3,4}(?!\d)"), _flight),
    Rule(Late(r"(?<![A-Za-z0-9][A-Z])(?<=[A-Z])\d{4,5}(?=\s?[次號]?(?:班機|航班|班次|客機))"), _flight),
    Rule(
        Late(
            r"(?<![\d.,第])\d{2,3}(?=(?:(?:機步|裝甲|聯兵|聯合兵種|摩步|陸戰)?旅(?![客遊行館宿程費次人店居途伴展群])|砲指部|航空旅|聯隊|師(?=[的於在今昨官部今]|$)))"
        ),
        _flight,
    ),
    Rule(Late(r"(?<![\d.-])[1-9](?:-[1-9]){2,3}(?![\d-])"), _formation),
    Rule(Late(r"(?<=[一-龥」』])\s[-–](?P<n>\d{1,4})(?P<d>)(?![\d,:/-])"), _spaced_model),
    Rule(Late(r"(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(Late(r"-(?P<n>\d+)(?:\.(?P<d>\d+))?(?![\d,])"), _model),
    Rule(Late(r"(?<=[一-龥」』])[-–](?P<n>\d{1,4})(?:\.(?P<d>\d+))?(?![\d,:/-])"), _han_model),
)
