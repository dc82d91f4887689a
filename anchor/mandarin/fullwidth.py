"""Full-width and look-alike characters as the plain ones, each at its own place."""

from __future__ import annotations

import re
import unicodedata

from anchor.mandarin.spoken_text import HAN

FOLDED = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF10, 0xFF1A)},
    **{code: chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    **{ord(a): b for a, b in zip("％＄＋－＠＃＆＊＜＞−﹣￥∕", "%$+-@#&*<>--¥/", strict=True)},
}
WIDE_COMMA = re.compile(r"(?<=\d)，(?=\d{3}(?!\d))")
"""A thousands separator typed in full width."""
WIDE_SLASH = re.compile(r"(?<=\d)／(?=\d)")
LISTED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽❶❷❸❹❺❻❼❽❾❿"
"""Numbers of a list, which count nothing."""
CIRCLE_ZERO = re.compile(r"(?<=[一二三四五六七八九〇○])[○◯]|[○◯](?=[一二三四五六七八九])")
"""A circle drawn for 〇."""


def fold(text: str) -> str:
    """`text` with full-width digits, letters and signs as ASCII, and look-alikes as themselves; same length."""
    narrow = WIDE_COMMA.sub(",", "".join(_fold_char(char) for char in text.translate(FOLDED)))
    return CIRCLE_ZERO.sub("〇", WIDE_SLASH.sub("/", narrow))


def _fold_char(char: str) -> str:
    if (
        char in "⁰¹²³⁴⁵⁶⁷⁸⁹"
        or char in LISTED
        or char < "\u00a0"
        or "\u4e00" <= char <= "\u9fff"
        or char in "，！？：；（）／＝～｜．＂＇｛｝［］｡…℃℉㎡㎞㎝㎜㎏㎎㏄"
    ):
        return char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and (plain.isalnum() or HAN.match(plain)) else char
