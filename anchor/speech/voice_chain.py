"""The broadcast voice chain: what an engineer puts on a presenter's microphone, as one ffmpeg filter graph.

Everything here is causal and of minimum phase, so nothing is delayed; there is no room and no reverb.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anchor.media.loudness import raw_source
from anchor.media.meter import RATE_HZ
from anchor.media.tool import file_url

RESAMPLE = f"aresample={RATE_HZ}:filter_size=128:phase_shift=10:cutoff=0.97:exact_rational=1"
"""Steeper than ffmpeg's default: the synthesiser's images lie close above its band."""
HIGH_PASS = "highpass=f=80:poles=2"
"""Below the voice: rumble, and the pop of bursts."""
COMPRESSOR = "acompressor=threshold=-26dB:ratio=2.2:attack=6:release=140:knee=6:makeup=1"
"""Evens syllables by some 3 dB before the limiter has to."""
NATURAL_COMPRESSOR = "acompressor=threshold=-24dB:ratio=1.8:attack=8:release=160:knee=8:makeup=1"
"""Milder: a person's voice carries its own melody of loudness."""
EQUALISER = (
    "equalizer=f=520:t=q:w=0.9:g=2",  # body, which the compressor takes from the loud vowels
    "equalizer=f=4200:t=q:w=0.9:g=-1.5",  # the edge that it gives to hiss
    "highshelf=f=6500:g=2.5",  # air, which formant voices lack
)
DE_ESSER = "deesser=i=0.78:m=0.5:f=0.5"
"""Compressor and equaliser lift ㄙ and ㄑ to the level of vowels; this takes them 6 dB down and leaves ㄕ alone."""


def voice_filter(samples: int, *, natural: bool = False) -> str:
    """Filter graph from the engine's rate to 48 kHz, exactly `samples` long.

    Args:
        samples: at 48 kHz.
        natural: the voice has a person's balance; only rumble is taken and syllables are evened.
    """
    length = (f"apad=whole_len={samples}", f"atrim=end_sample={samples}")
    balance = (NATURAL_COMPRESSOR,) if natural else (COMPRESSOR, *EQUALISER, DE_ESSER)
    return ",".join((RESAMPLE, HIGH_PASS, *balance, *length))


def voice_args(
    program: str, source: Path, rate: int, target: Path, samples: int, *, natural: bool = False
) -> Sequence[str]:
    """The argv: raw float mono samples at `rate` → raw float mono at 48 kHz through the chain."""
    out = ("-ac", "1", "-f", "f32le", file_url(target))
    graph = voice_filter(samples, natural=natural)
    return (program, "-v", "error", "-y", *raw_source(source, rate, 1), "-map", "0:a:0", "-af", graph, *out)
