"""Rules for what runs on a line: trains, buses, roads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.mandarin.numerals import said_digits
from anchor.mandarin.rule import Late, Rule, before, counted, left
from anchor.mandarin.spoken_text import Piece

TRAINS = re.compile(
    r"(?:普悠瑪|太魯閣|自強|莒光|復興|區間快?|EMU\d*|高鐵|[台臺]鐵|列車|火車|班次|[南北][上下返]|[順逆]行|往[一-龥]{2,3})號?[第的]?$"
)
AMOUNTS = (
    *("加開", "增開", "開出", "加班", "行駛", "共", "達", "約", "逾", "近", "超過", "計", "有", "多", "少", "增", "減"),
    *("每日", "每天", "單日", "停駛", "影響", "調整", "至少", "為", "到", "疏運", "取消", "各", "發"),
)
"""Before a number of trains or buses."""


ROUTES_BEFORE = re.compile(r"(?:公車|巴士|客運)(?:路線)?(?:\d{1,4}[路號]?[、，,和與及~～至到-])*$")
"""A bus and a row of its routes."""


def _train(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """普悠瑪402車次: the number of a train."""
    return said_digits(match[0], match.start()) if TRAINS.search(left(text, match.start())) else None


def _train_guess(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """402車次, where nothing counts."""
    return None if before(text, match.start(), *AMOUNTS) else said_digits(match[0], match.start())


def _route(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """307公車, 307路公車, 193縣道."""
    return None if before(text, match.start(), *AMOUNTS) else said_digits(match[0], match.start())


def _route_behind(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """公車20路、266路; 公車266、307改道: behind the word."""
    if ROUTES_BEFORE.search(left(text, match.start())) and (
        text.startswith("路", match.end()) or not counted(text, match.end())
    ):
        return said_digits(match[0], match.start())
    return None


RULES = (
    Rule(Late(r"(?<![\d.,])\d{2,4}(?=\s?(?:車次|次(?:列車|車|班車|自強|莒光|區間|普悠瑪|太魯閣)))"), _train),
    Rule(Late(r"(?<![\d.,])\d{3,4}(?=\s?車次)"), _train_guess, "notice.read-as-train"),
    Rule(
        Late(
            r"(?<![\d.,])\d{3,4}(?=(?:[、和與及]\d{1,4}){0,6}\s?[路號區]?(?:市區|幹線|紅線|綠線|藍線|區間|接駁|雙節|低地板|聯營|雙層)?"
            r"(?:公車|巴士|客運)(?!司機|業者?|[族迷]|站牌))"
        ),
        _route,
    ),
    Rule(Late(r"(?<![\d.,])\d{3}(?![\d,.])"), _route_behind),
    Rule(Late(r"(?<![\d.,])\d{3}(?=(?:[、和與及]\d{2,4}){0,4}路(?![人徑線邊程燈口段樹樁障面]))"), _route),
    Rule(Late(r"(?<![\d.,])\d{3}(?=[甲乙丙丁]?(?:縣道|鄉道|市道|區道))"), _route),
    Rule(Late(r"(?<=[縣鄉市區]道)\d{3}(?!\d|\s?[公里])"), _route),
    Rule(Late(r"(?<=客運)\d{4}(?![\d,.]|\s?[元人萬億年名輛班])"), _route),
)
