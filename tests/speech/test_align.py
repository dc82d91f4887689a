"""Alignment against speech whose every sound is known: other voices, paces, noise, pauses, added and missing words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.ports import Spoken, Voice
from anchor.core.speech import SILENCE, Utterance
from anchor.speech.align import DOUBT, REFUSE, Alignment, align_speech
from anchor.speech.engines.espeak.engine import EspeakEngine

OTHER = (
    "jing1ji4bu4 zuo2tian1 fa1bu4 zui4xin1 tong3ji4 ， shi2 yue4 chu1kou3 zong3e2 chuang4 li4shi3 xin1gao1 ， "
    "nian2zeng1 shi2wu3 dian3 liu4 。 hou4tian1 you4 yao4 shang4ban1 le5 ， lu4shang4 che1duo1 qing3 xiao3xin1 。"
)
Speak = Callable[..., Spoken]


@pytest.fixture(scope="module")
def speak() -> Iterator[Speak]:
    """Speaks an utterance at a rate, once each."""
    made: dict[tuple[str, str, int], Spoken] = {}
    with EspeakEngine() as engine:

        def say(utterance: Utterance, voice: Voice, rate: int = 236) -> Spoken:
            key = (str(utterance.items), voice.name, rate)
            if key not in made:
                options = tuple((k, rate if k == "rate" else v) for k, v in voice.options)
                made[key] = engine.speak(utterance, replace(voice, options=options))
            return made[key]

        yield say


def _noisy(pcm: NDArray[np.float32], decibel: float) -> NDArray[np.float32]:
    power = float(np.sqrt(np.mean(pcm**2)))
    noise = np.random.default_rng(7).normal(0, power * 10 ** (-decibel / 20), len(pcm))
    return np.asarray(pcm + noise, np.float32)


def _errors_ms(true: Spoken, found: Alignment, rate: int) -> NDArray[np.float64]:
    """Size of the error at the beginning of every sound."""
    known = [p for p in true.phonemes if p.symbol != SILENCE]
    heard = [p for p in found.phonemes if p.symbol != SILENCE]
    assert [(p.symbol, p.syllable, p.onset) for p in known] == [(p.symbol, p.syllable, p.onset) for p in heard]
    pairs = zip(known, heard, strict=True)
    return np.abs([(h.span.start / rate - k.span.start / true.rate) * 1000 for k, h in pairs])


def _tiles(found: Alignment, samples: int) -> bool:
    edges = [0, *(p.span.end for p in found.phonemes)]
    return edges[-1] == samples and all(
        p.span.start == at < p.span.end for p, at in zip(found.phonemes, edges, strict=False)
    )


@pytest.mark.parametrize("rate", [190, 236, 275])
@pytest.mark.parametrize("man_reads", [True, False])
def test_unlike_voices(bulletin: Utterance, lan: Voice, hao: Voice, speak: Speak, man_reads: bool, rate: int) -> None:
    reader, listener = (hao, lan) if man_reads else (lan, hao)
    read = speak(bulletin, reader, rate)
    found = align_speech(read.pcm, read.rate, bulletin, speak(bulletin, listener, 236))
    errors = _errors_ms(read, found, read.rate)
    assert np.median(errors) <= 5 and np.percentile(errors, 95) <= 25
    assert _tiles(found, len(read.pcm)) and not found.extra
    assert all(s.doubt < DOUBT for s in found.sentences) and len(found.sentences) == 5


@pytest.mark.parametrize("rate", [190, 236])
def test_noise(bulletin: Utterance, lan: Voice, hao: Voice, speak: Speak, rate: int) -> None:
    read = speak(bulletin, hao, rate)
    found = align_speech(_noisy(read.pcm, 15), read.rate, bulletin, speak(bulletin, lan, 236))
    assert np.percentile(_errors_ms(read, found, read.rate), 95) <= 30
    assert all(s.doubt < DOUBT for s in found.sentences)


def test_another_rate_and_a_played_faster_tape(bulletin: Utterance, lan: Voice, hao: Voice, speak: Speak) -> None:
    read, reference = speak(bulletin, hao, 236), speak(bulletin, lan, 236)
    wanted = round(len(read.pcm) * 48000 / read.rate)
    at_48 = np.interp(np.arange(wanted) * read.rate / 48000, np.arange(len(read.pcm)), read.pcm)
    found = align_speech(at_48.astype(np.float32), 48000, bulletin, reference)
    assert np.percentile(_errors_ms(read, found, 48000), 95) <= 25
    fast = round(read.rate * 1.08)
    found = align_speech(read.pcm, fast, bulletin, reference)
    assert np.percentile(_errors_ms(replace(read, rate=fast), found, fast), 95) <= 25


def _with_pieces(spoken: Spoken, syllables: tuple[int, ...], piece: NDArray[np.float32]) -> Spoken:
    """The same speech with a piece of sound put in before some syllables."""
    cuts = [p.span.start for p in spoken.phonemes if p.onset and p.syllable in syllables]
    parts, phonemes = np.split(spoken.pcm, cuts), []
    for phoneme in spoken.phonemes:
        by = len(piece) * sum(cut <= phoneme.span.start for cut in cuts)
        phonemes.append(replace(phoneme, span=phoneme.span.shifted(by)))
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [piece, part]
    return replace(spoken, pcm=np.concatenate(joined), phonemes=tuple(phonemes))


@pytest.mark.parametrize("seconds", [0.3, 9.0])
def test_pauses_where_nobody_wrote_one(
    bulletin: Utterance, lan: Voice, hao: Voice, speak: Speak, seconds: float
) -> None:
    read = speak(bulletin, hao, 236)
    held = _with_pieces(read, (0, 5, 33, 50, 71, 90, 110), np.zeros(round(seconds * read.rate), np.float32))
    found = align_speech(held.pcm, held.rate, bulletin, speak(bulletin, lan, 236))
    errors = _errors_ms(held, found, held.rate)
    assert np.percentile(errors, 95) <= 25 and errors.max() < 150
    assert not found.extra


def test_added_words_are_pointed_out(
    bulletin: Utterance, say: Callable[[str], Utterance], lan: Voice, hao: Voice, speak: Speak
) -> None:
    read, added = speak(bulletin, hao, 236), speak(say("na4ge5 jiu4shi4 shuo1"), hao, 236)
    held = _with_pieces(read, (20,), added.pcm)
    found = align_speech(held.pcm, held.rate, bulletin, speak(bulletin, lan, 236))
    assert np.percentile(_errors_ms(held, found, held.rate), 95) <= 25
    end = next(p.span.start for p in held.phonemes if p.syllable == 20 and p.onset)
    (extra,) = found.extra
    assert abs(extra.end - end) < 0.1 * held.rate
    assert abs(extra.start - (end - len(added.pcm))) < 0.1 * held.rate


def test_wrong_and_missing_sentences_stand_out(
    bulletin: Utterance, say: Callable[[str], Utterance], lan: Voice, hao: Voice, speak: Speak
) -> None:
    read, reference, other = speak(bulletin, hao), speak(bulletin, lan), speak(say(OTHER), hao)
    right = align_speech(read.pcm, read.rate, bulletin, reference)
    third = right.sentences[2].samples
    for instead in (other.pcm[: len(third)], np.zeros(0, np.float32)):
        changed = np.concatenate([read.pcm[: third.start], instead, read.pcm[third.end :]])
        found = align_speech(changed, read.rate, bulletin, reference)
        doubts = [s.doubt for s in found.sentences]
        assert doubts[2] > REFUSE and max(doubts[:2] + doubts[4:]) < DOUBT
    wrong = align_speech(other.pcm, other.rate, bulletin, reference)
    assert max(s.doubt for s in wrong.sentences) > REFUSE


def test_too_short(bulletin: Utterance, lan: Voice, speak: Speak) -> None:
    with pytest.raises(EngineError, match="hold no"):
        align_speech(np.zeros(2000, np.float32), 22050, bulletin, speak(bulletin, lan))


def test_the_same_twice(bulletin: Utterance, lan: Voice, hao: Voice, speak: Speak) -> None:
    read, reference = speak(bulletin, hao), speak(bulletin, lan)
    assert align_speech(read.pcm, read.rate, bulletin, reference) == align_speech(
        read.pcm, read.rate, bulletin, reference
    )
