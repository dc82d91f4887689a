"""The listener: what it is given, what it makes of noise, and what it says when something is missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineUnavailable, MediaError
from anchor.media.wav import WavWriter
from anchor.models.files import model_files
from anchor.speech.log_mel import BANDS, at_16_khz, log_mels, whisper_windows
from anchor.speech.recogniser import Hearing, Recogniser, _cut, _loops, text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ears() -> Recogniser:
    """The recogniser that `make test` fetched, or the one in ANCHOR_TEST_MODELS."""
    pytest.importorskip("ctranslate2", reason="the evaluate extra is not installed")
    folder = Path(os.environ.get("ANCHOR_TEST_MODELS") or ROOT / ".venv" / "models")
    try:
        model_files("whisper", folder)
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    return Recogniser(folder, threads=1)


def tone(hz: float, seconds: float, rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 22050, 24000, 44100, 48000])
def test_any_rate_becomes_16_khz(rate: int) -> None:
    got = at_16_khz(tone(440, 1, rate), rate)
    assert len(got) == 16000
    assert np.abs(got[100:-100] - tone(440, 1, 16000)[100:-100]).max() < 1e-3


def test_what_16_khz_cannot_hold_is_left_out() -> None:
    assert np.abs(at_16_khz(tone(9000, 1, 48000), 48000)).max() < 1e-3


def test_a_higher_tone_lies_in_a_higher_band() -> None:
    """Slaney's scale: 1 kHz is 15 mels of 45.2, so the peak lies at a third of the bands."""
    peaks = [int(log_mels(tone(hz, 2, 16000))[:, 100].argmax()) for hz in (200, 1000, 4000, 7000)]
    assert peaks == sorted(peaks)
    assert peaks[1] == pytest.approx(BANDS * 15 / 45.2, abs=1.5)


def test_features_are_levelled_and_padded_with_silence() -> None:
    features = log_mels(tone(1000, 1, 16000))
    assert features.shape == (80, 3000)
    assert features.max() - features.min() == pytest.approx(2, abs=1e-4)
    assert (features[:, 200:] == features.min()).all()
    assert np.isfinite(log_mels(np.zeros(0, np.float32))).all()


def test_long_sound_is_cut_where_it_is_quiet() -> None:
    pcm = np.ones(70 * 16000, np.float32)
    for at in (24.5, 49.0):
        pcm[round(at * 16000) : round((at + 0.4) * 16000)] = 0
    parts = whisper_windows(pcm)
    assert [len(part) for part in parts[:-1]] == [
        pytest.approx(24.7 * 16000, abs=3200),
        pytest.approx(24.5 * 16000, abs=3200),
    ]
    assert np.array_equal(np.concatenate(parts), pcm)


def test_tokens_are_bytes_spelt_as_letters() -> None:
    spelt = {octet: letter for letter, octet in _table().items()}
    tokens = [
        "<|startoftranscript|>",
        *("".join(spelt[o] for o in part) for part in ("新".encode()[:2], "新".encode()[2:])),
    ]
    assert text_of([*tokens, "".join(spelt[o] for o in " 聞 2%".encode()), "<|endoftext|>"]) == "新 聞 2%"


def _table() -> dict[str, int]:
    from anchor.speech.recogniser import _octets

    return _octets()


def test_a_text_that_goes_round_in_circles_is_known_and_cut() -> None:
    sound = "行政院今天拍板，明年度總預算歲出編列三兆一千億元。"
    assert not _loops(sound) and not _loops("")
    circles = sound + "謝謝觀看" * 40
    assert _loops(circles)
    cut = _cut(Hearing(circles, -0.2, False))
    assert cut.looped and cut.text.startswith(sound) and len(cut.text) < len(sound) + 80


def test_a_missing_library_names_the_line_that_brings_it(ears: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(EngineUnavailable, match=r"anchor-newsroom\[evaluate\]"):
        Recogniser(ears._folder).hear(tone(300, 1, 16000), 16000)


def test_missing_models_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="anchor models pull whisper"):
        Recogniser(tmp_path).hear(tone(300, 1, 16000), 16000)


def test_no_wav_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(MediaError, match="not a WAV"):
        Recogniser(tmp_path).hear(tmp_path / "a.wav")


def test_silence_and_noise_say_nothing(ears: Recogniser, tmp_path: Path) -> None:
    with WavWriter(tmp_path / "silence.wav", 2) as wav:
        wav.write(np.zeros(96000, np.float32))
    assert ears.hear(tmp_path / "silence.wav") == ""
    noise = np.random.default_rng(1).normal(0, 0.1, 80000).astype(np.float32)
    assert len(ears.hear(noise, 16000)) < 5
    assert ears.hear(np.zeros(0, np.float32)) == ""
