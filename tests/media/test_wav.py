"""24-bit WAV, there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import MediaError
from anchor.media.wav import WavWriter, read_wav


def test_samples_come_back_within_one_step(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 100_001).astype(np.float32)
    with WavWriter(tmp_path / "a.wav", channels=2) as out:
        out.write(samples[:70_000])
        out.write(samples[70_000:])
    back = np.concatenate(list(read_wav(tmp_path / "a.wav", block=4096)))
    assert back.shape == (100_001, 2)
    assert (back[:, 0] == back[:, 1]).all()
    assert np.abs(back[:, 0] - samples).max() <= 1 / 8388607


def test_beyond_full_scale_is_clipped_not_wrapped(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", channels=1) as out:
        out.write(np.array([1.5, -1.5], np.float32))
    (back,) = read_wav(tmp_path / "a.wav")
    assert back[:, 0].tolist() == [1.0, -1.0]


def test_the_same_samples_are_the_same_bytes(tmp_path: Path) -> None:
    samples = np.sin(np.arange(1000, dtype=np.float32))
    for name in ("a.wav", "b.wav"):
        with WavWriter(tmp_path / name, channels=1) as out:
            out.write(samples)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(MediaError, match=r"a\.wav is not a WAV file"):
        list(read_wav(tmp_path / "a.wav"))
