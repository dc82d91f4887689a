"""The programme's sound: every segment's speech at its exact sample, at the rendition's loudness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.files import storage_errors
from anchor.core.plan import RenderPlan
from anchor.media.loudness import level
from anchor.media.meter import Loudness, LoudnessMeter
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
    rendition = plan.rendition
    found = _measured(plan, services, context)
    gain_db = rendition.lufs - found.lufs if abs(rendition.lufs - found.lufs) > _NEAR_LU else 0.0
    if found.dbtp + gain_db <= rendition.dbtp:
        gain = np.float32(10 ** (gain_db / 20))
        with WavWriter(wav, channels=2) as out:
            for block in _blocks(plan, services):
                context.check_cancelled()
                out.write(block * gain)
        return Loudness(found.lufs + gain_db, found.dbtp + gain_db)
    raw = wav.with_name("programme.f32")
    with storage_errors(raw), raw.open("wb") as file:
        for block in _blocks(plan, services):
            context.check_cancelled()
            file.write(np.repeat(block, 2).tobytes())
    return level(services.ffmpeg, raw, wav, lufs=rendition.lufs, dbtp=rendition.dbtp, channels=2)


def _measured(plan: RenderPlan, services: Services, context: Context) -> Loudness:
    """What the programme measures on two channels: one is listened to, the other is the same."""
    meter = LoudnessMeter(alike=2)
    for block in _blocks(plan, services):
        context.check_cancelled()
        meter.add(block)
    return meter.result()
