"""Cutting a run of Han characters into words: the most probable path through all words of the lexicon."""

from __future__ import annotations

import math
import re
from functools import cache

from anchor.mandarin.lexicon import LONGEST_WORD, Lexicon
from anchor.mandarin.patterns import compiled, ending
from anchor.mandarin.tables import load_rows

CORPUS = math.log(60_000_000)
"""Size of jieba's corpus in words."""
UNKNOWN = 0.5
"""Count of a character that no list has."""
NUMERAL = re.compile(
    r"[零〇一二三四五六七八九十百千萬億兆兩]{0,20}[十百千萬億兆][零〇一二三四五六七八九十百千萬億兆兩]{0,20}"
)
DIGIT_STRING = re.compile(r"[零〇一二三四五六七八九]{3,20}")
NUMERAL_FREQUENCY = 2000
GROUP = re.compile(r"民國|新臺幣|攝氏|華氏|每小時|每秒|.*?(?:分之|[兆億萬年月日元到至比])|.+$")
DIGITS_TOGETHER = 4
"""Digits of a long string that are said without a seam."""
NUMERAL_LONGEST = 6
"""Syllables; a longer numeral is cut behind its groups."""


def segment(text: str, simple: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Word bounds that tile `text`.

    Args:
        text: Traditional Han characters.
        simple: the same in Simplified, of the same length.
    """
    size = len(text)
    cuts = _cuts(text)
    best: list[tuple[float, int]] = [(0.0, 0)] * (size + 1)
    for start in range(size - 1, -1, -1):
        options = []
        for end in range(start + 1, min(size, start + LONGEST_WORD) + 1):
            if end - 1 > start and end - 1 in cuts:
                break
            count: float = lexicon.frequency(text[start:end], simple[start:end])
            if end == start + 1:
                count = max(count, UNKNOWN)
            if count:
                options.append((math.log(count) - CORPUS + best[end][0], end))
        for pattern in (NUMERAL, DIGIT_STRING):
            run = pattern.match(text, start)
            if run and run.end() - start > 1:
                options.append((math.log(NUMERAL_FREQUENCY) - CORPUS + best[run.end()][0], run.end()))
        best[start] = max(options)
    bounds, at = [], 0
    while at < size:
        bounds.append((at, best[at][1]))
        at = best[at][1]
    return bounds


@cache
def _cut_rows() -> dict[str, list[tuple[str, str, str]]]:
    """The rows of `cuts.tsv` by the first character of `left`."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for left, before, right, *_ in load_rows("cuts"):
        found.setdefault(left[0], []).append((left, before, right))
    return found


def _cuts(text: str) -> set[int]:
    """Where a word must end: the rows of `cuts.tsv` that fit."""
    found: set[int] = set()
    rows = _cut_rows()
    for at, char in enumerate(text):
        for left, before, right in rows.get(char, ()):
            end = at + len(left)
            if text.startswith(left, at) and compiled(right).match(text, end) and ending(before).search(text[:at]):
                found.add(end)
    return found


def cut_numeral(text: str) -> list[tuple[int, int]]:
    """Word bounds inside a numeral or a date: behind 分之, 兆 億 萬 and the units of a date; long parts again."""
    bounds: list[tuple[int, int]] = []
    for group in GROUP.finditer(text):
        start, part = group.start(), group[0]
        cut = part.index("點") if "點" in part else len(part)
        if cut < len(part) and part[-1] in "分秒":
            cut += 1
        if len(part) <= NUMERAL_LONGEST:
            cut = len(part)
        if cut > NUMERAL_LONGEST and "千" in part[:cut]:
            thousand = part.index("千") + 1
            bounds.append((start, start + thousand))
            bounds.append((start + thousand, start + cut))
        elif cut > NUMERAL_LONGEST:
            bounds += [(start + at, start + min(at + DIGITS_TOGETHER, cut)) for at in range(0, cut, DIGITS_TOGETHER)]
        else:
            bounds.append((start, start + cut))
        rest = range(start + cut, group.end(), NUMERAL_LONGEST)
        bounds += [(at, min(at + NUMERAL_LONGEST, group.end())) for at in rest]
    return bounds
