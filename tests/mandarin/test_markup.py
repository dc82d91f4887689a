"""Markup that came along: taken as what it is, told, never read aloud."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.speech import Break, BreakKind, Utterance
from anchor.mandarin.kana import romanised
from anchor.mandarin.markup import find_markup, is_markup, plain_title

Read = Callable[[str], Utterance]
SRT = """1
00:00:01,000 --> 00:00:04,000
今天天氣很好，

2
00:00:04,500 --> 00:00:06,000
明天也很好。
"""


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("<p>今天<b>很</b>好&nbsp;</p><p>明天也好</p>", "今天很好。明天也好。"),
        ('<div class="a">今天</div><br/>明天', "今天。明天"),
        ("<ul><li>一</li><li>二</li></ul>", "一。二。"),
        ("<script>var a = 1;</script>今天<style>p {}</style>好", "今天好"),
        ("今天<!-- 不讀 -->好", "今天好"),
        ("AT&amp;T與R&D", "AT&T與R&D"),
        ("他說&hellip;好", "他說…好"),
        ('<a href="https://example.com/a?b=1">公告</a>', "公告"),
        ("看[公告](https://example.com/a)內容", "看公告內容"),
        ("![圖](https://example.com/a.png)好", "圖好"),
        ('<speak>各位<prosody rate="slow">觀眾</prosody>好</speak>', "各位觀眾好"),
        ('<sub alias="世衛">WHO</sub>說', "世衛說"),
        (SRT, "今天天氣很好，明天也很好。"),
        ("WEBVTT\n\n00:01.000 --> 00:04.000 align:left\n今天好", "今天好"),
    ],
)
def test_markup_is_no_text(written: str, spoken: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert [n.code for n in utterance.notices] == ["markup"]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [("3 < 5", "三小於五"), ("a<c且c>a", "a小於c且c大於a"), ("AT&T", "AT&T"), ("<我>", "小於我大於")],
)
def test_what_only_looks_like_markup_is_read(written: str, spoken: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert "markup" not in [n.code for n in utterance.notices]


@pytest.mark.parametrize(
    ("tag", "ms"),
    [
        ('<break time="1s"/>', [1000]),
        ("<break time='500ms'/>", [500]),
        ("<break time=1.5s>", [1500]),
        ("<break/>", [500]),
        ('<break strength="strong"/>', [700]),
        ('<break strength="none"/>', []),
        ('<break time="99s"/>', [10_000]),
    ],
)
def test_a_break_of_speech_markup_is_a_pause(tag: str, ms: list[int], read: Read) -> None:
    utterance = read(f"今天{tag}很好{tag}再見")
    pauses = [i.ms for i in utterance.items if isinstance(i, Break) and i.kind is BreakKind.PAUSE]
    assert pauses == ms * 2


def test_spans_count_the_markup(read: Read) -> None:
    written = "<p>今天<b>3</b>人</p>"
    said = [(s.char, written[s.span.start : s.span.end]) for s in read(written).syllables]
    assert said == [("今", "今"), ("天", "天"), ("三", "3"), ("人", "人")]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("**重大**快訊", "重大快訊"),
        ("*斜體*與`碼`", "斜體與碼"),
        ("__粗__的_字_", "粗的字"),
        ("<b>開幕</b>&nbsp;現場", "開幕 現場"),
        ("[公告](https://example.com)", "公告"),
        ("snake_case_name 3*4", "snake_case_name 3*4"),
        ("全形　空格", "全形　空格"),
    ],
)
def test_a_title_is_shown_plain(title: str, plain: str) -> None:
    assert plain_title(title) == plain


def test_markup_alone_is_known() -> None:
    assert is_markup("<div>")
    assert is_markup('<p class="x"></p>')
    assert not is_markup("<p>好</p>")
    assert not is_markup("")
    assert find_markup("沒有標記") == ()


@pytest.mark.parametrize(
    ("kana", "letters"),
    [
        ("ありがとう", "arigatou"),
        ("ラーメン", "raamen"),
        ("ﾗｰﾒﾝ", "raamen"),
        ("チケット", "chiketto"),
        ("きょう", "kyou"),
        ("ー", ""),
    ],
)
def test_kana_in_letters(kana: str, letters: str) -> None:
    assert romanised(kana) == letters


@pytest.mark.parametrize(
    ("written", "spoken"), [("吃ラーメン去", "吃raamen去"), ("優の良品", "優的良品"), ("のり", "nori")]
)
def test_kana_are_said_and_told(written: str, spoken: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert "foreign-script" in [n.code for n in utterance.notices]
