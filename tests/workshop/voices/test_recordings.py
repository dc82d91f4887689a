"""A folder of recordings → a data set; and all the way to a voice that speaks."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.core.errors import ScriptError
from anchor.core.ports import Voice
from anchor.mandarin.reader import Reader
from anchor.media.tool import FFmpeg, find_ffmpeg
from anchor.packs import Shelf, load_pack
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.voice import resolve_voice
from anchor.workshop.voices.recordings import LEVEL_DB, RATE_HZ, prepare_recordings
from anchor.workshop.voices.train import own_symbols, spelling, split_clips

TEXTS = ("大家好，歡迎收看晚間新聞。", "高雄市政府宣布推動垃圾回收計畫。", "明天東北季風增強。", "您準備好了嗎？")
READER = Reader()


def write(path: Path, samples: NDArray[np.float32], rate: int = RATE_HZ, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(2)
        target.setframerate(rate)
        block = np.repeat(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2"), channels)
        target.writeframes(block.tobytes())


@pytest.fixture
def studio(tmp_path: Path, espeak: EspeakEngine, lan: Voice) -> Path:
    """Four sentences of the formant voice, as a careless studio would record them."""
    folder = tmp_path / "studio"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        spoken = espeak.speak(READER.read(text), lan)
        quiet = np.zeros(spoken.rate, np.float32)
        write(folder / f"take{number}.wav", np.concatenate([quiet, spoken.pcm * (0.2 + 0.2 * number), quiet]), 22050, 2)
        (folder / f"take{number}.txt").write_text(text + "\n", encoding="utf-8-sig")
    return folder


@pytest.fixture(scope="module")
def ffmpeg() -> FFmpeg:
    return find_ffmpeg()


def samples_of(path: Path) -> NDArray[np.float32]:
    with wave.open(str(path), "rb") as source:
        assert (source.getnchannels(), source.getsampwidth(), source.getframerate()) == (1, 2, RATE_HZ)
        return np.frombuffer(source.readframes(10**9), "<i2").astype(np.float32) / 32767


@pytest.mark.media
def test_recordings_are_trimmed_and_levelled(studio: Path, tmp_path: Path, ffmpeg: FFmpeg) -> None:
    made = tmp_path / "made"
    made.mkdir()
    data = prepare_recordings(studio, made, READER, ffmpeg)
    assert data.faults == () and [clip.name for clip in data.clips] == [f"take{n}" for n in range(4)]
    for clip in data.clips:
        samples = samples_of(clip.wav)
        assert len(samples) / RATE_HZ == pytest.approx(clip.seconds, abs=0.001)
        parts = np.array([float(np.mean(part**2)) for part in np.array_split(samples, len(samples) // 220)])
        loud = parts[parts > parts.max() * 1e-4]
        assert 10 * np.log10(loud.mean()) == pytest.approx(LEVEL_DB, abs=0.3)
        ends = [np.abs(part).max() for part in (samples[: RATE_HZ // 5], samples[-RATE_HZ // 5 :])]
        assert min(ends) > 0.02  # the second of silence before and after is gone


@pytest.mark.media
def test_recordings_are_aligned_with_their_texts(
    studio: Path, tmp_path: Path, ffmpeg: FFmpeg, espeak: EspeakEngine, lan: Voice, hao: Voice
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (studio / "take1.txt").write_text("氣象署說明天白天多雲。", encoding="utf-8")
    data = prepare_recordings(studio, made, READER, ffmpeg, listener=(espeak, hao))
    assert [fault.file for fault in data.faults] == ["take1.wav"]
    assert "does not say 「氣象署" in data.faults[0].why
    for clip in data.clips:
        onsets = [p.span.start / RATE_HZ for p in clip.phonemes if p.onset]
        truth = espeak.speak(clip.utterance, lan)
        exact = [p.span.start / truth.rate for p in truth.phonemes if p.onset]
        assert clip.phonemes[-1].span.end == len(samples_of(clip.wav))
        # Against the voice's own times, less the silence that was cut off in front.
        shifts = np.array(onsets) - np.array(exact)
        assert np.abs(shifts - np.median(shifts)).max() < 0.04


@pytest.mark.media
def test_every_faulty_recording_is_named(studio: Path, tmp_path: Path, ffmpeg: FFmpeg) -> None:
    made = tmp_path / "made"
    made.mkdir()
    second = np.sin(np.arange(3 * RATE_HZ) * 0.05).astype(np.float32)
    (studio / "alone.txt").write_text("沒有錄音", encoding="utf-8")
    write(studio / "untold.wav", 0.3 * second)
    for name, samples, text in (
        ("clipped", 9 * second, "大家好大家好"),
        ("fast", 0.3 * second[:RATE_HZ], "大家好" * 12),
        ("other", 0.3 * second, "好"),
        ("silent", 0 * second, "大家好"),
        ("strange", 0.3 * second, "大家好\u0007"),
    ):
        write(studio / f"{name}.wav", samples)
        (studio / f"{name}.txt").write_text(text, encoding="utf-8")
    (studio / "broken.wav").write_bytes(b"RIFF nothing")
    (studio / "broken.txt").write_text("大家好", encoding="utf-8")
    (studio / "latin1.txt").write_bytes("é好".encode("utf-16"))
    write(studio / "latin1.wav", 0.3 * second)
    data = prepare_recordings(studio, made, READER, ffmpeg)
    assert len(data.clips) == 4
    why = {fault.file: fault.why for fault in data.faults}
    expected = {
        "alone.txt": "without a recording", "untold.wav": "no text", "clipped.wav": "clipped", "silent.wav": "silent",
        "fast.wav": "syllables a second", "other.wav": "syllables a second", "strange.wav": "U+0007",
        "broken.wav": "not a sound", "latin1.wav": "UTF-8",
    }  # fmt: skip
    assert why.keys() == expected.keys()
    for name, part in expected.items():
        assert part in why[name], (name, why[name])
    with pytest.raises(ScriptError, match="no recordings"):
        prepare_recordings(made / "nothing", made, READER, ffmpeg)


def test_every_sound_has_one_character_of_its_own() -> None:
    symbols = own_symbols()
    assert len(set(symbols.values())) == len(symbols) - 1  # 、 and ， are the same pause
    assert all(len(value) == 1 for value in symbols.values())
    assert spelling(READER.read("中央，市長？")) == "ZuN1iaN1,SI4ZaN3?"


def test_the_split_is_always_the_same(studio: Path, tmp_path: Path, ffmpeg: FFmpeg) -> None:
    made = tmp_path / "made"
    made.mkdir()
    clips = prepare_recordings(studio, made, READER, ffmpeg).clips
    train, measure = split_clips(clips, "split")
    assert (len(train), len(measure)) == (3, 1)
    assert split_clips(tuple(reversed(clips)), "split") == (train, measure)


@pytest.mark.slow
@pytest.mark.media
def test_from_recordings_to_a_voice(studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three steps of Coqui's trainer on a tiny model; what it makes is no speech, but every part of the way is real."""
    pytest.importorskip("TTS", reason="the coqui extra is not installed")
    monkeypatch.setenv("ANCHOR_MODELS", str(tmp_path / "models"))  # Whisper does not understand formant speech
    from anchor.speech.engines.coqui.engine import CoquiEngine

    args = ["voices", "train", str(studio), "--name", "own", "--licence", "LicenseRef-Station", "--by", "林小姐"]
    args += ["--steps", "3", "--batch", "2", "--size", "tiny", "--into", str(tmp_path / "shelf"), "--json"]
    (studio / "bad.wav").write_bytes(b"")
    refused = CliRunner().invoke(app, args)
    assert refused.exit_code == 2 and "bad.wav: no text" in json.loads(refused.stdout)["error"]["message"]
    result = CliRunner().invoke(app, [*args, "--skip-faulty"])
    assert result.exit_code == 0, result.output
    pack = load_pack(tmp_path / "shelf" / "voices" / "own", Shelf.VOICES)
    assert pack.licence == "LicenseRef-Station" and "林小姐" in (pack.path / "LICENSE").read_text(encoding="utf-8")
    utterance = READER.read(TEXTS[1])
    with CoquiEngine() as engine:
        spoken = engine.speak(utterance, resolve_voice(pack))
    assert [p.syllable for p in spoken.phonemes if p.onset] == list(range(len(utterance.syllables)))
    assert all(p.span.start % 256 == 0 for p in spoken.phonemes)
