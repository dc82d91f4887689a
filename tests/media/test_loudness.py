"""Loudness measured and set, against ffmpeg's own meter and by correlation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import MediaError
from anchor.media.loudness import level, level_filter, measure_loudness, parse_summary
from anchor.media.meter import RATE_HZ, SILENT_DBTP, SILENT_LUFS, Loudness, LoudnessMeter
from anchor.media.tool import FFmpeg
from anchor.media.wav import WavWriter, read_wav

Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def bursts(seconds: float, seed: int = 1, level_db: float = -20.0) -> Samples:
    """Noise in syllables of changing strength, with peaks far above its mean, as speech has."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    noise = rng.laplace(size=count)
    spectrum = np.fft.rfft(noise) / (1 + np.fft.rfftfreq(count, 1 / RATE_HZ) / 800)
    clock = np.arange(count) / RATE_HZ
    sound = np.fft.irfft(spectrum, count) * np.abs(np.sin(2 * np.pi * 2.1 * clock)) ** 1.5 * (clock % 3 < 2.4)
    return np.asarray(sound / np.std(sound) * 10 ** (level_db / 20), np.float32)


def metered(samples: Samples, block: int = 1 << 20) -> Loudness:
    meter = LoudnessMeter()
    for at in range(0, len(samples), block):
        meter.add(samples[at : at + block])
    return meter.result()


def test_a_sine_measures_what_the_standard_says() -> None:
    # BS.1770-4 Annex 1: a 0 dBFS sine of 997 Hz in one channel measures −3.01 LUFS.
    clock = np.arange(5 * RATE_HZ) / RATE_HZ
    found = metered(np.asarray(np.sin(2 * np.pi * 997 * clock), np.float32))
    assert found.lufs == pytest.approx(-3.01, abs=0.02)
    assert found.dbtp == pytest.approx(0.0, abs=0.02)


def test_a_peak_between_samples_is_found() -> None:
    clock = np.arange(RATE_HZ) / RATE_HZ
    wave = np.asarray(0.5 * np.sin(2 * np.pi * 12000 * clock + np.pi / 4), np.float32)
    assert 20 * np.log10(np.max(np.abs(wave))) == pytest.approx(-9.03, abs=0.05)
    middle = metered(wave * np.asarray(np.hanning(len(wave)), np.float32))
    assert middle.dbtp == pytest.approx(-6.02, abs=0.1)


def test_block_size_changes_nothing() -> None:
    sound = bursts(31.7)
    whole = metered(sound)
    for block in (1000, 48000, 500_001):
        part = metered(sound, block)
        assert part.lufs == pytest.approx(whole.lufs, abs=1e-6)
        assert part.dbtp == pytest.approx(whole.dbtp, abs=1e-3)


@pytest.mark.media
@pytest.mark.parametrize("channels", [1, 2])
def test_our_meter_agrees_with_ebur128(each_ffmpeg: FFmpeg, tmp_path: Path, channels: int) -> None:
    for seed, seconds in ((1, 2.0), (2, 20.0)):
        sound = np.stack([bursts(seconds, seed + 10 * c, level_db=-30) for c in range(channels)], axis=1)
        with WavWriter(tmp_path / "a.wav", channels) as wav:
            wav.write(sound)
        theirs = measure_loudness(each_ffmpeg, tmp_path / "a.wav")
        ours = metered(sound)
        assert ours.lufs == pytest.approx(theirs.lufs, abs=0.1)
        assert ours.dbtp == pytest.approx(theirs.dbtp, abs=0.15)


@pytest.mark.media
def test_silence_and_very_short_sound_have_finite_figures(
    each_ffmpeg: FFmpeg, tmp_path: Path, write_wav: Callable[[Path, Samples], Path]
) -> None:
    for samples in (np.zeros(RATE_HZ, np.float32), bursts(0.2)):
        found = measure_loudness(each_ffmpeg, write_wav(tmp_path / "a.wav", samples))
        assert found.lufs == SILENT_LUFS == metered(samples).lufs
        assert found.dbtp >= SILENT_DBTP
    assert metered(np.zeros(0, np.float32)) == Loudness(SILENT_LUFS, SILENT_DBTP)


@pytest.mark.media
def test_a_file_without_sound_is_an_error(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(MediaError):
        measure_loudness(ffmpeg, tmp_path / "a.wav")


def test_the_last_summary_counts() -> None:
    lines = """
[Parsed_ebur128_0 @ 0x55] t: 0.4  TARGET:-23 LUFS    M: -20.1 S:-120.7     I: -20.1 LUFS       LRA:   0.0 LU
[Parsed_ebur128_0 @ 0x55] Summary:

  Integrated loudness:
    I:         -17.3 LUFS
    Threshold: -27.4 LUFS

  Loudness range:
    LRA:         2.1 LU

  True peak:
    Peak:       -1.6 dBFS
""".splitlines()
    assert parse_summary(lines) == Loudness(-17.3, -1.6)
    silent = [line.replace("-17.3", "-inf").replace("-1.6", "-inf") for line in lines]
    assert parse_summary(silent) == Loudness(SILENT_LUFS, SILENT_DBTP)
    with pytest.raises(MediaError, match="no loudness summary"):
        parse_summary(lines[:2])


def test_the_filter_keeps_under_the_ceiling() -> None:
    assert level_filter(6.0, -1.0).startswith("aresample=192000,volume=6.0000dB,alimiter=limit=0.87")
    assert "latency=1" in level_filter(6.0, -1.0)


@pytest.mark.media
@pytest.mark.parametrize("lufs", [-23.0, -16.0])
def test_level_hits_loudness_and_peak_and_moves_nothing(each_ffmpeg: FFmpeg, tmp_path: Path, lufs: float) -> None:
    sound = bursts(9.0)
    sound.tofile(tmp_path / "a.f32")
    said = level(each_ffmpeg, tmp_path / "a.f32", tmp_path / "a.wav", lufs=lufs, dbtp=-1.5)
    made = np.concatenate(list(read_wav(tmp_path / "a.wav")))[:, 0]
    assert len(made) == len(sound)
    found = measure_loudness(each_ffmpeg, tmp_path / "a.wav")
    assert found.lufs == pytest.approx(lufs, abs=0.3)
    assert found.dbtp <= -1.4
    assert (said.lufs, said.dbtp) == pytest.approx((found.lufs, found.dbtp), abs=0.15)
    assert shift(made, sound) == 0


def shift(made: Samples, source: Samples) -> int:
    """Samples by which `made` lags, by cross-correlation."""
    size = 2 * len(source)
    match = np.fft.irfft(np.fft.rfft(made, size) * np.conj(np.fft.rfft(source, size)), size)
    best = int(np.argmax(match))
    return best if best < len(source) else best - size


@pytest.mark.media
def test_level_keeps_two_channels_apart(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    sound = np.stack([bursts(4.0, 1), 0.5 * bursts(4.0, 2)], axis=1)
    sound.tofile(tmp_path / "a.f32")
    level(ffmpeg, tmp_path / "a.f32", tmp_path / "a.wav", lufs=-20, dbtp=-1.5, channels=2)
    made = np.concatenate(list(read_wav(tmp_path / "a.wav")))
    assert made.shape == sound.shape
    assert measure_loudness(ffmpeg, tmp_path / "a.wav").lufs == pytest.approx(-20, abs=0.3)
    assert [shift(made[:, c], sound[:, c]) for c in (0, 1)] == [0, 0]


@pytest.mark.media
def test_level_leaves_silence_alone(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    np.zeros(30_000, np.float32).tofile(tmp_path / "a.f32")
    found = level(ffmpeg, tmp_path / "a.f32", tmp_path / "a.wav", lufs=-16, dbtp=-1.5)
    assert found == Loudness(SILENT_LUFS, SILENT_DBTP)
    assert not np.any(np.concatenate(list(read_wav(tmp_path / "a.wav"))))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.f32", "a.wav"]
