"""The sound around each frame, as MuseTalk wants to hear it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.face.engines.musetalk.files import FEATURES_HZ, HEARD_HZ
from anchor.media.wav import RATE_HZ, read_wav

F32 = NDArray[np.float32]

WINDOW = 10
"""Whisper features around a frame's middle: two video frames of 25 a second on each side, and its own."""
_FACTOR = RATE_HZ // HEARD_HZ
_HALF_TAPS = 48
_CUTOFF = 0.92
"""Of half the new rate."""


def read_for_whisper(path: Path) -> F32:
    """A WAV's channels mixed, at 16 kHz.

    Raises:
        MediaError: no 16- or 24-bit WAV at 48 kHz.
    """
    blocks = [block.mean(axis=1) for block in read_wav(path)]
    return resample_16k(np.concatenate(blocks) if blocks else np.zeros(0, np.float32))


def resample_16k(pcm: F32) -> F32:
    """48 kHz → 16 kHz through a Kaiser-windowed sinc; output sample n stands at input sample 3n.

    Shapes:
        [samples] → [ceil(samples / 3)]
    """
    places = np.arange(-_HALF_TAPS, _HALF_TAPS + 1)
    taps = np.sinc(places * _CUTOFF / _FACTOR) * np.kaiser(len(places), 8.0)
    taps /= taps.sum()
    count = math.ceil(len(pcm) / _FACTOR)
    if not count:
        return np.zeros(0, np.float32)
    padded = np.concatenate([np.zeros(_HALF_TAPS), pcm, np.zeros(2 * _HALF_TAPS + _FACTOR)])
    total = np.zeros(count)
    for phase in range(_FACTOR):
        part = taps[phase::_FACTOR]
        total += np.correlate(padded[phase::_FACTOR][: count + len(part) - 1], part, "valid")
    return total.astype(np.float32)


def frame_windows(features: F32, middles: list[float]) -> F32:
    """What is heard around the middle of each frame; nothing before the beginning and after the end.

    Shapes:
        features: [features, layers, width]
        middles: seconds
        → [frames, WINDOW * layers, width]
    """
    count, layers, width = features.shape
    firsts = np.array([math.floor(at * FEATURES_HZ + 0.5) - WINDOW // 2 for at in middles], np.intp)
    places = firsts[:, None] + np.arange(WINDOW)
    inside = (places >= 0) & (places < count)
    heard = np.zeros((len(middles), WINDOW, layers, width), np.float32)
    heard[inside] = features[places[inside]]
    return heard.reshape(len(middles), WINDOW * layers, width)
