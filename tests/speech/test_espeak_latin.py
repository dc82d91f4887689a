"""What the English voice gets for Latin words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.ports import Voice
from anchor.core.speech import Utterance
from anchor.mandarin.tables import load_rows
from anchor.speech.engines.espeak import latin
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.engines.espeak.latin import english_words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("TSMC", "tee ess em see"),
        ("WHO", "double you aitch oh"),  # not the word
        ("ETF", "ee tee ef"),
        ("APEC", "ape eck"),
        ("NVIDIA", "en vidia"),
        ("TAIDE", "tide"),
        ("DRAM", "dee ram"),
        ("VPNs", "vee pee ens"),
        ("AIoT", "eigh eye oh tee"),
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
        ("TAIDE", "T AY D"),
        ("APEC", "EY P EH K"),
        ("TOEIC", "T OW W IH K"),
        ("ECFA", "EH K F AA"),
        ("YOUBIKE", "Y UW B AY K"),
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


def test_every_row_of_the_table_is_said_in_words_and_once() -> None:
    rows = load_rows(Path(latin.__file__).with_name("latin.tsv"))
    written = [row[0] for row in rows]
    assert len(written) == len(set(written)) > 120
    for row in rows:
        assert len(row) == 3 and row[2]
        assert all(word.isalpha() and word.islower() and word.isascii() for word in row[1].split()), row
