"""Where Chinese lines may break, and lines of even length."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

Measure = Callable[[str], float]
NEVER = float("inf")
_INSIDE_WORD = 6.0
_LEANING = 1.5
"""Added where a small word is parted from the one that it leans on."""
_BETWEEN_WORDS = 1.0
_INSIDE_BRACKETS = 3.0
_ENCLOSED = re.compile(r"「[^「」]{1,10}」|『[^『』]{1,10}』|（[^（）]{1,10}）|《[^《》]{1,12}》|〈[^〈〉]{1,12}〉")
"""Short quotations, asides and titles, better kept whole."""
_LATIN = re.compile(r"[A-Za-z0-9$À-ɏ][A-Za-z0-9$À-ɏ.,:/'’&+@_#%-]*(?<![.,:'’])|[+\-−~～]?\d[\d.,:/]*\d")


@cache
def _table() -> dict[str, str | list[str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(_table()[name])


def width_em(text: str) -> float:
    """Width in full-width characters: wide characters are 1, all others ½."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def break_costs(
    text: str, words: Iterable[int] | None = None, protect: Sequence[str] = (), *, whole: bool = False
) -> list[float]:
    """What a line break before each character costs.

    Args:
        words: offsets where a word begins; None: nothing is known of words.
        protect: names that are never broken.
        whole: words are never broken either.

    Returns:
        `len(text) + 1` costs; 0 behind a sentence, `NEVER` where it is forbidden, 0 at both ends.
    """
    known = None if words is None else set(words)
    inside = NEVER if whole else _INSIDE_WORD
    costs = [_cost(text, at, known, inside) for at in range(len(text) + 1)]
    for match in _ENCLOSED.finditer(text):
        for at in range(match.start() + 1, match.end()):
            costs[at] += _INSIDE_BRACKETS
    for start, end in _solid(text, protect):
        costs[start + 1 : end] = [NEVER] * (end - start - 1)
    costs[0] = costs[-1] = 0.0
    return costs


def _cost(text: str, at: int, words: set[int] | None, inside: float) -> float:
    if at in (0, len(text)):
        return 0.0
    before, after = text[at - 1], text[at]
    if after in _set("not_at_start") or before in _set("not_at_end") or after in " 　":
        return NEVER
    seen = text[:at].rstrip("」』）)》〉”’ ")[-1:]
    if seen and not text[at - 1].isalnum():
        if seen in _set("sentence") or before == "　":
            return 0.0
        if seen in _set("clause") or (before == " " and not _typographic(text, at)):
            return 0.2
        if seen in _set("list") or before in "」』）)》〉—…":
            return 0.5
    if after in _set("not_at_end"):
        return 0.6
    if words is not None and at not in words:
        return inside
    leaning = after in _set("leans_back") or before in _set("leans_forward")
    return _BETWEEN_WORDS + (_LEANING if leaning else 0.0)


def _typographic(text: str, at: int) -> bool:
    """Whether the space before `at` only sets Latin letters or figures off from Han: no boundary of sense."""
    return text[at].isascii() or text[: at - 1].rstrip(" ")[-1:].isascii()


def _solid(text: str, protect: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Stretches that are never broken: Latin words, numbers with their unit, doubled marks, names."""
    units = sorted(_table()["units"], key=len, reverse=True)
    for match in _LATIN.finditer(text):
        end = match.end()
        if text[end - 1].isdigit():
            # 3兆2500億元: the next number is a match of its own and its unit joins it. 「7 個月」 is one as well.
            spaced = end + (text[end : end + 1] == " ")
            while unit := next((u for u in units if text.startswith(u, spaced)), ""):
                end = spaced = spaced + len(unit)
            if end < len(text) and text[end] in "%％℃℉°":
                end += 1
        yield match.start(), end
    for whole in (*_table()["pairs"], *(name for name in protect if name)):
        at = text.find(whole)
        while at >= 0:
            yield at, at + len(whole)
            at = text.find(whole, at + 1)


def break_lines(
    text: str, costs: Sequence[float], width: float, lines: int, measure: Measure
) -> tuple[str, ...] | None:
    """At most `lines` lines of at most `width`, as few and as even as they can be; None where they do not fit.

    The first line is the shorter one where there is a choice.
    """
    for count in range(1, lines + 1):
        best: tuple[float, tuple[str, ...]] | None = None
        for cuts in _cuts(len(text), costs, count):
            parts = tuple(text[a:b].strip(" 　") for a, b in zip((0, *cuts), (*cuts, len(text)), strict=True))
            widths = [measure(part) for part in parts]
            if max(widths) > width or not all(parts):
                continue
            uneven = (max(widths) - min(widths)) / max(width, 1e-9)
            top_heavy = 0.25 if widths[0] > widths[-1] and uneven > 0.05 else 0.0
            score = 4.0 * uneven + top_heavy + sum(costs[cut] for cut in cuts)
            if best is None or score < best[0]:
                best = score, parts
        if best is not None:
            return best[1]
    return None


def _cuts(length: int, costs: Sequence[float], count: int) -> Iterable[tuple[int, ...]]:
    """All ways to cut into `count` lines where it is allowed."""
    from itertools import combinations

    return combinations((at for at in range(1, length) if costs[at] < NEVER), count - 1)
