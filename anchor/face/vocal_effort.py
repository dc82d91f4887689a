"""How far a speaker opens the mouth from moment to moment, heard in the loudness of the voice.

Louder speech is made with wider openings (Schulman 1989); a stressed word is louder, a neutral tone or a falling end
is softer. Within one segment loudness differs by some decibels, and the jaw by a fifth.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.time import AUDIO, Timebase
from anchor.media.wav import read_wav

F64 = NDArray[np.float64]

BOUNDS = (0.78, 1.22)
"""Least and greatest effort."""
_DB_PER_DOUBLING = 24.0
"""The opening doubles over this many decibels: half of what the amplitude does, twice over."""
_SYLLABLE_S = 0.26
"""Loudness is taken over about a syllable, so that open vowels, louder by nature, do not count as effort."""
_BLOCK_S = 0.01
_QUIET_DB = 30.0
"""Below the loudest block by more than this it is silence, which has no effort."""


def measure_effort(audio: Path, frames: int, timebase: Timebase) -> F64:
    """Effort at the middle of each frame: 1 as usual in this recording, within BOUNDS.

    Args:
        audio: mono WAV at 48 kHz.
        frames: how many frames.
        timebase: their clock.

    Raises:
        StorageError, MediaError: as `read_wav`.

    Shapes:
        → [frames]
    """
    power = _block_power(audio)
    if not len(power) or power.max() <= 0:
        return np.ones(frames)
    window = np.hanning(2 * round(_SYLLABLE_S / _BLOCK_S) + 1)[1:-1]
    heard = power > power.max() * 10 ** (-_QUIET_DB / 10)
    # The mean over what is heard alone: a pause beside a syllable does not make it softer.
    weight = np.convolve(heard, window, "same")
    level = np.convolve(np.where(heard, power, 0.0), window, "same") / np.maximum(weight, 1e-9)
    usual = float(np.median(level[heard]))
    decibels = 10 * np.log10(np.maximum(level, 1e-12) / usual)
    effort = np.where(weight > 1e-6, np.clip(2 ** (decibels / _DB_PER_DOUBLING), *BOUNDS), 1.0)
    middles = (np.arange(frames) + 0.5) / float(timebase.rate)
    return np.asarray(np.interp(middles, (np.arange(len(effort)) + 0.5) * _BLOCK_S, effort))


def _block_power(audio: Path) -> F64:
    """Mean square of each block of 10 ms; the rest at the end is left out."""
    length = round(_BLOCK_S * float(AUDIO.rate))
    left = np.zeros(0, np.float32)
    found = []
    for block in read_wav(audio):
        samples = np.concatenate([left, block.reshape(len(block), -1).mean(axis=1, dtype=np.float32)])
        whole = len(samples) // length * length
        found.append((samples[:whole].astype(np.float64).reshape(-1, length) ** 2).mean(axis=1))
        left = samples[whole:]
    return np.concatenate(found) if found else np.zeros(0)
