"""What the English voice gets for Latin words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.ports import Voice
from anchor.core.speech import Utterance
from anchor.speech.engines.espeak import EspeakEngine
from anchor.speech.engines.espeak_latin import english_words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("TSMC", "tee ess em see"),
        ("WHO", "double you aitch oh"),  # not the word
        ("ETF", "ee tee ef"),
        ("APEC", "aypeck"),
        ("NVIDIA", "en vidia"),
        ("COMPUTEX", "computex"),
        ("CEO's", "see ee ohs"),
        ("LEDs", "ell ee dees"),
        ("COVID-19", "covid nineteen"),
        ("H5N1", "aitch five en one"),  # with a tone digit it would be read as pinyin
        ("MP3", "em pee three"),
        ("A4", "eigh four"),
        ("PM2.5", "pee em two point five"),
        ("5G", "five jee"),
        ("AT&T", "eigh tee and tee"),
        ("iPhone", "iPhone"),
        ("McDonald's", "McDonald's"),
        ("café", "cafe"),
        ("α", "alpha"),
        ("１２", "twelve"),
        ("--", "blank"),
    ],
)
def test_latin_words(written: str, said: str) -> None:
    assert " ".join(english_words(written)) == said


def test_words_are_cut_before_the_voice_loses_their_end() -> None:
    assert [len(word) for word in english_words("a" * 50)] == [24, 24, 2]


@pytest.mark.parametrize(
    ("written", "phonemes"),
    [
        ("AI", "EY AY"),
        ("GPU", "JH IY P IY Y UW"),
        ("WHO", "D AH B AH L Y UW EY CH OW"),
        ("Google", "G UW G AH L"),
        ("this", "DH IH S"),
        ("measure", "M EH ZH ER"),
    ],
)
def test_english_phonemes(
    espeak: EspeakEngine, lan: Voice, say: Callable[[str], Utterance], written: str, phonemes: str
) -> None:
    spoken = espeak.speak(say(f"ta1 {written} ma1"), lan)
    assert " ".join(p.symbol for p in spoken.phonemes if p.syllable == 1) == phonemes
