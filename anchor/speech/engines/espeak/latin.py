"""Latin words as the English voice should get them: abbreviations spelt out, digits and signs as words, plain ASCII."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from anchor.mandarin.tables import load_rows
from anchor.speech.ascii import plain_ascii

SPELT_LETTERS = 5
"""Capitals up to this length are spelt letter by letter; longer ones are read as a word."""
LONGEST = 24
"""Letters of one word; what is longer is cut, since the voice loses the end of endless words."""

_PARTS = re.compile(
    r"[A-Z]{2,}(?:'?s)?(?![A-Za-z])|[A-Z]{2,}(?=[A-Z][a-z])|[A-Za-z]+(?:'[a-z]+)?|[0-9]+|(?<=[0-9])\.(?=[0-9])|[^\s.]"
)


@cache
def _said() -> dict[str, str]:
    return {row[0]: row[1] for row in load_rows(Path(__file__).with_name("latin.tsv"))}


def _spelt(letters: str) -> list[str]:
    return [word for letter in letters for word in _said()[letter].split()]


def _digits(digits: str) -> list[str]:
    if len(digits) == 2 and digits not in _said() and digits[0] != "0":
        return [_said()[digits[0] + "0"], _said()[digits[1]]]
    return [_said()[digits]] if digits in _said() else [_said()[digit] for digit in digits]


def _part(part: str) -> list[str]:
    said = _said()
    if part.isdigit():
        return _digits(part)
    if part in said:
        return said[part].split()
    if part.isalpha() and len(part) == 1:
        return said[part.upper()].split()
    capitals = part.removesuffix("s").removesuffix("'")
    if capitals.isupper() and capitals.isalpha():
        if capitals in said:
            words = said[capitals].split()
        elif len(capitals) <= SPELT_LETTERS:
            words = _spelt(capitals)
        else:
            words = [capitals.lower()]
        return [*words[:-1], words[-1] + "s"] if part != capitals else words
    letters = "".join(char for char in part if char.isalpha() or char == "'")
    return [letters] if letters.strip("'") else []


def english_words(text: str) -> tuple[str, ...]:
    """What to say for one Latin word: `ChatGPT` → `("Chat", "jee", "pee", "tee")`; never empty."""
    words = [word for part in _PARTS.findall(plain_ascii(text)) for word in _part(part)]
    cut = [word[at : at + LONGEST] for word in words for at in range(0, len(word), LONGEST)]
    return tuple(cut) or ("blank",)
