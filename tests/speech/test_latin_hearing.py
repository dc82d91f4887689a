"""The bench of terms in Latin letters: legal tables, what counts as understood, and whose part of a text is whose."""

from __future__ import annotations

import pytest

from anchor.mandarin.reader import Reader
from tests.bench.latin_hearing import Trial, parts_of, pattern_of, understood
from tests.bench.latin_terms import trials


def term(*ways: str) -> Trial:
    return Trial(ways[0], ways, "談到{}的事。")


def test_every_term_has_its_two_sentences() -> None:
    own, bland = trials(), trials(bland=True)
    assert len(own) == len(bland) >= 200
    assert len({trial.term for trial in own}) == len(own)
    for trial in (*own, *bland):
        assert trial.carrier.count("{}") == 1
        assert understood(trial, trial.sentence), trial
        assert not understood(trial, trial.carrier), trial


@pytest.mark.parametrize("written", ["Wi-Fi", "wifi", "WI FI", "Ｗｉ－Ｆｉ", "免費wi-fi上網"])
def test_case_hyphens_and_spaces_make_no_difference(written: str) -> None:
    assert understood(term("Wi-Fi"), written)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("NVIDIA", "輝達"),
        ("Claude", "cloud"),
        ("Threads", "thread"),
        ("AI", "OpenAI"),
        ("EU", "EUV"),
        ("G2", "G20"),
        ("GPT-5", "GPT-50"),
        ("5G", "15G"),
        ("CEO", "C,以歐"),
    ],
)
def test_names_homophones_and_parts_do_not_count(said: str, written: str) -> None:
    assert not understood(term(said), written)


def test_chinese_numerals_and_other_spellings_count_where_the_table_says_so() -> None:
    own = {trial.term: trial for trial in trials()}
    assert understood(own["GPT-5"], "模型GPT五推出")
    assert understood(own["G20"], "出席G二十峰會")
    assert understood(own["OK"], "他說okay")
    assert understood(own["7-ELEVEN"], "超商龍頭7-11咖啡")


def test_a_pattern_is_not_fooled_by_what_stands_beside() -> None:
    assert pattern_of("GPT").search("用gpt寫")
    assert pattern_of("s&p五百").search("美股s&p五百")
    assert not pattern_of("PC").search("pchome")


SAID = ("記者會上OpenAI公布新模型。", "學生用GPT寫報告。", "民眾到IKEA買家具。")


def parts(text: str) -> list[str | None]:
    reader = Reader()
    return parts_of([reader.read(sentence) for sentence in SAID], text, reader)


def test_each_sentence_gets_its_own_part() -> None:
    first, second, third = parts("記者會上 OpenAI 公佈新模型 學生用 機PT 寫報告 民眾到 IKEA 買傢俱")
    assert first and "OpenAI" in first and "PT" not in first
    assert second and "機PT" in second and "OpenAI" not in second and "IKEA" not in second
    assert third and "IKEA" in third and "PT" not in third


def test_homophones_and_wrong_tones_are_found() -> None:
    first, second, third = parts("機者會尚歐噴AI公不新模行學聲用GPT寫抱告民種到宜家買家句")
    assert first and "AI" in first
    assert second and "GPT" in second
    assert third and "宜家" in third


def test_a_sentence_that_was_not_heard_has_no_part() -> None:
    first, second, third = parts("記者會上OpenAI公布新模型。民眾到IKEA買家具。")
    assert first and third
    assert second is None


@pytest.mark.parametrize("text", ["", "。", "謝謝觀看"])
def test_a_text_of_something_else_has_no_parts(text: str) -> None:
    assert parts(text) == [None, None, None]
