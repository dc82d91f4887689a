"""Syllables: spelling both ways and sounds."""

from __future__ import annotations

import pytest

from anchor.mandarin.phonemes import (
    is_syllable,
    phoneme_classes,
    pinyin_of,
    syllable_phonemes,
    syllable_table,
    zhuyin_of,
)


@pytest.mark.parametrize(
    ("pinyin", "zhuyin", "sounds"),
    [
        ("zhuang1", "ㄓㄨㄤ", "zh u a ng"),
        ("le4", "ㄌㄜˋ", "l e"),
        ("de5", "˙ㄉㄜ", "d e"),
        ("zhi2", "ㄓˊ", "zh ir"),
        ("si4", "ㄙˋ", "s iz"),
        ("xi2", "ㄒㄧˊ", "x i"),
        ("lv4", "ㄌㄩˋ", "l v"),
        ("xu1", "ㄒㄩ", "x v"),
        ("xiong2", "ㄒㄩㄥˊ", "x v u ng"),
        ("yuan2", "ㄩㄢˊ", "v eh n"),
        ("jun1", "ㄐㄩㄣ", "j v n"),
        ("gui1", "ㄍㄨㄟ", "g u eh i"),
        ("weng1", "ㄨㄥ", "u e ng"),
        ("er4", "ㄦˋ", "er"),
        ("yai2", "ㄧㄞˊ", "i a i"),
    ],
)
def test_syllables_known_by_heart(pinyin: str, zhuyin: str, sounds: str) -> None:
    assert zhuyin_of(pinyin) == zhuyin
    assert pinyin_of(zhuyin) == pinyin
    assert syllable_phonemes(pinyin) == tuple(sounds.split())


def test_every_syllable_goes_there_and_back_and_uses_listed_sounds() -> None:
    assert 400 <= len(syllable_table()) <= 420
    for syllable in syllable_table():
        for tone in "12345":
            assert pinyin_of(zhuyin_of(syllable + tone)) == syllable + tone
        kinds = [phoneme_classes()[sound] for sound in syllable_phonemes(syllable + "1")]
        assert "vowel" in kinds


@pytest.mark.parametrize("wrong", ["", "le", "1", "le6", "lü4", "xong1", "hello", "ng5"])
def test_what_is_no_syllable_is_refused(wrong: str) -> None:
    assert not is_syllable(wrong)
    with pytest.raises(KeyError):
        syllable_phonemes(wrong)


@pytest.mark.parametrize("wrong", ["", "ㄅㄅ", "ㄌㄜˋˋ", "le", "ˋ"])
def test_what_is_no_zhuyin_is_refused(wrong: str) -> None:
    with pytest.raises(KeyError):
        pinyin_of(wrong)
