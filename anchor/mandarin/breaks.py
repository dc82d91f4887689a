"""Pauses: neighbours become one, and a clause without any is divided before a voice loses syllables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from anchor.core.speech import Break, BreakKind, Word
from anchor.core.time import Span
from anchor.mandarin.tables import load_rows

STRENGTH = (BreakKind.MINOR, BreakKind.COMMA, BreakKind.CLAUSE, BreakKind.SENTENCE)
SPOKEN_MARKS = {
    "\n": "。",
    ",": "，",
    ";": "；",
    ":": "：",
    "!": "！",
    "?": "？",
    ".": "。",
    "．": "。",
    "｡": "。",
    "/": "、",
    "／": "、",
    "|": "、",
    "｜": "、",
}
BRACKETS = "（）()【】〔〕［］[]{}｛｝"
LONGEST_CLAUSE = 60
"""Syllables without a pause; voices lose some from about 140 on."""
BREATH = 18
"""Syllables of a clause from which on a reader takes a breath where the sentence allows one."""
BREATH_LEAST = 7
"""Syllables on either side of a breath."""
SEAM_WORDS = ("的", "了", "和", "與", "及", "並", "而", "在", "將", "對", "由", "從", "因", "但", "以", "為")


@cache
def _seams() -> dict[str, str]:
    return {word: kind for word, kind, *_ in load_rows("seams")}


def merge_breaks(items: Sequence[Word | Break]) -> list[Word | Break]:
    """Breaks that follow each other become the strongest of them, over all their characters.

    A script's pause stays on its own. Before the first word only a script's pause is kept; line ends and brackets at
    the end say nothing.
    """
    out: list[Word | Break] = []
    for item in items:
        last = out[-1] if out else None
        if not isinstance(item, Break) or item.kind is BreakKind.PAUSE:
            out.append(item)
        elif isinstance(last, Break) and last.kind is not BreakKind.PAUSE:
            out[-1] = _stronger(last, item)
        elif last is not None or (item.mark != "\n" and item.mark not in BRACKETS):
            out.append(item)
    return [_spoken_mark(item) if isinstance(item, Break) else item for item in out]


def _stronger(first: Break, second: Break) -> Break:
    keep = second if _rank(second) > _rank(first) else first
    return Break(keep.kind, Span(first.span.start, second.span.end), keep.mark)


def _rank(item: Break) -> tuple[int, bool]:
    return STRENGTH.index(item.kind), item.mark != "\n"


def _spoken_mark(item: Break) -> Break:
    mark = "，" if item.mark and item.mark in BRACKETS else SPOKEN_MARKS.get(item.mark, item.mark)
    return Break(item.kind, item.span, mark, item.ms)


def divide_long(items: Sequence[Word | Break]) -> list[Word | Break]:
    """Minor breaks at word seams so that no clause is longer than `LONGEST_CLAUSE` syllables."""
    out: list[Word | Break] = []
    clause: list[Word] = []
    for item in items:
        if isinstance(item, Word):
            clause.append(item)
        else:
            out += [*_divided(clause), item]
            clause = []
    return out + _divided(clause)


def _divided(clause: list[Word]) -> list[Word | Break]:
    size = sum(len(word.syllables) for word in clause)
    if size <= LONGEST_CLAUSE or len(clause) < 2:
        return _breathed(clause, size)
    done, best, cut = 0, (-1.0, 0), 1
    for index in range(1, len(clause)):
        done += len(clause[index - 1].syllables)
        balance = min(done, size - done) / size
        bonus = 0.1 if clause[index].text in SEAM_WORDS[2:] or clause[index - 1].text in SEAM_WORDS[:2] else 0.0
        if (balance + bonus, index) > best:
            best, cut = (balance + bonus, index), index
    at = clause[cut].span.start
    return [*_divided(clause[:cut]), Break(BreakKind.MINOR, Span(at, at)), *_divided(clause[cut:])]


def _breathed(clause: list[Word], size: int) -> list[Word | Break]:
    """A long clause with a breath at its best phrase seam, and so on in its parts; without a good seam it stays."""
    done, best, cut = 0, 0.0, 0
    for index in range(1, len(clause)):
        done += len(clause[index - 1].syllables)
        word, last = clause[index], clause[index - 1]
        if word.text not in _seams() or min(done, size - done) < BREATH_LEAST or last.text in _seams():
            continue
        score = min(done, size - done) / size + (0.2 if _seams()[word.text] == "joining" else 0.0)
        if score > best:
            best, cut = score, index
    if size <= BREATH or not cut:
        return list(clause)
    parts = clause[:cut], clause[cut:]
    first, second = (_breathed(part, sum(len(word.syllables) for word in part)) for part in parts)
    at = clause[cut].span.start
    return [*first, Break(BreakKind.MINOR, Span(at, at)), *second]
