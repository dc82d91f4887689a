"""A reading as people write it: zhuyin, pinyin with tone digits, or pinyin with tone marks."""

from __future__ import annotations

import re
import unicodedata

from anchor.mandarin.phonemes import is_syllable, pinyin_of

MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
"""Combining macron, acute, caron, grave → tone."""
RUN = re.compile(r"(?:[a-z]+[1-5]){2,}")


def parse_reading(text: str) -> tuple[str, ...]:
    """Pinyin with tone digits, one for each syllable: `ㄌㄜˋ ㄙㄜˋ`, `le4 se4`, `le4se4` and `lè sè` are the same.

    Raises:
        ValueError: a part is no syllable; its argument is that part.
    """
    out: list[str] = []
    for part in text.replace("'", " ").split():
        spelt = _plain(part)
        out += re.findall(r"[a-z]+[1-5]", spelt) if RUN.fullmatch(spelt) else [spelt]
        if not all(is_syllable(syllable) for syllable in out):
            raise ValueError(part)
    return tuple(out)


def _plain(part: str) -> str:
    """One part in lower case with a tone digit and ü as v."""
    try:
        return pinyin_of(part)
    except KeyError:
        pass
    marks = unicodedata.normalize("NFD", part.lower().replace("u:", "v"))
    marks = marks.replace("u\u0308", "v")
    tones = [MARKS[char] for char in marks if char in MARKS]
    letters = "".join(char for char in marks if char not in MARKS)
    return letters + tones[0] if len(tones) == 1 else letters
