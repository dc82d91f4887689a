"""What every speech engine of the registry must do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from anchor.core.ports import SpeechEngine, Spoken, Voice
from anchor.core.speech import SILENCE, PhonemeTimeline, Utterance
from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes
from anchor.packs import Shelf, load_pack, pack_names
from anchor.registry import SPEECH, speech_engine
from anchor.speech.voice import resolve_voice

ROOT = Path(__file__).parents[2]
Say = Callable[[str], Utterance]


def voice_for(engine: str) -> Voice:
    """The first voice on the shelf that names the engine; a test engine needs none."""
    for name in pack_names(Shelf.VOICES, (ROOT,)):
        pack = load_pack(ROOT / "voices" / name, Shelf.VOICES)
        if pack.engine == engine:
            return resolve_voice(pack)
    return Voice("none", "none", ROOT, "none", engine, (), "CC0-1.0")


@pytest.fixture(scope="module", params=sorted(SPEECH))
def spoken_by(request: pytest.FixtureRequest) -> Iterator[Callable[[Utterance], Spoken]]:
    engine: SpeechEngine = speech_engine(request.param)
    fixtures = {"coqui": "tiny_vits", "kokoro": "natural"}
    own = fixtures.get(request.param)
    voice = request.getfixturevalue(own) if own else voice_for(request.param)
    with engine:
        yield lambda utterance: engine.speak(utterance, voice)


Speak = Callable[[Utterance], Spoken]


def checked(spoken: Spoken, utterance: Utterance) -> Spoken:
    """The rules that hold for any utterance."""
    PhonemeTimeline(spoken.rate, len(spoken.pcm), spoken.phonemes)  # tiles, or raises
    assert spoken.pcm.dtype == np.float32 and spoken.pcm.ndim == 1
    assert np.max(np.abs(spoken.pcm), initial=0.0) <= 1.0
    assert {p.symbol for p in spoken.phonemes} <= set(phoneme_classes())
    said = [p for p in spoken.phonemes if p.syllable is not None]
    assert [p.syllable for p in said if p.onset] == list(range(len(utterance.syllables)))
    assert [p.syllable for p in said] == sorted(p.syllable for p in said if p.syllable is not None)
    for phoneme in spoken.phonemes:
        assert (phoneme.symbol == SILENCE) == (phoneme.syllable is None)
    for index, syllable in enumerate(utterance.syllables):
        if syllable.pinyin is not None:
            symbols = tuple(p.symbol for p in said if p.syllable == index)
            assert symbols == syllable_phonemes(syllable.pinyin)
    for before, after in pairwise(spoken.phonemes):
        assert not before.symbol == SILENCE == after.symbol
    return spoken


def test_a_bulletin_keeps_the_rules(spoken_by: Speak, bulletin: Utterance) -> None:
    checked(spoken_by(bulletin), bulletin)


def test_silence_is_silent_and_vowels_are_not(spoken_by: Speak, bulletin: Utterance) -> None:
    spoken = spoken_by(bulletin)
    power = {
        phoneme: float(np.mean(spoken.pcm[phoneme.span.start : phoneme.span.end] ** 2)) for phoneme in spoken.phonemes
    }
    classes = phoneme_classes()
    vowels = [value for phoneme, value in power.items() if classes[phoneme.symbol] == "vowel"]
    silences = [value for phoneme, value in power.items() if phoneme.symbol == SILENCE]
    assert len(silences) > 5
    assert max(silences) < min(vowels) / 100  # 20 dB between the loudest silence and the softest vowel
    assert max(silences) < np.median(vowels) / 10_000


def test_the_same_again_gives_the_same_samples(spoken_by: Speak, bulletin: Utterance, say: Say) -> None:
    first = spoken_by(bulletin)
    spoken_by(say("ma1"))
    second = spoken_by(bulletin)
    assert np.array_equal(first.pcm, second.pcm)
    assert first.phonemes == second.phonemes


@pytest.mark.parametrize(
    "line", ["", "。", "ma1", "a1", "， ma1 。", "TSMC", "ma1 NVIDIA ma1", "α", "--", "|300", "ma1 |0 ma1"]
)
def test_small_utterances(spoken_by: Speak, say: Say, line: str) -> None:
    utterance = say(line)
    spoken = checked(spoken_by(utterance), utterance)
    assert bool(len(spoken.pcm)) == bool(utterance.syllables or "|300" in line)


@pytest.mark.parametrize("ms", [80, 500, 1234, 5000])
def test_a_pause_is_as_long_as_asked(spoken_by: Speak, say: Say, ms: int) -> None:
    utterance = say(f"tai2bei3 ， |{ms} gao1xiong2 。 |{ms}")
    spoken = checked(spoken_by(utterance), utterance)
    pauses = [len(p.span) / spoken.rate * 1000 for p in spoken.phonemes if p.symbol == SILENCE]
    assert pauses == pytest.approx([ms, ms], abs=1)


@pytest.mark.parametrize("joined", [" ", ""])
def test_300_syllables_without_punctuation_lose_nothing(spoken_by: Speak, say: Say, joined: str) -> None:
    utterance = say(joined.join(["tai2", "wan1", "xin1", "wen2", "zhong1", "xiong2"] * 50))
    assert len(utterance.syllables) == 300
    checked(spoken_by(utterance), utterance)


def test_every_letter_of_a_long_latin_word_takes_time(spoken_by: Speak, say: Say) -> None:
    utterance = say("ABCDE " * 60 + "a" * 500)
    checked(spoken_by(utterance), utterance)
