"""Rules for addresses: sites, mail, handles and hashtags."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anchor.core.speech import BreakKind
from anchor.core.time import Span
from anchor.mandarin.numerals import said_digits
from anchor.mandarin.rule import Late, Rule, left
from anchor.mandarin.spoken_text import Piece, Said, pause, said_whole

SIGN_NAMES = {
    ".": "點", "@": "小老鼠", "/": "斜線", "-": "連字號", "_": "底線", "?": "問號", "=": "等號", "&": "and",
    "%": "百分號", "+": "加號", "#": "井字", "~": "波浪號", ":": "冒號",
}  # fmt: skip
TOP_LEVEL = "com|org|net|tw|gov|edu|mil|idv|io|ai|app|dev|info|biz|me|tv|co|cc|jp|hk|cn|uk|us|eu|de|fr|kr|sg|int|news"
PATH = r"(?:[/?#][A-Za-z0-9._~/?#=&%+-]{0,200}[A-Za-z0-9/=])?"
SITE = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,40}}[A-Za-z0-9])?\.){{1,6}}(?:{TOP_LEVEL})(?![A-Za-z0-9])(?::\d+)?"


def _spoken(text: str, at: int) -> list[Piece]:
    """Letters as Latin words, digits one by one, signs by their names."""
    out: list[Piece] = []
    for part in re.finditer(r"[A-Za-z]+|\d+|.", text):
        start, end = at + part.start(), at + part.end()
        if part[0].isdigit():
            out += said_digits(part[0], start)
        elif part[0].isalpha():
            out.append(Said(part[0], Span(start, end), latin=True, written=True))
        elif part[0] == "&":
            out.append(Said("and", Span(start, end), latin=True))
        else:
            out += said_whole(SIGN_NAMES.get(part[0], "符號"), start, end)
    return out


def _site(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """https://www.cwa.gov.tw/V8: without the scheme and a slash at the end."""
    if left(text, match.start())[-1:].isascii() and left(text, match.start())[-1:].isalnum():
        return None
    return _spoken(match["site"].rstrip("/"), match.start("site"))


def _handle(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """@anchor_tw."""
    return _spoken(match[0], match.start())


def _hashtag(match: re.Match[str], text: str) -> Sequence[Piece] | None:
    """#: before a word it only marks it; a short pause parts it from what stands before."""
    return [pause(BreakKind.MINOR, match.start(), match.end(), "、" if match.start() else "")]


RULES = (
    Rule(Late(rf"(?P<site>[A-Za-z0-9][A-Za-z0-9._+-]{{0,40}}@{SITE})"), _site),
    Rule(Late(rf"https?://(?P<site>(?:{SITE}|[A-Za-z0-9.-]{{1,80}}){PATH})"), _site),
    Rule(Late(rf"(?P<site>{SITE}{PATH})"), _site),
    Rule(Late(r"@[A-Za-z0-9_][A-Za-z0-9_.]*[A-Za-z0-9_]"), _handle),
    Rule(Late(r"#+(?=[A-Za-z_一-龥])"), _hashtag),
)
