"""The programme's sound: every segment's speech at its exact sample, at the rendition's loudness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.plan import RenderPlan
from anchor.media.loudness import Loudness, level, measure_loudness
from anchor.media.wav import WavWriter, read_wav
from anchor.pipeline.services import Context, Services

_NEAR_LU = 0.15
"""A programme this near to the target is left as it is."""
_BLOCK = 48000


def _silence(samples: int) -> Iterator[NDArray[np.float32]]:
    while samples > 0:
        yield np.zeros(min(samples, _BLOCK), np.float32)
        samples -= _BLOCK


def _blocks(plan: RenderPlan, services: Services) -> Iterator[NDArray[np.float32]]:
    """The programme in blocks, mono, exactly `plan.samples` long."""
    at = 0
    for cut in plan.audio:
        yield from _silence(cut.start - at)
        for block in read_wav(services.store.path(cut.audio)):
            yield block[:, 0]
        at = cut.start + cut.samples
    yield from _silence(plan.samples - at)


def write_programme(plan: RenderPlan, services: Services, context: Context, wav: Path) -> Loudness:
    """Write the programme as a stereo WAV, the same on both channels, and give what it measures."""

    def written(gain: float) -> Loudness:
        with WavWriter(wav, channels=2) as out:
            for block in _blocks(plan, services):
                context.check_cancelled()
                out.write(block * np.float32(gain))
        return measure_loudness(services.ffmpeg, wav)

    rendition = plan.rendition
    loudness = written(1.0)
    off = rendition.lufs - loudness.lufs
    if abs(off) <= _NEAR_LU and loudness.dbtp <= rendition.dbtp:
        return loudness
    if loudness.dbtp + off <= rendition.dbtp:
        return written(10 ** (off / 20))
    louder = wav.with_name("levelled.wav")
    loudness = level(services.ffmpeg, wav, louder, lufs=rendition.lufs, dbtp=rendition.dbtp)
    louder.replace(wav)
    return loudness
