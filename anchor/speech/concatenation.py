"""How the pieces that an engine speaks become one sound and one timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import SILENCE, Phoneme
from anchor.core.time import Span


def faded(pcm: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """A copy with ramps of `length` samples at both ends, shorter where the piece is.

    Shapes:
        pcm: [n] float32
        → [n] float32
    """
    length = min(length, len(pcm) // 2)
    made = pcm.astype(np.float32, copy=True)
    if length:
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
        made[:length] *= ramp
        made[len(made) - length :] *= ramp[::-1]
    return made


def merged_silences(phonemes: Sequence[Phoneme]) -> tuple[Phoneme, ...]:
    """The same timeline with silences that touch made one."""
    merged: list[Phoneme] = []
    for phoneme in phonemes:
        if merged and phoneme.symbol == SILENCE == merged[-1].symbol:
            merged[-1] = replace(merged[-1], span=Span(merged[-1].span.start, phoneme.span.end))
        else:
            merged.append(phoneme)
    return tuple(merged)
