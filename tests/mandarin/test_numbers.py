"""Numbers as newsrooms write them: spaces that are a matter of taste, and guesses that are told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from anchor.core.speech import Utterance

Read = Callable[[str], Utterance]
HAN, DIGIT = r"[〇㐀-鿿]", r"[0-9０-９]"
BETWEEN = re.compile(rf"(?<={HAN})(?={DIGIT})|(?<={DIGIT})(?={HAN})")
SPACES = re.compile(rf"(?<={HAN})\s+(?={DIGIT})|(?<={DIGIT})\s+(?={HAN})")


@pytest.mark.table("numbers", "written", "newsroom")
@pytest.mark.parametrize("space", ["", " ", "  ", "\u3000", "\u00a0"], ids=["none", "half", "two", "full", "hard"])
def test_space_between_chinese_and_digits_changes_nothing(row: tuple[str, ...], space: str, read: Read) -> None:
    utterance = read(BETWEEN.sub(space, SPACES.sub("", row[0])))
    assert utterance.spoken == row[1]
    assert " ".join(s.zhuyin or s.char for s in utterance.syllables) == row[2]


def test_spans_count_the_spaces(read: Read) -> None:
    written = "第 2 名，有　12　人"
    said = {s.char: written[s.span.start : s.span.end] for s in read(written).syllables}
    assert said == {"第": "第", "二": "2", "名": "名", "有": "有", "十": "1", "人": "人"} | {"二": "2"}


@pytest.mark.parametrize(
    ("written", "guess"),
    [
        ("某某1234漲停", "1234"),
        ("中華隊7:30對上日本隊", "7:30"),
        ("火車14:23誤點", "14:23"),
        ("比賽3-1", "3-1"),
        ("見5-12", "5-12"),
        ("見12-5", "12-5"),
        ("402車次", "402"),
    ],
)
def test_what_can_be_read_in_two_ways_is_told(written: str, guess: str, read: Read) -> None:
    told = [n for n in read(written).notices if n.code == "guessed-number" and n.place and n.place.span]
    assert [written[n.place.span.start : n.place.span.end] for n in told if n.place and n.place.span] == [guess]


@pytest.mark.parametrize(
    "written",
    [
        "消防局14:20獲報",
        "以21:15、21:18擊敗對手",
        "台積電2330漲停",
        "比賽19:05開打",
        "3~5人",
        "403花蓮強震",
        "下午2:33",
    ],
)
def test_what_the_text_decides_is_not_asked(written: str, read: Read) -> None:
    assert read(written).notices == ()


@pytest.mark.parametrize(
    ("spaced", "close"),
    [
        ("14 : 30 開會", "14:30開會"),
        ("2026 / 11 / 23", "2026/11/23"),
        ("12 - 1 號", "12-1號"),
        ("台積電 ( 2330 ) 漲停", "台積電(2330)漲停"),
        ("3 月 29 日（ 日 ）", "3月29日（日）"),
        ("第 2 - 3 名", "第2-3名"),
        ("15 ~ 20 度", "15~20度"),
    ],
)
def test_space_around_signs_changes_nothing(spaced: str, close: str, read: Read) -> None:
    assert read(spaced).spoken == read(close).spoken
    assert [s.zhuyin for s in read(spaced).syllables] == [s.zhuyin for s in read(close).syllables]
