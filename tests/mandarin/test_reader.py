"""What is said: readable tables, one row one case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader

Read = Callable[[str], Utterance]


@pytest.mark.table(
    "must-taiwan", "polyphones", "names", "tones", "numbers", "written", "newsroom", "places", "paragraphs"
)
def test_row_is_read_as_listed(row: tuple[str, ...], read: Read) -> None:
    written, spoken, zhuyin, *_ = row
    utterance = read(written)
    assert utterance.spoken == spoken
    assert " ".join(s.zhuyin or s.char for s in utterance.syllables) == zhuyin


@pytest.mark.table("must-not")
def test_wrong_reading_never_comes(row: tuple[str, ...], read: Read) -> None:
    written, wrong, *_ = row
    assert wrong not in [s.pinyin for s in read(written).syllables]


@pytest.mark.parametrize("marked", ["垃圾{ㄌㄜˋ ㄙㄜˋ}車", "垃圾{le4 se4}車", "垃圾｛LE4 SE4｝車"])
def test_reading_in_braces_wins(marked: str, read: Read) -> None:
    utterance = read(marked)
    assert utterance.spoken == "垃圾車"
    assert [s.pinyin for s in utterance.syllables] == ["le4", "se4", "che1"]


def test_reading_in_braces_beats_tables_and_sandhi(read: Read) -> None:
    assert [s.pinyin for s in read("一{yi1}個企業{qi3 ye4}").syllables] == ["yi1", "ge4", "qi3", "ye4"]


def test_conjunction_is_an_option_and_peace_is_not() -> None:
    text = "總統和部長談和平"
    assert [s.pinyin for s in Reader().read(text).syllables][2] == "han4"
    assert [s.pinyin for s in Reader(he="he2").read(text).syllables][2] == "he2"
    assert [s.pinyin for s in Reader().read(text).syllables][-2] == "he2"


def test_latin_words_are_left_to_the_voice(read: Read) -> None:
    utterance = read("AI 與 GDP")
    assert [(s.char, s.pinyin) for s in utterance.syllables] == [("AI", None), ("與", "yu3"), ("GDP", None)]
    assert [item.text for item in utterance.items if getattr(item, "latin", False)] == ["AI", "GDP"]


def test_two_readers_agree_to_the_last_bit(read: Read) -> None:
    text = "台積電(2330)上漲3.28%，AI 需求強勁。\n1月1日起，每人2,000元😀！"
    assert Reader().read(text) == read(text)


@pytest.mark.parametrize(
    ("written", "spoken", "pinyin"),
    [
        ("NVIDIA{hui1 da2}今天", "", "hui1 da2 jin1 tian1"),
        ("TAIDE{泰德}模型", "泰德模型", "tai4 de2 mo2 xing2"),
        ("共12{十二}人", "共十二人", "gong4 shi2 er4 ren2"),
        ("共12{yi1 er4}人", "", "gong4 yi1 er4 ren2"),
        ("GPT-4{四代}好", "四代好", "si4 dai4 hao3"),
        ("3.5%{三點五趴}好", "三點五趴好", "san1 dian3 wu3 pa1 hao3"),
        ("14:30{下午兩點半}到", "下午兩點半到", "xia4 wu3 liang3 dian3 ban4 dao4"),
        ("四分之一{yi2}", "四分之一", "si4 fen1 zhi1 yi2"),
    ],
)
def test_braces_settle_any_token(written: str, spoken: str, pinyin: str, read: Read) -> None:
    utterance = read(written)
    assert spoken in ("", utterance.spoken)
    assert " ".join(s.pinyin or s.char for s in utterance.syllables) == pinyin


def test_what_is_said_instead_stands_for_the_whole_token(read: Read) -> None:
    spans = [(s.span.start, s.span.end) for s in read("用GPT-4{四代}好").syllables]
    assert spans == [(0, 1), (1, 6), (1, 6), (10, 11)]


def test_a_doubt_that_braces_settle_is_told_no_more(read: Read) -> None:
    assert [n.code for n in read("火車14:23誤點").notices] == ["guessed-number"]
    assert read("火車14:23{十四點二十三分}誤點").notices == ()
