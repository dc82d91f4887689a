"""What two recordings of the same words have in common: cepstra at 5 ms, levelled for speaker, channel and noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

HOP_S = 0.005
WINDOW_S = 0.025
BANDS = 32
LOW_HZ, HIGH_HZ = 90.0, 6000.0
CEPSTRA = 12
WARPS = (1.0, 0.84, 0.89, 0.94, 1.06, 1.12, 1.19)
"""Lengths of the vocal tract that are tried, against the reference's own; what fits best is kept."""
FLOOR = 1e-9
"""Power of a band below which nothing is told apart: 90 dB under full scale."""
RANGE_NP = 12.0
"""Dynamic range looked at, in nepers of power: 52 dB."""
DELTA = 3
"""Frames on either side from which a slope is taken."""
DELTA_WEIGHT = 0.5
BATCH = 1024

Cepstra = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Energies:
    """The quiet and the loud end of a stretch, in nepers of power."""

    floor: float
    top: float

    def speech(self, energy: Cepstra) -> Cepstra:
        """How surely each frame is speech, 0–1."""
        middle = self.floor + 0.35 * (self.top - self.floor)
        return np.asarray(1 / (1 + np.exp(-np.clip((energy - middle) / 0.6, -30, 30))), np.float32)


@cache
def _filters(rate: int, size: int, warp: float) -> NDArray[np.float32]:
    """Triangles, equally wide on the mel scale, over the bins of a transform of `size` samples at `rate`."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOW_HZ, HIGH_HZ))
    edges = warp * 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.arange(size // 2 + 1) * rate / size
    rising = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(bank / np.maximum(bank.sum(axis=0), 1e-6), np.float32)


@cache
def _cosines() -> NDArray[np.float32]:
    turn = np.pi * (np.arange(BANDS)[:, None] + 0.5) * np.arange(1, CEPSTRA + 1) / BANDS
    return np.asarray(np.cos(turn) * np.sqrt(2 / BANDS), np.float32)


def frame_count(samples: int, rate: int) -> int:
    """Frames of a sound; frame n is centred n·5 ms after its first sample."""
    return max(1, int(samples / (rate * HOP_S)) + 1)


def band_powers(pcm: NDArray[np.float32], rate: int, warp: float = 1.0) -> Cepstra:
    """Log power in mel bands, in batches, so that the sound may be a file mapped into memory.

    Shapes:
        pcm: [samples]
        → [frames, BANDS], nepers
    """
    window = round(rate * WINDOW_S)
    size = 1 << (window - 1).bit_length()
    count, half = frame_count(len(pcm), rate), window // 2
    taper = np.hanning(window).astype(np.float32)
    taper /= np.sqrt(np.sum(taper**2))
    bank = _filters(rate, size, warp)
    out = np.empty((count, BANDS), np.float32)
    for first in range(0, count, BATCH):
        number = np.arange(first, min(count, first + BATCH))
        centres = np.rint(number * (rate * HOP_S)).astype(np.int64)
        begin, end = int(centres[0]) - half, int(centres[-1]) - half + window
        piece = np.zeros(end - begin, np.float32)
        inside = slice(max(0, begin), min(len(pcm), end))
        piece[inside.start - begin : inside.stop - begin] = pcm[inside]
        frames = piece[(centres - half - begin)[:, None] + np.arange(window)] * taper
        power = np.abs(np.fft.rfft(frames, size, axis=1)) ** 2 / size
        out[first : first + len(number)] = np.log(power.astype(np.float32) @ bank + FLOOR)
    return out


def energy_of(bands: Cepstra) -> Cepstra:
    """Power of each frame over all bands, in nepers, smoothed over 25 ms."""
    energy = np.log(np.mean(np.exp(bands), axis=1))
    return np.convolve(np.pad(energy, 2, mode="edge"), np.full(5, 0.2), mode="valid").astype(np.float32)


def energies_of(energy: Cepstra) -> Energies:
    """The quiet and the loud end."""
    floor, top = (float(v) for v in np.percentile(energy, (5, 95)))
    return Energies(max(floor, top - RANGE_NP), top)


def through_channel(bands: Cepstra, speech: NDArray[np.bool_], heard: Cepstra, heard_speech: Cepstra) -> Cepstra:
    """A clean reference as it would come through the recording's microphone, room and noise.

    Each band is brought to the level it has in the recording's speech, and what the recording never falls below is
    laid under it.

    Shapes:
        bands: [n, BANDS], the reference; speech: [n]
        heard: [m, BANDS], the recording; heard_speech: [m], 0–1
    """
    loud = heard_speech > 0.5
    if not loud.any() or not speech.any():
        return bands
    shift = heard[loud].mean(axis=0) - bands[speech].mean(axis=0)
    noise = np.percentile(heard, 5, axis=0) if len(heard) else np.zeros(BANDS)
    return np.asarray(np.logaddexp(bands + shift, noise), np.float32)


def features_of(bands: Cepstra, energies: Energies) -> Cepstra:
    """Vectors whose distance says how unlike two frames sound.

    Shapes:
        bands: [n, BANDS]
        → [n, 2 · (CEPSTRA + 1)]
    """
    energy = energy_of(bands)
    speech = energies.speech(energy)
    cepstra = bands @ _cosines()
    loud = speech > 0.5
    chosen = cepstra[loud] if loud.sum() > 10 else cepstra
    cepstra = (cepstra - chosen.mean(axis=0)) / (chosen.std(axis=0) + 1e-3)
    level = 3 * np.clip((energy - energies.floor) / max(1.0, energies.top - energies.floor), -0.2, 1.2)
    still = np.concatenate([cepstra * (0.15 + 0.85 * speech[:, None]), level[:, None]], axis=1)
    slopes = _slopes(still) * DELTA_WEIGHT
    return np.asarray(np.concatenate([still, slopes], axis=1) / np.sqrt(CEPSTRA + 1), np.float32)


def _slopes(values: Cepstra) -> Cepstra:
    padded = np.pad(values, ((DELTA, DELTA), (0, 0)), mode="edge")
    n = len(values)
    total = sum(
        k * (padded[DELTA + k : DELTA + k + n] - padded[DELTA - k : DELTA - k + n]) for k in range(1, DELTA + 1)
    )
    return np.asarray(total / np.sqrt(2 * sum(k * k for k in range(1, DELTA + 1))), np.float32)


def mean_pooled(features: Cepstra, by: int) -> Cepstra:
    """Means of every `by` frames.

    Shapes:
        features: [n, d] → [⌈n / by⌉, d]
    """
    whole = np.pad(features, ((0, -len(features) % by), (0, 0)), mode="edge")
    return np.asarray(whole.reshape(-1, by, features.shape[1]).mean(axis=1), np.float32)
