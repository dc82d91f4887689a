"""Japanese kana in Latin letters, so that a voice can say them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from anchor.mandarin.tables import load_rows

KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]+")
POSSESSIVE = "の"
"""Between Chinese characters it is 的 in Taiwan: 優の良品."""
DOUBLED, LONG = "ッ", "ー"
TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


@cache
def _letters() -> dict[str, str]:
    return {kana: letters for kana, letters, *_ in load_rows("kana")}


def romanised(kana: str) -> str:
    """`kana` in Latin letters: ラーメン → raamen, こんにちは → konnichiha."""
    text = unicodedata.normalize("NFKC", kana).translate(TO_KATAKANA)
    out = ""
    at, double = 0, False
    while at < len(text):
        pair = next((text[at : at + n] for n in (2, 1) if text[at : at + n] in _letters()), "")
        letters = _letters().get(pair, "")
        if letters:
            out += (letters[0] if double and letters[0] not in "aeiou" else "") + letters
            double = False
        elif text[at] == LONG and out and out[-1] in "aeiou":
            out += out[-1]
        double = double or text[at] == DOUBLED
        at += len(pair) or 1
    return out
