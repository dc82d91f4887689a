"""Tones of 一 and 不 in speech. The third tone before a third tone stays lexical: voices apply that themselves."""

from __future__ import annotations

import re

DIGITS = "零〇一二三四五六七八九"
LARGE = "百千萬億兆"
ENDS_IN_YI = ("唯一", "統一", "單一", "惟一", "專一")
"""Words whose 一 is no digit before the next one: 唯一一個."""
FRACTION = "分之"
"""Before the counter of a fraction: 四分之一公尺."""
ORDINAL_HEAD = re.compile(r"第[零一二三四五六七八九十百千萬億兆]*$")


def surface_tones(text: str, readings: list[str], settled: list[bool]) -> list[str]:
    """`readings` with 一 and 不 as they are said.

    Args:
        text: the characters of a run.
        readings: pinyin with tone digit, one for each character; empty when unknown.
        settled: True where the reading must stay as it is.
    """
    out = list(readings)
    for at in range(len(text) - 1, -1, -1):
        if settled[at] or at + 1 == len(text):
            continue
        following = out[at + 1][-1:]
        if text[at] == "不" and readings[at] == "bu4" and following == "4":
            out[at] = "bu2"
        if text[at] == "一" and readings[at] == "yi1" and not _counts(text, at):
            out[at] = "yi2" if following == "4" or text[at + 1] == "個" else "yi4"
    return out


def _counts(text: str, at: int) -> bool:
    """Whether the 一 at `at` is an ordinal or a digit among digits, which keeps its tone."""
    before, after = text[at - 1 : at], text[at + 1]
    if before == "第" or (after in LARGE and ORDINAL_HEAD.search(text[max(0, at - 12) : at])):
        return True
    if after in DIGITS or after in "十月":
        return True
    if text[max(0, at - 2) : at] == FRACTION:
        return after not in LARGE
    if before + after in ("月日", "月號", "年班"):
        return True
    if text[max(0, at - 2) : at] in ENDS_IN_YI:
        return False
    return before == "十" or (bool(before) and before in DIGITS + "點" and after not in LARGE)
