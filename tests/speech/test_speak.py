"""Utterance → WAV: loudness, true peak, zero shift, exact length, and what the voice chain does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import correlate, resample_poly

from anchor.core.errors import EngineError, JobCancelled, StorageError
from anchor.core.ports import SpeechCapabilities, SpeechEngine, Spoken, Voice
from anchor.core.speech import SILENCE, Phoneme, Utterance
from anchor.core.time import Span
from anchor.media.loudness import measure_loudness, raw_source
from anchor.media.meter import SILENT_LUFS, weigh
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.media.wav import read_wav
from anchor.speech import voice_chain
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.engines.tone import ToneEngine
from anchor.speech.speak import (
    LEAD_MS,
    TAIL_MS,
    Speech,
    at_48_khz,
    span_lufs,
    speak_utterance,
    speech_span,
    with_silence,
    write_raw,
)

pytestmark = pytest.mark.media
Say = Callable[[str], Utterance]
Samples = NDArray[np.float32]


@pytest.fixture(scope="session", params=["system", "imageio"])
def each_ffmpeg(request: pytest.FixtureRequest) -> FFmpeg:
    """The system's ffmpeg and the static build: both must serve."""
    if request.param == "imageio":
        return find_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe())
    path = shutil.which("ffmpeg")
    if path is None:
        pytest.skip("no ffmpeg on PATH")
    return find_ffmpeg(path)


def samples_of(wav: Path) -> Samples:
    return np.concatenate(list(read_wav(wav)))[:, 0]


def speak(utterance: Utterance, voice: Voice, engine: SpeechEngine, wav: Path, ffmpeg: FFmpeg) -> Speech:
    return speak_utterance(utterance, voice, engine, lufs=-16.0, dbtp=-1.5, wav=wav, ffmpeg=ffmpeg)


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_a_bulletin_is_on_target_and_in_time(
    each_ffmpeg: FFmpeg,
    espeak: EspeakEngine,
    name: str,
    bulletin: Utterance,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    voice: Voice = request.getfixturevalue(name)
    wav = tmp_path / "a.wav"
    speech = speak(bulletin, voice, espeak, wav, each_ffmpeg)
    found = measure_loudness(each_ffmpeg, wav)
    assert found.lufs == pytest.approx(-16.0, abs=0.5)
    assert found.dbtp <= -1.4
    assert (speech.lufs, speech.dbtp) == pytest.approx((found.lufs, found.dbtp), abs=0.15)
    made = samples_of(wav)
    assert len(made) == speech.timeline.samples
    raw = with_silence(espeak.speak(bulletin, voice))
    plain = resample_poly(raw.pcm, 320, 147)[: len(made)]
    lag = int(np.argmax(correlate(made, plain))) - (len(plain) - 1)
    assert abs(lag) <= 2  # 0.04 ms: the phase of high-pass and equaliser, no delay
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_silence_stays_silent_under_chain_and_limiter(
    each_ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path
) -> None:
    speech = speak(say("tai2bei3 |700 gao1xiong2 ， ma1"), lan, espeak, tmp_path / "a.wav", each_ffmpeg)
    made = samples_of(tmp_path / "a.wav")
    silences = [p.span for p in speech.timeline.phonemes if p.symbol == SILENCE]
    assert len(silences) == 4
    for span in silences:
        inner = made[span.start + 480 : span.end - 480]  # filters ring for some milliseconds
        assert np.sqrt(np.mean(inner**2)) < 10 ** (-60 / 20)
    assert silences[0] == Span(0, LEAD_MS * 48)
    assert len(silences[-1]) == TAIL_MS * 48
    assert len(silences[1]) == pytest.approx(700 * 48, abs=2)


def test_the_same_bytes_again(ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path) -> None:
    files = [tmp_path / "a.wav", tmp_path / "b.wav"]
    first, second = (speak(say("tai2bei3 ， ma1"), lan, espeak, wav, ffmpeg) for wav in files)
    assert first == second
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.fixture(scope="session")
def ffmpeg() -> FFmpeg:
    return find_ffmpeg()


@pytest.mark.parametrize("line", ["ma1", "hao3 de5", "AI"])
def test_a_word_is_as_loud_as_a_bulletin(
    ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path, line: str
) -> None:
    speech = speak(say(line), lan, espeak, tmp_path / "a.wav", ffmpeg)
    samples_of(tmp_path / "a.wav").tofile(tmp_path / "a.f32")
    assert span_lufs(tmp_path / "a.f32", speech_span(speech.timeline)) == pytest.approx(-16.0, abs=0.5)
    assert speech.dbtp <= -1.4


@pytest.mark.parametrize(("line", "samples"), [("", 14400), ("。", 14400), ("|500", 38400)])
def test_nothing_said_is_silence_of_exact_length(
    ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, say: Say, tmp_path: Path, line: str, samples: int
) -> None:
    speech = speak(say(line), lan, espeak, tmp_path / "a.wav", ffmpeg)
    assert speech.timeline.phonemes == (Phoneme(SILENCE, Span(0, samples), None),)
    assert speech.lufs == SILENT_LUFS
    assert not np.any(samples_of(tmp_path / "a.wav"))


def test_the_tone_engine_goes_the_same_way(ffmpeg: FFmpeg, lan: Voice, bulletin: Utterance, tmp_path: Path) -> None:
    with ToneEngine() as engine:
        speech = speak(bulletin, lan, engine, tmp_path / "a.wav", ffmpeg)
    assert speech.lufs == pytest.approx(-16.0, abs=0.5)
    assert len(samples_of(tmp_path / "a.wav")) == speech.timeline.samples


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    with pytest.raises(StorageError, match="no space left"):
        write_raw(full, np.zeros(100_000, np.float32))
    write_raw(tmp_path / "a.f32", np.ones(3, np.float32))
    assert np.fromfile(tmp_path / "a.f32", np.float32).tolist() == [1, 1, 1]


def test_a_stop_leaves_nothing_behind(ffmpeg: FFmpeg, lan: Voice, bulletin: Utterance, tmp_path: Path) -> None:
    with ToneEngine() as engine, pytest.raises(JobCancelled):
        speak_utterance(
            bulletin, lan, engine, lufs=-16, dbtp=-1.5, wav=tmp_path / "a.wav", ffmpeg=ffmpeg, cancelled=lambda: True
        )
    assert list(tmp_path.iterdir()) == []


def test_boundaries_do_not_drift() -> None:
    edges = [round(i * 220.5 * 1.37) for i in range(3000)]
    phonemes = tuple(Phoneme("a", Span(a, b), i, onset=True) for i, (a, b) in enumerate(pairwise(edges)))
    timeline = at_48_khz(Spoken(np.zeros(edges[-1], np.float32), 22050, phonemes))
    for before, after in zip(phonemes, timeline.phonemes, strict=True):
        assert abs(after.span.start / 48000 - before.span.start / 22050) <= 0.5 / 48000 + 1e-12
    assert timeline.samples == round(edges[-1] * 320 / 147)


class Gap:
    """An engine whose phonemes leave a gap."""

    capabilities = SpeechCapabilities(exact_timing=True, latin=False, on_air=False)

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        return Spoken(np.zeros(100, np.float32), 16000, (Phoneme("a", Span(0, 99), 0, True),))


def test_phonemes_that_do_not_tile_are_refused(lan: Voice, say: Say) -> None:
    with pytest.raises(EngineError, match="end at 99"):
        with_silence(Gap().speak(say("a1"), lan))


def test_the_de_esser_takes_the_sharp_sounds_down_alone(
    each_ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, bulletin: Utterance, tmp_path: Path
) -> None:
    raw = with_silence(espeak.speak(bulletin, lan))
    timeline = at_48_khz(raw)
    raw.pcm.tofile(tmp_path / "raw.f32")
    whole = voice_chain.voice_filter(timeline.samples)
    assert voice_chain.DE_ESSER in whole
    levels = [
        level_by_symbol(each_ffmpeg, tmp_path, timeline.phonemes, graph)
        for graph in (whole, whole.replace(f",{voice_chain.DE_ESSER}", ""))
    ]
    vowels = ("a", "i", "u", "o", "e")
    change = {
        symbol: (levels[0][symbol] - mean(levels[0], vowels)) - (levels[1][symbol] - mean(levels[1], vowels))
        for symbol in ("s", "q", "sh", "m")
    }
    assert change["s"] < -3 and change["q"] < -3
    assert abs(change["sh"]) < 1.5 and abs(change["m"]) < 1.5


def mean(levels: dict[str, float], symbols: tuple[str, ...]) -> float:
    return float(np.mean([levels[s] for s in symbols]))


def level_by_symbol(ffmpeg: FFmpeg, folder: Path, phonemes: tuple[Phoneme, ...], graph: str) -> dict[str, float]:
    """Weighted level of each symbol in dB after a filter graph."""
    out = folder / "out.f32"
    source = raw_source(folder / "raw.f32", 22050, 1)
    run_ffmpeg((ffmpeg.path, "-v", "error", "-y", *source, "-af", graph, "-f", "f32le", str(out)))
    weighted = weigh(np.fromfile(out, np.float32))
    found: dict[str, list[float]] = {}
    for p in phonemes:
        power = float(np.mean(weighted[p.span.start : p.span.end] ** 2))
        found.setdefault(p.symbol, []).append(10 * np.log10(power + 1e-12))
    return {symbol: float(np.mean(values)) for symbol, values in found.items()}
