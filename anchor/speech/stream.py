"""Speech while it is made, for who listens in: an editor at a paragraph, a host at a rehearsal."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from anchor.core.ports import SpeechEngine, Voice
from anchor.core.speech import Utterance

ENDLESS = 0xFFFFFFFF
"""Length in the head of a WAV that is not finished yet."""


@runtime_checkable
class Streaming(Protocol):
    """An engine with sound before all is made."""

    def stream(self, utterance: Utterance, voice: Voice) -> Iterator[NDArray[np.float32]]:
        """Pieces of sound."""
        ...

    def stream_rate(self, voice: Voice) -> int:
        """Samples a second of the pieces."""
        ...


def engine_stream(
    engine: SpeechEngine, utterance: Utterance, voice: Voice
) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """Samples a second, and the sound piece by piece; all at once where the engine cannot stream."""
    if engine.capabilities.streams and isinstance(engine, Streaming):
        return engine.stream_rate(voice), engine.stream(utterance, voice)
    spoken = engine.speak(utterance, voice)
    return spoken.rate, iter((spoken.pcm,))


def wav_head(rate: int) -> bytes:
    """The head of a mono 16-bit WAV whose length is not known yet; players read on to its end."""
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", ENDLESS)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", ENDLESS)
    )


def pcm16(samples: NDArray[np.float32]) -> bytes:
    """Samples as 16 bits, clipped at full scale.

    Shapes:
        samples: [n] float32
    """
    return bytes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").data)
