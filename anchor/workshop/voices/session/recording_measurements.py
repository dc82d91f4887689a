"""What is measured on one recording of a sentence: level, clipping, noise, hum, room, silence at the ends, bandwidth.

All levels are dB against full scale unless said otherwise. Frames last 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
FRAME_S = 0.01
SPEECH_DB = -30.0
"""A frame this far or less under the loudest tenth is speech, if it also stands over the noise."""
OVER_NOISE_DB = 9.0
QUIETEST_DB = -100.0
FLAT = 3
"""Samples in a row at the very top that make one clipped peak."""
TOP = 0.999
"""Of the recording's own peak: clipping stays flat also where it was turned down afterwards."""
LOUD_ENOUGH = 0.25
"""A recording whose peak is lower was not clipped by a converter."""
MAINS_HZ = (50.0, 60.0)
HARMONICS = (1, 2, 3, 4)
HUM_OVER_DB = 10.0
"""A line of the mains stands this far over the noise beside it, or there is no hum."""
LEAST_QUIET_S = 0.12
FALL_DB = (-5.0, -25.0)
"""Part of a fall that the decay is read from, as ISO 3382 does for T20."""
FALL_HOP_S = 0.004
RISE_DB = 6.0
"""A rise by this much ends a fall: the sound of a room trembles by less."""
CLEAR_DB = 8.0
"""The end of a fall stands this far over the noise, or it is the noise that is read."""
STEEPEST = 0.25
"""Quantile of all falls: speech itself often falls slowly, a room never lets it fall faster than its own decay."""
FEWEST_FALLS = 2
BAND_DB = -60.0
"""Under the strongest third of an octave: where less is left, the band is empty."""


@dataclass(frozen=True, slots=True)
class RecordingMeasurements:
    """One recording in figures."""

    seconds: float
    rate: int
    channels: int
    alike: float
    """Least correlation of a channel with the first, −1…1; 1 for one channel; 0 where one is silent."""
    peak_db: float
    speech_db: float
    """RMS of the frames in which somebody speaks."""
    noise_db: float
    """RMS of the quietest twentieth of the frames."""
    clipped: int
    """Peaks cut off flat."""
    hum_db: float
    """Mains lines in the silences, against the speech; `QUIETEST_DB` where there are none."""
    hum_hz: float
    """50 or 60; 0: none."""
    decay_s: float | None
    """Time for 60 dB, from the falls of the speech; None: too few falls to tell."""
    lead_s: float
    """Silence before the first sound."""
    tail_s: float
    pause_s: float
    """Silence inside the speech, in pauses of a quarter of a second or more."""
    band_hz: float
    """Highest third of an octave in which there is speech."""

    @property
    def spoken_s(self) -> float:
        """From the first sound to the last, without the pauses."""
        return max(0.0, self.seconds - self.lead_s - self.tail_s - self.pause_s)

    @property
    def over_noise_db(self) -> float:
        """Speech over noise."""
        return self.speech_db - self.noise_db


def measure(sound: NDArray[np.float32], rate: int) -> RecordingMeasurements:
    """Measure a recording.

    Shapes:
        sound: [samples, channels]
    """
    mono = mono_of(sound).astype(np.float64)
    size = max(1, round(rate * FRAME_S))
    count = max(1, len(mono) // size)
    padded = np.zeros(count * size)
    padded[: len(mono)] = mono[: count * size]
    level = _decibels(np.mean(padded.reshape(count, size) ** 2, axis=1))
    noise_db = _mean_db(np.sort(level)[: max(1, count // 20)])
    speech = level > max(float(np.percentile(level, 90)) + SPEECH_DB, noise_db + OVER_NOISE_DB)
    heard = np.flatnonzero(speech)
    first, last = (int(heard[0]), int(heard[-1]) + 1) if len(heard) else (count, count)
    speech_db = _mean_db(level[speech]) if len(heard) else QUIETEST_DB
    hum_db, hum_hz = _hum(mono, rate, speech, speech_db)
    return RecordingMeasurements(
        seconds=len(mono) / rate,
        rate=rate,
        channels=sound.shape[1],
        alike=_alike(sound),
        peak_db=float(_decibels(float(np.max(np.abs(sound), initial=0.0)) ** 2)),
        speech_db=speech_db,
        noise_db=noise_db,
        clipped=max(_clipped(channel) for channel in sound.T),
        hum_db=hum_db,
        hum_hz=hum_hz,
        decay_s=_decay(mono, rate, noise_db),
        lead_s=first * FRAME_S,
        tail_s=(count - last) * FRAME_S,
        pause_s=_pauses(speech[first:last]),
        band_hz=_band(mono, rate, speech, size),
    )


def _decibels(power: F64 | float) -> F64:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (QUIETEST_DB / 10))))


def _mean_db(levels: F64) -> float:
    """Level of the mean power of frames."""
    return float(_decibels(float(np.mean(10 ** (levels / 10)))))


def mono_of(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The channels mixed; the loudest alone where they have nothing in common.

    Shapes:
        sound: [samples, channels] → [samples]
    """
    if _alike(sound) > 0:
        return np.asarray(sound.mean(axis=1), np.float32)
    return np.ascontiguousarray(sound[:, int(np.argmax(np.mean(sound.astype(np.float64) ** 2, axis=0)))])


def _alike(sound: NDArray[np.float32]) -> float:
    first = sound[:, 0].astype(np.float64)
    least = 1.0
    for other in sound.T[1:].astype(np.float64):
        scale = float(np.sqrt(np.sum(first**2) * np.sum(other**2)))
        least = min(least, float(np.sum(first * other)) / scale if scale > 1e-9 else 0.0)
    return least


def _clipped(channel: NDArray[np.float32]) -> int:
    """Runs of samples at the recording's own top or bottom."""
    runs = 0
    for side in (channel, -channel):
        top = float(side.max(initial=0.0))
        if top < LOUD_ENOUGH:
            continue
        flat = np.concatenate([[0], (side >= top * TOP).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(flat))
        runs += int(np.sum(edges[1::2] - edges[::2] >= FLAT))
    return runs


def _quiet_stretch(mono: F64, rate: int, speech: NDArray[np.bool_]) -> F64:
    """The longest stretch without speech, its edges left out."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], speech.astype(np.int8), [1]])))
    if not len(edges):
        return mono[:0]
    lengths = edges[1::2] - edges[::2]
    at = int(np.argmax(lengths))
    frame = round(rate * FRAME_S)
    start, end = int(edges[2 * at]), int(edges[2 * at + 1])
    return mono[(start + 2) * frame : max(start + 2, end - 2) * frame]


def _hum(mono: F64, rate: int, speech: NDArray[np.bool_], speech_db: float) -> tuple[float, float]:
    """Level of the mains' lines against the speech, and which mains."""
    quiet = _quiet_stretch(mono, rate, speech)
    if len(quiet) < LEAST_QUIET_S * rate:
        return QUIETEST_DB, 0.0
    taper = np.hanning(len(quiet))
    power = 2 * np.abs(np.fft.rfft(quiet * taper, 4 * len(quiet))) ** 2 / np.sum(taper) ** 2
    hz = np.fft.rfftfreq(4 * len(quiet), 1 / rate)
    width = 2.0 * rate / len(quiet)
    """Half the width of a line under the taper."""
    worst = (QUIETEST_DB, 0.0)
    for mains in MAINS_HZ:
        total = 0.0
        for harmonic in HARMONICS:
            away = np.abs(hz - mains * harmonic)
            line = float(power[away <= width / 2].max(initial=0.0))
            beside = power[(away > 1.5 * width) & (away < 4 * width) & (hz > 20)]
            if len(beside) and line > float(np.median(beside)) * 10 ** (HUM_OVER_DB / 10):
                total += line
        found = float(_decibels(total)) - speech_db
        if total > 0 and found > worst[0]:
            worst = (found, mains)
    return worst


def _decay(mono: F64, rate: int, noise_db: float) -> float | None:
    """Seconds for 60 dB, from the falls of the sound: the energy still to come at each moment (Schroeder 1965)."""
    hop = max(1, round(rate * FALL_HOP_S))
    count = len(mono) // hop
    power = np.mean(mono[: count * hop].reshape(count, hop) ** 2, axis=1) if count else np.zeros(0)
    level = _decibels(np.convolve(power, np.full(5, 0.2), "same"))
    noise = 10 ** (noise_db / 10)
    times: list[float] = []
    for start, end in _falls(level):
        left = np.cumsum(np.maximum(power[start:end] - noise, 0)[::-1])[::-1]
        found = _time_of(_decibels(left / max(left[0], 1e-12)))
        if found is not None and level[start] - noise_db > -FALL_DB[1] + CLEAR_DB:
            times.append(found)
    return float(np.quantile(times, STEEPEST)) if len(times) >= FEWEST_FALLS else None


def _falls(level: F64) -> list[tuple[int, int]]:
    """Stretches from a peak to where the sound rises again."""
    out: list[tuple[int, int]] = []
    peak = low = 0
    for at in range(1, len(level) + 1):
        rises = at == len(level) or level[at] > level[low] + RISE_DB
        if rises and level[peak] - level[low] >= -FALL_DB[1]:
            out.append((peak, low + 1))
        if at < len(level) and (rises or level[at] > level[peak]):
            peak = low = at
        elif at < len(level) and level[at] < level[low]:
            low = at
    return out


def _time_of(left: F64) -> float | None:
    """Seconds for 60 dB, from the part of `FALL_DB`."""
    if left[-1] > FALL_DB[1]:
        return None
    first, last = (int(np.argmax(left <= db)) for db in FALL_DB)
    return max(1, last - first) * FALL_HOP_S * 60 / (FALL_DB[0] - FALL_DB[1])


def _pauses(speech: NDArray[np.bool_]) -> float:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (~speech).astype(np.int8), [0]])))
    lengths = (edges[1::2] - edges[::2]) * FRAME_S
    return float(np.sum(lengths[lengths >= 0.25]))


def _band(mono: F64, rate: int, speech: NDArray[np.bool_], size: int) -> float:
    """Upper edge of the highest third of an octave that holds speech."""
    frames = mono[: len(speech) * size].reshape(len(speech), size)[speech]
    if not len(frames):
        return 0.0
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    loud = np.quantile(power, 0.95, axis=0)
    hz = np.fft.rfftfreq(size, 1 / rate)
    edges = 1000 * 2 ** (np.arange(-6, 14) / 3)
    bands = [float(loud[(hz >= low) & (hz < low * 2 ** (1 / 3))].max(initial=0.0)) for low in edges]
    floor = max(bands, default=0.0) * 10 ** (BAND_DB / 10)
    held = [low * 2 ** (1 / 3) for low, band in zip(edges, bands, strict=True) if band > floor]
    return float(min(max(held, default=0.0), rate / 2))
