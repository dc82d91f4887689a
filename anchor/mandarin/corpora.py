"""jieba's word list and pypinyin's readings, read as the files that lie in their packages.

Neither package is imported: jieba's segmenter is not used, and importing pypinyin trains one of its own.
"""

from __future__ import annotations

import gc
import json
import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

SAME_BEGINNING = re.compile(r"(.)[^\n]*(?:\n\1[^\n]*)*\n?")
"""Lines that follow each other and begin with the same character."""
TONE_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
"""Combining macron, acute, caron, grave → tone."""
NEUTRAL = "5"


class WordFrequencies:
    """jieba's word list. Words that begin with one character are parsed when the first of them is asked for."""

    def __init__(self) -> None:
        self._text = _file("jieba", "dict.txt").read_text(encoding="utf-8")
        self._places: dict[str, list[tuple[int, int]]] = {}
        for stretch in SAME_BEGINNING.finditer(self._text):
            self._places.setdefault(stretch[1], []).append(stretch.span())
        self._words: dict[str, dict[str, str]] = {}

    def get(self, word: str) -> str:
        """`count kind` of a word; empty when the list has not got it."""
        first = word[:1]
        words = self._words.get(first)
        if words is None:
            words = self._words[first] = self._parsed(first)
        return words.get(word, "")

    def _parsed(self, first: str) -> dict[str, str]:
        lines = (line for a, b in self._places.get(first, ()) for line in self._text[a:b].split("\n"))
        return {word: rest for word, _, rest in (line.partition(" ") for line in lines) if rest}


@cache
def word_frequencies() -> WordFrequencies:
    """The one word list of this process."""
    return WordFrequencies()


@cache
def phrase_readings() -> dict[str, list[list[str]]]:
    """Phrase in Simplified characters → for each character its readings there, in pinyin with marks."""
    text = _file("pypinyin", "phrases_dict.json").read_bytes()
    collecting = gc.isenabled()
    gc.disable()  # half a million lists are all kept: looking for garbage among them takes as long as the reading
    try:
        found: dict[str, list[list[str]]] = json.loads(text)
    finally:
        if collecting:
            gc.enable()
    return found


@cache
def character_readings() -> dict[str, str]:
    """Code point as a decimal number → readings in pinyin with marks, parted by commas, the commonest first."""
    found: dict[str, str] = json.loads(_file("pypinyin", "pinyin_dict.json").read_bytes())
    return found


def with_digit(pinyin: str) -> str:
    """`lǜ` → `lü4`; without a mark the tone is 5."""
    apart = unicodedata.normalize("NFD", pinyin)
    tone = next((TONE_MARKS[char] for char in apart if char in TONE_MARKS), NEUTRAL)
    return unicodedata.normalize("NFC", "".join(char for char in apart if char not in TONE_MARKS)) + tone


def _file(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).with_name(name)
