"""The `espeak` engine: readings, timing at the sample, tones, and what happens when its process fails."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.core.ports import Spoken, Voice
from anchor.core.speech import SILENCE, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.engines.espeak.link import EspeakLink
from anchor.speech.engines.espeak.timing import EspeakPhoneme, split_syllables

Say = Callable[[str], Utterance]


def test_every_toned_syllable_is_read_as_written(espeak: EspeakEngine, lan: Voice) -> None:
    assert espeak.self_test(lan) == ()


def test_the_self_test_finds_a_misreading(espeak: EspeakEngine, lan: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchor.speech.engines.espeak.text._overrides", dict)
    assert espeak.self_test(lan, ("ma1", "xiong2", "qiong2")) == ("xiong2", "qiong2")
    with pytest.raises(EngineUnavailable, match="misreads"):
        espeak.speak(Utterance("嗎", "嗎", ()), replace(lan, digest="untested"))


def test_news_pace_is_260_to_300_syllables_a_minute(
    espeak: EspeakEngine, lan: Voice, hao: Voice, bulletin: Utterance
) -> None:
    for voice in (lan, hao):
        spoken = espeak.speak(bulletin, voice)
        assert 260 <= len(bulletin.syllables) / (len(spoken.pcm) / spoken.rate) * 60 <= 300
    assert espeak.odd_words == 0


def test_a_stop_spans_its_closure_and_its_burst(espeak: EspeakEngine, lan: Voice, say: Say) -> None:
    spoken = espeak.speak(say("ma1ba1 ， ba1 ma1 ba1da1ga1pa1ta1ka1"), lan)
    stops = [p for p in spoken.phonemes if p.symbol in set("bpdtgk")]
    assert len(stops) == 8
    for phoneme in stops:
        sound = np.abs(spoken.pcm[phoneme.span.start : phoneme.span.end])
        burst = int(np.argmax(sound > 1e-3)) / spoken.rate
        assert 0.015 <= burst <= 0.06, phoneme
        assert np.max(sound) > 0.01


def test_the_timeline_follows_the_sound(espeak: EspeakEngine, lan: Voice, say: Say) -> None:
    spoken = espeak.speak(say("sa1 ， sa1 ， sa1"), lan)
    for phoneme in spoken.phonemes:
        sound = spoken.pcm[phoneme.span.start : phoneme.span.end]
        crossings = np.mean(np.diff(np.signbit(sound)))
        if phoneme.symbol == "s":
            assert crossings > 0.25
        elif phoneme.symbol == "a":
            assert crossings < 0.2


def test_pauses_grow_with_the_mark(espeak: EspeakEngine, lan: Voice, say: Say) -> None:
    spoken = espeak.speak(say("ma1 、 ma1 ， ma1 ； ma1 。 ma1"), lan)
    pauses = [len(p.span) for p in spoken.phonemes if p.symbol == SILENCE]
    assert len(pauses) == 4
    assert all(before < after for before, after in pairwise(pauses))


def test_a_reading_that_is_no_syllable_is_refused(espeak: EspeakEngine, lan: Voice) -> None:
    word = Word("字", (Syllable("字", "xzq1", None, Span(0, 1)),), Span(0, 1))
    with pytest.raises(EngineError, match="xzq1"):
        espeak.speak(Utterance("字", "字", (word,)), lan)


def test_sounds_that_are_not_as_asked_are_not_split() -> None:
    sounds = [
        EspeakPhoneme("t", 0, 10),
        EspeakPhoneme("ai", 10, 30),
        EspeakPhoneme("w", 30, 40),
        EspeakPhoneme("A", 40, 60),
        EspeakPhoneme("n", 60, 70),
    ]
    groups = split_syllables(sounds, ("tai2", "wan1"))
    assert groups is not None and [len(g) for g in groups] == [2, 3]
    assert split_syllables(sounds, ("tai2", "wa1", "wan1")) is None
    assert split_syllables(sounds[1:], ("tai2", "wan1")) is None
    assert split_syllables(sounds, ("tai2", "wa1")) is None


def test_a_coda_stays_with_its_syllable() -> None:
    sounds = [EspeakPhoneme(n, 10 * i, 10 * i + 10) for i, n in enumerate(("t", "ong", "n", "A", "n", "n", "A"))]
    groups = split_syllables(sounds, ("dong1", "nan2", "na4"))
    assert groups is not None and [len(g) for g in groups] == [2, 3, 2]


def pitch(spoken: Spoken, span: Span, share: float) -> float:
    """Hz by autocorrelation over 40 ms around a share of a span, searched between 60 and 330 Hz."""
    size = round(0.04 * spoken.rate)
    at = round(span.start + len(span) * share) - size // 2
    sound = spoken.pcm[at : at + size] * np.hanning(size)
    window = np.hanning(size)
    found, plain = (np.fft.irfft(np.abs(np.fft.rfft(x, 4 * size)) ** 2)[:size] for x in (sound, window))
    match = found / np.maximum(plain, 1e-3 * plain[0])
    low, high = round(spoken.rate / 330), round(spoken.rate / 60)
    lags = np.arange(low, min(high, size * 3 // 4))
    best = match[lags].max()
    # The first lag that is as good as the best: multiples of the period match as well.
    return float(spoken.rate / next(lag for lag in lags if match[lag] > 0.92 * best and match[lag] >= match[lag + 1]))


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_tones_have_their_shapes(espeak: EspeakEngine, name: str, say: Say, request: pytest.FixtureRequest) -> None:
    voice: Voice = request.getfixturevalue(name)
    contours: dict[str, list[float]] = {}
    for tone in "1234":
        curves = []
        for syllable in ("ma", "li", "lu", "mei"):
            spoken = espeak.speak(say(f"ta1 {syllable}{tone} shi4"), voice)
            spans = [p.span for p in spoken.phonemes if p.syllable == 1 and not p.onset]
            vowel = Span(spans[0].start, spans[-1].end)
            curves.append([pitch(spoken, vowel, share) for share in (0.2, 0.5, 0.85)])
        contours[tone] = [float(x) for x in np.median(curves, axis=0)]
    semitones = {t: [12 * np.log2(hz / contours["1"][1]) for hz in c] for t, c in contours.items()}
    assert max(semitones["1"]) - min(semitones["1"]) < 1.5  # level and high
    assert semitones["2"][2] - semitones["2"][0] > 1.5  # rises
    assert np.mean(semitones["3"]) < -3.5  # low
    assert semitones["4"][2] - semitones["4"][0] < -2.5  # falls
    assert semitones["4"][0] > semitones["2"][0] > np.mean(semitones["3"])


def test_pitch_sinks_through_a_sentence_and_not_in_a_question(espeak: EspeakEngine, lan: Voice, say: Say) -> None:
    words = " ".join(["ma1"] * 12)
    told, asked = (espeak.speak(say(f"{words} {mark} ma1"), lan) for mark in "。？")

    def ends(spoken: Spoken) -> tuple[float, float]:
        vowels = [p.span for p in spoken.phonemes if p.symbol == "a"]
        return pitch(spoken, vowels[0], 0.5), pitch(spoken, vowels[11], 0.5)

    first, last = ends(told)
    assert 1.0 < 12 * np.log2(first / last) < 5.0
    assert ends(asked)[1] > last * 1.05


def test_a_new_process_gives_the_same_samples(espeak: EspeakEngine, lan: Voice, bulletin: Utterance) -> None:
    with EspeakEngine() as other:
        assert np.array_equal(other.speak(bulletin, lan).pcm, espeak.speak(bulletin, lan).pcm)


def test_a_voice_file_may_lie_deep(espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    shutil.copytree(lan.path, deep)
    moved = espeak.speak(say("ma1"), replace(lan, path=deep))
    assert np.array_equal(moved.pcm, espeak.speak(say("ma1"), lan).pcm)


def test_a_missing_voice_file_is_named(espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="espeak-voice"):
        espeak.speak(say("ma1"), replace(lan, path=tmp_path))


def test_a_killed_process_is_reported_and_replaced(lan: Voice, say: Say) -> None:
    with EspeakEngine() as engine:
        before = engine.speak(say("ma1"), lan)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineUnavailable, match="died"):
            engine.speak(say("ma1"), lan)
        assert engine.pid is None
        assert np.array_equal(engine.speak(say("ma1"), lan).pcm, before.pcm)


def test_an_answer_that_takes_too_long_is_given_up(lan: Voice) -> None:
    with EspeakLink() as link:
        pid = link.pid
        with pytest.raises(EngineUnavailable, match="too long"):
            link.speak(lan.path / "espeak-voice", {"rate": 200}, ("ma1 " * 20_000,), limit_s=0.0)
        assert pid is not None and not Path(f"/proc/{pid}").exists()
        assert link.speak(lan.path / "espeak-voice", {"rate": 200}, ("ma1",), limit_s=10.0)[0].pcm


def test_without_the_library_it_says_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')  # -S: no site-packages
    bare.chmod(0o755)
    link = EspeakLink(str(bare))
    with pytest.raises(EngineUnavailable, match=r"anchor-newsroom\[espeak\]"), link:
        pass
    assert link.pid is None


def test_without_a_python_it_says_so() -> None:
    with pytest.raises(EngineUnavailable, match="does not start"), EspeakLink("/nonexistent/python"):
        pass


def test_leaving_ends_the_process(lan: Voice, say: Say) -> None:
    with EspeakEngine() as engine:
        engine.speak(say("ma1"), lan)
        pid = engine.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
