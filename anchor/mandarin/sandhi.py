"""Tones of 一 and 不 in speech. The third tone before a third tone stays lexical: voices apply that themselves."""

from __future__ import annotations

import re

DIGITS = "零〇一二三四五六七八九"
LARGE = "百千萬億兆"
ENDS_IN_YI = ("唯一", "統一", "單一", "惟一", "專一")
"""Words whose 一 is no digit before the next one: 唯一一個."""
FRACTION = "分之"
"""Before the counter of a fraction: 四分之一公尺."""
SCORE = "比"
"""Between the sides of a score or a ratio: 十一比一通過."""
GRADE = re.compile(
    r"[小國高大]一(?:開始|新生|學生|生(?!的)|升|學期|課程|數學|國文|英文|家長|導師|學年|入學|到[小國高大]|時|暑假|寒假|就[讀開]|[上下]學|的(?:學生|孩子|小孩|兒子|女兒))"
)
"""The first year of a school: 小一, 高一."""
HALL = re.compile(r"[^一二三四五六七八九十每任同這那某各單有另]一[館廠](?!一)")
"""Halls and works are numbered: 世貿一館."""
ROAD = re.compile(r"[台臺]一(?:線|[甲乙丙丁戊己庚辛]|[南北][上下向])|國一(?:甲|[南北][上下向]|[五汐高]|路段)")
"""Roads are numbered: 台一線, 國一北上."""
STREET = re.compile(
    r"(?:中山|中正|民族|民權|民生|五福|六合|七賢|建國|九如|博愛|三多|四維|明誠|明德|五工|五權|華夏|八德|南京|鼎山|信義"
    r"|仁愛|忠孝|重慶|延平|復興|環河)$"
)
"""Before the first of several roads of a name: 中山一路."""
STREET_LIKE = re.compile(r"(?:[縣市區鄉鎮村里][一-龥]{2}|大學|光復|自由|成功|新生|和平|大同|文化|自強|工業|科技)$")
"""The same, unless 一路 is all the way: 科技一路走高."""
ONWARDS = re.compile(r"一路(?:[走上飆狂升漲跌高下衝挺從往到開領順追殺攀探以被向來綠紅發長]|$)")
"""All the way: 股價一路走高."""
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
    if _sides(text, at) or any(place.match(text, max(0, at - 1)) for place in (GRADE, HALL, ROAD)):
        return True
    if after == "路" and _road(text, at):
        return True
    if before + after in ("月日", "月號", "年班"):
        return True
    if text[max(0, at - 2) : at] in ENDS_IN_YI:
        return False
    return before == "十" or (bool(before) and before in DIGITS + "點" and after not in LARGE)


def _road(text: str, at: int) -> bool:
    """Whether 一路 at `at` is the first of several roads."""
    name = text[max(0, at - 3) : at]
    return bool(STREET.search(name) or (STREET_LIKE.search(name) and not ONWARDS.match(text, at)))


def _sides(text: str, at: int) -> bool:
    """Whether the 一 at `at` is one side of a score: 十一比一通過, 一比十."""
    numbers = DIGITS + "十" + LARGE
    front = text[at - 1 : at] == SCORE and text[max(0, at - 2) : at - 1] in numbers and text[at + 1] not in numbers
    return (at > 1 and front) or (text[at + 1 : at + 2] == SCORE and text[at + 2 : at + 3] in [*numbers])
