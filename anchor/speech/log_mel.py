"""Sound as the Whisper models want to hear it: 16 kHz, windows of 30 s, log power in 80 mel bands."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

RATE_HZ = 16000
WINDOW_S = 30
BANDS = 80
HOP = 160
SIZE = 400
"""Samples of a frame."""
EDGE_HZ = 1000.0
"""Up to here the mel scale of Slaney's Auditory Toolbox is linear, 200/3 Hz a mel; above, 27 mels a factor of 6.4."""
RANGE = 8.0
"""Decades of power under the loudest that are told apart."""
SEARCH_S = 12
"""So far before the end of a window its seam is looked for."""
QUIET_S = 0.2
"""Length of the stretch whose level decides."""


def at_16_khz(pcm: F32, rate: int) -> F32:
    """Sound at 16 kHz, band-limited by its spectrum.

    Shapes:
        [samples] → [samples · 16000 / rate]
    """
    if rate == RATE_HZ or not len(pcm):
        return np.asarray(pcm, np.float32)
    count = max(1, round(len(pcm) * RATE_HZ / rate))
    spectrum = np.fft.rfft(pcm)
    kept = np.zeros(count // 2 + 1, spectrum.dtype)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.asarray(np.fft.irfft(kept, count) * (count / len(pcm)), np.float32)


def whisper_windows(pcm: F32) -> list[F32]:
    """Sound at 16 kHz in windows of at most 30 s, cut where it is quietest in their last seconds."""
    out: list[F32] = []
    longest, search, quiet = (round(seconds * RATE_HZ) for seconds in (WINDOW_S, SEARCH_S, QUIET_S))
    while len(pcm) > longest:
        tail = pcm[longest - search : longest].astype(np.float64) ** 2
        power = np.convolve(tail, np.ones(quiet), "valid")
        at = longest - search + int(np.argmin(power)) + quiet // 2
        out.append(pcm[:at])
        pcm = pcm[at:]
    return [*out, pcm]


def log_mels(pcm: F32) -> F32:
    """What the encoder takes: one window, padded with silence, at 100 frames a second.

    Shapes:
        pcm: [≤ 480000]
        → [80, 3000]
    """
    frames = WINDOW_S * RATE_HZ // HOP
    padded = np.zeros(WINDOW_S * RATE_HZ, np.float32)
    padded[: len(pcm)] = pcm
    padded = np.pad(padded, SIZE // 2, mode="reflect")
    framed = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP][:frames]
    taper = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)
    power = np.abs(np.fft.rfft(framed * taper, axis=1)).astype(np.float32) ** 2
    decades = np.log10(np.maximum(_bank() @ power.T, 1e-10))
    decades = np.maximum(decades, decades.max() - RANGE)
    return np.ascontiguousarray((decades + 4) / 4, np.float32)


@cache
def _bank() -> F32:
    """Triangles of equal area, evenly spaced in mels from 0 to 8 kHz.

    Shapes:
        → [80, 201]
    """
    edges = _hertz(np.linspace(0, _mels(RATE_HZ / 2), BANDS + 2))
    hz = np.arange(SIZE // 2 + 1) * RATE_HZ / SIZE
    rising = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    areas = (edges[2:] - edges[:-2])[:, None] / 2
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) / areas, np.float32)


def _mels(hz: float) -> float:
    return float(hz * 3 / 200 if hz < EDGE_HZ else 15 + 27 * np.log(hz / EDGE_HZ) / np.log(6.4))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15, mels * 200 / 3, EDGE_HZ * np.exp((mels - 15) * np.log(6.4) / 27))
