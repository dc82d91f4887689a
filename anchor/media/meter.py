"""Programme loudness and true peak in process, by ITU-R BS.1770-4.

Agrees with ffmpeg's `ebur128` within 0.1 LU and 0.1 dB and takes milliseconds, not a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48000
SILENT_LUFS = -70.0
"""The absolute gate, and what silence is said to measure."""
SILENT_DBTP = -120.0

_STEP = RATE_HZ // 10
"""100 ms: gating blocks of 400 ms overlap by three quarters."""
_BLOCK = 8 * RATE_HZ
_MARGIN = RATE_HZ // 2
"""Context on either side of a block, in which the filters die away."""
# BS.1770-4 Annex 1, tables 1 and 2: shelf for the head, then high-pass; b then a, at 48 kHz.
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
_OFFSET = -0.691
_PHASES = 4
"""True peak looks at this many points per sample (BS.1770-4 Annex 2)."""
_TAPS = 24


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured on a stretch of sound."""

    lufs: float
    """Integrated loudness; `SILENT_LUFS` where nothing passes the gate."""
    dbtp: float
    """True peak."""


@cache
def _response(size: int) -> NDArray[np.complex128]:
    """Frequency response of the K weighting for a transform of `size` samples."""
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    whole = np.ones(size // 2 + 1, np.complex128)
    for above, below in (_SHELF, _HIGH_PASS):
        whole *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    return whole


@cache
def _between() -> tuple[NDArray[np.float32], ...]:
    """Filters that give the points between samples: windowed sines at quarter, half and three quarters."""
    at = np.arange(_TAPS) - _TAPS / 2 + 1
    filters = []
    for phase in range(1, _PHASES):
        where = at - phase / _PHASES
        taps = np.sinc(where) * np.cos(np.pi * where / (_TAPS + 1)) ** 2
        filters.append(np.asarray(taps / taps.sum(), np.float32)[::-1].copy())
    return tuple(filters)


def true_peak(samples: NDArray[np.float32]) -> float:
    """Highest magnitude of one channel, points between samples included.

    Shapes:
        samples: [n]
    """
    padded = np.pad(samples, _TAPS // 2)
    peaks = [np.max(np.abs(samples), initial=0.0)]
    peaks += [np.max(np.abs(np.convolve(padded, taps, mode="valid"))) for taps in _between()]
    return float(max(peaks))


def weigh(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Samples with K weighting, along the first axis; what rings on beyond the end is cut."""
    size = -(-(len(samples) + _MARGIN) // _MARGIN) * _MARGIN  # a product of small primes: quick
    spectrum = np.fft.rfft(samples, size, axis=0)
    shape = (-1,) + (1,) * (samples.ndim - 1)
    return np.fft.irfft(spectrum * _response(size).reshape(shape), size, axis=0)[: len(samples)]


def power_lufs(power: float) -> float:
    """Loudness of a weighted mean square, summed over the channels."""
    return max(SILENT_LUFS, _OFFSET + 10 * float(np.log10(power))) if power > 0 else SILENT_LUFS


class LoudnessMeter:
    """Takes 48 kHz sound in blocks of any size; memory does not grow with its length but for ten numbers a second.

    Without `peaks` true peaks are not looked for, which takes a third of the time. Of several channels that are alike,
    one is given.
    """

    def __init__(self, *, peaks: bool = True, alike: int = 1) -> None:
        """Begin to measure.

        Args:
            peaks: look for true peaks.
            alike: every channel given is played on so many.
        """
        self._peaks = peaks
        self._alike = alike
        self._before: NDArray[np.float32] | None = None
        self._pending: list[NDArray[np.float32]] = []
        self._count = 0
        self._powers: list[NDArray[np.float64]] = []
        self._peak = 0.0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Take samples.

        Shapes:
            samples: [n] or [n, channels], −1…1
        """
        self._pending.append(samples.reshape(len(samples), -1))
        self._count += len(samples)
        while self._count >= _BLOCK + _MARGIN:
            self._measure(_BLOCK)

    def result(self) -> Loudness:
        """The measures of all that was taken; takes nothing more."""
        if self._count:
            self._measure(self._count)
        steps = np.concatenate([*self._powers, np.zeros(0)])
        peak = 20 * float(np.log10(self._peak)) if self._peak > 0 else SILENT_DBTP
        return Loudness(_gated(steps), max(SILENT_DBTP, peak))

    def _measure(self, count: int) -> None:
        """Measure the next `count` samples; up to `_MARGIN` more are looked at for context."""
        held = np.concatenate(self._pending)
        before = self._before if self._before is not None else held[:0]
        whole = np.concatenate([before, held[: count + _MARGIN]])
        weighted = weigh(whole)[len(before) : len(before) + count]
        steps = count // _STEP
        squares = np.sum(weighted[: steps * _STEP] ** 2, axis=1).reshape(steps, _STEP)
        self._powers.append(self._alike * np.mean(squares, axis=1))
        if self._peaks:
            end = len(before) + count + _TAPS
            near = whole[max(0, len(before) - _TAPS) : end]
            self._peak = max(self._peak, *(true_peak(near[:, c]) for c in range(near.shape[1])))
        self._before = whole[max(0, len(before) + count - _MARGIN) : len(before) + count]
        self._pending = [held[count:]]
        self._count -= count


def _gated(steps: NDArray[np.float64]) -> float:
    """Integrated loudness of 100 ms mean squares: absolute gate, then 10 LU under the mean of what passed."""
    if len(steps) < 4:
        return SILENT_LUFS
    blocks = np.convolve(steps, np.full(4, 0.25), mode="valid")
    blocks = blocks[blocks > 10 ** ((SILENT_LUFS - _OFFSET) / 10)]
    if not len(blocks):
        return SILENT_LUFS
    return power_lufs(float(np.mean(blocks[blocks > np.mean(blocks) / 10])))
