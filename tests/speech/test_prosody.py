"""What the embedded voice adds to the tones: stress, pace, phrases, quotations, English."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anchor.core.ports import Spoken, Voice
from anchor.core.speech import SILENCE, Utterance
from anchor.core.time import Span
from anchor.mandarin.phonemes import phoneme_classes
from anchor.mandarin.reader import Reader
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.engines.prosody import EVEN, BoundaryTone, Tune, Weight, WordProsody
from tests.speech.pitch import track_pitch

VOWELS = frozenset(s for s, kind in phoneme_classes().items() if kind == "vowel" and s.islower())
BASE = WordProsody(rate=236, pitch=50, width=64, volume=55)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def spans(spoken: Spoken, first: int, last: int) -> Span:
    """From the first sound of a syllable to the end of another."""
    here = [p.span for p in spoken.phonemes if p.syllable is not None and first <= p.syllable <= last]
    return Span(here[0].start, here[-1].end)


def decibels(spoken: Spoken, span: Span) -> float:
    return float(10 * np.log10(np.mean(spoken.pcm[span.start : span.end] ** 2)))


def pitch(spoken: Spoken, first: int, last: int) -> float:
    """Mean over the vowels of some syllables, in semitones."""
    hz = track_pitch(spoken.pcm, spoken.rate)
    vowels = [p.span for p in spoken.phonemes if p.symbol in VOWELS and first <= (p.syllable or 0) <= last]
    return float(np.mean([12 * np.log2(hz.inside(s.start / spoken.rate, s.end / spoken.rate, 5)) for s in vowels]))


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_a_stressed_word_is_longer_higher_and_louder(
    espeak: EspeakEngine, reader: Reader, name: str, request: pytest.FixtureRequest
) -> None:
    voice: Voice = request.getfixturevalue(name)
    plain = espeak.speak(reader.read("今天公司公開說明新車規格。"), voice)
    strong = espeak.speak(reader.read("今天公司**公開**說明新車規格。"), voice)
    word = [spans(s, 4, 5) for s in (plain, strong)]
    assert len(word[1]) > 1.1 * len(word[0])
    assert pitch(strong, 4, 5) - pitch(plain, 4, 5) > 0.7
    assert decibels(strong, word[1]) - decibels(plain, word[0]) > 0.8
    assert pitch(strong, 6, 11) < pitch(plain, 6, 11)
    assert spans(strong, 0, 3) == spans(plain, 0, 3)


@pytest.mark.parametrize("pace", [0.75, 0.85, 1.15, 1.4])
def test_pace_is_kept(espeak: EspeakEngine, reader: Reader, lan: Voice, pace: float) -> None:
    said = reader.read("中央氣象署表示，受到東北季風影響，北部明天起轉涼，請民眾注意保暖。" * 4)
    normal, changed = (espeak.speak(u, lan) for u in (said, replace(said, pace=pace)))
    assert len(normal.pcm) / len(changed.pcm) == pytest.approx(pace, rel=0.03)


def test_a_script_pause_is_not_stretched(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    spoken = espeak.speak(replace(reader.read("今天明天", [(2, 700)]), pace=0.7), lan)
    pauses = [len(p.span) / spoken.rate for p in spoken.phonemes if p.symbol == SILENCE]
    assert pauses == [pytest.approx(0.7, abs=0.001)]


def test_a_quotation_is_set_off(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    plain, quoted = (espeak.speak(reader.read(t), lan) for t in ("他說要專心讀書。", "他說要「專心讀書」。"))
    first, last = 3, 6
    assert len([p for p in quoted.phonemes if p.onset]) == 7
    assert pitch(quoted, first, last) - pitch(plain, first, last) > 0.25


def test_a_list_stays_up_and_a_sentence_comes_down(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    spoken = espeak.speak(reader.read("冰箱、烤箱、車箱。"), lan)
    items = [pitch(spoken, index, index) for index in (1, 3, 5)]
    assert items[0] - items[2] > 1.0 and items[1] - items[2] > 1.0


def test_letters_are_not_rushed(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    spoken = espeak.speak(reader.read("國際油價由OPEC、WHO和ETF決定，TSMC也一樣。"), lan)
    said = reader.read("國際油價由OPEC、WHO和ETF決定，TSMC也一樣。").syllables
    tsmc = next(i for i, s in enumerate(said) if s.char == "TSMC")
    assert 4.0 <= 4 / (len(spans(spoken, tsmc, tsmc)) / spoken.rate) <= 6.0


def test_the_word_before_a_pause_is_longer(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    inside, final = (espeak.speak(reader.read(t), lan) for t in ("公車今天加開", "公車，今天加開"))
    assert len(spans(final, 0, 1)) > 1.04 * len(spans(inside, 0, 1))


def english_pace(spoken: Spoken, first: int, last: int) -> float:
    """Words a minute."""
    return (last - first + 1) / (len(spans(spoken, first, last)) / spoken.rate) * 60


def test_a_quoted_english_sentence_is_english(espeak: EspeakEngine, reader: Reader, lan: Voice) -> None:
    said: Utterance = reader.read("市長說「We will build a better city for our children」，全場鼓掌。")
    spoken = espeak.speak(said, lan)
    words = [i for i, s in enumerate(said.syllables) if s.pinyin is None]
    assert len(words) == 9
    assert 150 <= english_pace(spoken, words[0], words[-1]) <= 200
    symbols = " ".join(p.symbol for p in spoken.phonemes if p.syllable == words[2])
    assert symbols == "B IH L D"
    assert not any(p.symbol == SILENCE and p.span.start in spans(spoken, words[0], words[-1]) for p in spoken.phonemes)


def test_manners_stay_in_the_librarys_bounds() -> None:
    wild = Weight(stress=True, quoted=True, latin=True)
    for base in (WordProsody(450, 99, 99, 100), WordProsody(80, 0, 0, 0)):
        for ending in BoundaryTone:
            made = Tune((0.0, 0.1), (0.0, 1.0), ending, True).manner(base, 0.0, True, wild)
            assert 80 <= made.rate <= 450 and 0 <= made.pitch <= 99 and 0 <= made.width <= 99 and made.volume <= 100
    assert EVEN.manner(BASE, 0.5, True) == BASE
