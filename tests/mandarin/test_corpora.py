"""Lists of other packages, read as files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from anchor.mandarin.corpora import character_readings, phrase_readings, with_digit, word_frequencies


@pytest.mark.parametrize(
    ("pinyin", "digit"), [("lǜ", "lü4"), ("nüè", "nüe4"), ("yī", "yi1"), ("ń", "n2"), ("de", "de5"), ("ê̄", "ê1")]
)
def test_mark_becomes_a_digit(pinyin: str, digit: str) -> None:
    assert with_digit(pinyin) == digit


@pytest.mark.parametrize(("word", "kind"), [("银行", "n"), ("AT&T", "nz"), ("龟裂", "v"), ("没有这个词", ""), ("", "")])
def test_word_is_found_by_its_first_character(word: str, kind: str) -> None:
    assert word_frequencies().get(word).partition(" ")[2] == kind


def test_readings_are_those_of_pypinyin() -> None:
    from pypinyin.phrases_dict import phrases_dict
    from pypinyin.pinyin_dict import pinyin_dict

    assert phrase_readings() == phrases_dict
    assert {int(code): readings for code, readings in character_readings().items()} == pinyin_dict


def test_neither_package_is_imported() -> None:
    code = (
        "import sys; from anchor.mandarin.reader import Reader; Reader().read('大家好'); "
        "sys.exit(bool({'jieba', 'pypinyin'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
