"""Loudness of files, and the recipe that sets it without moving a sample.

Speech peaks near full scale long before it is loud enough, so gain needs a limiter. ffmpeg's `alimiter` looks ahead
and delays what it passes; run at 192 kHz with `latency=1` it gives the delay back, catches true peaks, and after the
way down to 48 kHz every sample stands where it stood.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.media.meter import RATE_HZ, SILENT_DBTP, SILENT_LUFS, Loudness, LoudnessMeter
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.media.wav import WavWriter
from anchor.messages import message

NEAR_LU = 0.1
"""A result this near to the target needs no further pass."""
PASSES = 3
"""Passes through the limiter at most: limiting takes some loudness, which the next pass gives back."""
HEADROOM_DB = 0.15
"""What the limiter stays under the ceiling: the way down to 48 kHz may overshoot a little."""

_LUFS = re.compile(r"^\s+I:\s+(\S+)\s+LUFS")
_PEAK = re.compile(r"^\s+Peak:\s+(\S+)\s+dBFS")


def measure_loudness(ffmpeg: FFmpeg, path: Path) -> Loudness:
    """Loudness and true peak of a file's first sound track, by ffmpeg's `ebur128`.

    Raises:
        MediaError: ffmpeg failed or printed no summary.
    """
    return parse_summary(run_ffmpeg(measure_args(ffmpeg.path, path)))


def measure_args(program: str, path: Path) -> tuple[str, ...]:
    """The argv that prints a loudness summary to stderr."""
    graph = "ebur128=peak=true"
    source = ("-protocol_whitelist", LOCAL, "-i", file_url(path))
    return (program, "-v", "info", *source, "-map", "0:a:0", "-af", graph, "-f", "null", "-")


def parse_summary(lines: Sequence[str]) -> Loudness:
    """The figures of the last summary that `ebur128` printed; lines before it are its running log.

    Raises:
        MediaError: there is none.
    """
    starts = [index for index, line in enumerate(lines) if line.rstrip().endswith("Summary:")]
    summary = lines[starts[-1] :] if starts else ()
    lufs = next((match[1] for line in summary if (match := _LUFS.match(line))), None)
    peak = next((match[1] for line in summary if (match := _PEAK.match(line))), None)
    if lufs is None or peak is None:
        raise MediaError(message("media.no-loudness"), stderr=tuple(lines))
    return Loudness(_finite(lufs, SILENT_LUFS), _finite(peak, SILENT_DBTP))


def _finite(text: str, floor: float) -> float:
    value = float(text)
    return max(floor, value) if math.isfinite(value) else floor


def level_filter(gain_db: float, dbtp: float) -> str:
    """Filter graph: gain, then a true-peak limiter, in time with its input."""
    ceiling = 10 ** ((dbtp - HEADROOM_DB) / 20)
    limiter = f"alimiter=limit={ceiling:.6f}:level=false:attack=2:release=60:latency=1"
    return f"aresample=192000,volume={gain_db:.4f}dB,{limiter},aresample={RATE_HZ}"


def level_args(
    program: str, source: Sequence[str], target: Path, *, gain_db: float, dbtp: float, channels: int, samples: int
) -> tuple[str, ...]:
    """The argv of one pass: `source` (input options with `-i`) to raw float samples in `target`, `samples` of them."""
    graph = f"{level_filter(gain_db, dbtp)},apad=whole_len={samples},atrim=end_sample={samples}"
    out = ("-ac", str(channels), "-f", "f32le", file_url(target))
    return (program, "-v", "error", "-y", *source, "-map", "0:a:0", "-af", graph, *out)


def raw_source(path: Path, rate: int, channels: int) -> tuple[str, ...]:
    """Input options for raw float samples."""
    return ("-f", "f32le", "-ar", str(rate), "-ac", str(channels), "-i", file_url(path))


def read_raw(path: Path, channels: int) -> Iterator[NDArray[np.float32]]:
    """Raw float samples in blocks of some seconds.

    Shapes:
        → [n, channels]
    """
    with path.open("rb") as source:
        while octets := source.read(RATE_HZ * 4 * channels * 4):
            yield np.frombuffer(octets, np.float32).reshape(-1, channels)


def raw_lufs(path: Path, channels: int) -> float:
    """Integrated loudness of raw float samples at 48 kHz."""
    meter = LoudnessMeter(peaks=False)
    for block in read_raw(path, channels):
        meter.add(block)
    return meter.result().lufs


def level(
    ffmpeg: FFmpeg,
    source: Path,
    target: Path,
    *,
    lufs: float,
    dbtp: float,
    channels: int = 1,
    measure: Callable[[Path], float] | None = None,
    cancelled: Cancelled | None = None,
) -> Loudness:
    """Bring raw float samples at 48 kHz to a loudness under a true-peak ceiling and write a 24-bit WAV.

    Every sample stands where it stood. Silence stays as it is.

    Args:
        ffmpeg: the program.
        source: raw float samples.
        target: WAV to write.
        lufs: the loudness aimed at.
        dbtp: the ceiling.
        channels: of `source`.
        measure: loudness of raw samples where the integrated loudness does not serve (very short sound).
        cancelled: asked while ffmpeg runs.

    Raises:
        MediaError: ffmpeg failed.
        StorageError: the disk is full.
        JobCancelled: `cancelled` said so.
    """
    samples = source.stat().st_size // (4 * channels)
    loudness_of = measure or (lambda path: raw_lufs(path, channels))
    found = loudness_of(source)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".level-") as scratch:
        best, error = source, abs(lufs - found)
        gain = 0.0
        for number in range(PASSES if found > SILENT_LUFS else 0):
            gain += lufs - found
            made = Path(scratch) / f"{number}.f32"
            inputs = raw_source(source, RATE_HZ, channels)
            args = level_args(ffmpeg.path, inputs, made, gain_db=gain, dbtp=dbtp, channels=channels, samples=samples)
            run_ffmpeg(args, cancelled=cancelled)
            found = loudness_of(made)
            if number == 0 or abs(lufs - found) < error:
                best, error = made, abs(lufs - found)
            if error < NEAR_LU:
                break
        meter = LoudnessMeter()
        with WavWriter(target, channels) as wav:
            for block in read_raw(best, channels):
                meter.add(block)
                wav.write(block)
    return meter.result()
