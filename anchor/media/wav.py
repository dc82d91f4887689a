"""WAV files: 24-bit PCM at 48 kHz, written and read in blocks so that length costs no memory."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, StorageError
from anchor.messages import message

RATE_HZ = 48000
_FULL = 8388607.0
"""2^23 − 1: full scale of 24 bits."""


class WavWriter:
    """Writes float samples as 24-bit PCM; the same samples give the same bytes. Use as a context manager."""

    def __init__(self, path: Path, channels: int) -> None:
        self._path = path
        try:
            self._wave = wave.open(str(path), "wb")  # noqa: SIM115 (closed by __exit__)
        except OSError as error:
            raise StorageError(message("core.cannot-write", path=str(path), reason=str(error))) from error
        self._wave.setnchannels(channels)
        self._wave.setsampwidth(3)
        self._wave.setframerate(RATE_HZ)
        self._channels = channels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wave.close()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples.

        Shapes:
            samples: [n] for every channel alike, or [n, channels]; float32, −1…1, clipped beyond
        """
        block = samples if samples.ndim == 2 else np.repeat(samples[:, None], self._channels, axis=1)
        values = np.rint(np.clip(block, -1, 1) * _FULL).astype("<i4")
        octets = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 4)[:, :3]
        try:
            self._wave.writeframesraw(octets.tobytes())
        except OSError as error:
            what = message("core.cannot-write", path=str(self._path), reason=str(error))
            raise StorageError(what, hint=message("media.free-space")) from error


def read_wav(path: Path, block: int = 1 << 18) -> Iterator[NDArray[np.float32]]:
    """The samples of a 16- or 24-bit WAV in blocks.

    Shapes:
        → [≤ block, channels] float32, −1…1

    Raises:
        MediaError: not such a file.
    """
    try:
        with wave.open(str(path), "rb") as source:
            channels, width = source.getnchannels(), source.getsampwidth()
            if width not in (2, 3) or source.getframerate() != RATE_HZ:
                raise MediaError(message("media.not-48k-wav", path=str(path)))
            while octets := source.readframes(block):
                yield _floats(octets, width).reshape(-1, channels)
    except (wave.Error, EOFError) as error:
        raise MediaError(message("media.not-wav", path=str(path), reason=str(error))) from error


def _floats(octets: bytes, width: int) -> NDArray[np.float32]:
    if width == 2:
        return np.asarray(np.frombuffer(octets, "<i2") / 32767.0, np.float32)
    raw = np.frombuffer(octets, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 1:] = raw
    return np.asarray((wide.view("<i4")[:, 0] >> 8) / _FULL, np.float32)
