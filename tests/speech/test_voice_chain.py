"""What the voice chain does to the embedded voices, measured over a bulletin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.ports import Voice
from anchor.core.speech import Utterance
from anchor.media.run import run_ffmpeg
from anchor.media.tool import find_ffmpeg
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.speak import at_48_khz, with_silence
from anchor.speech.voice_chain import RESAMPLE, voice_args

pytestmark = pytest.mark.media
Samples = NDArray[np.float32]

SPEECH_SPECTRUM = {
    160: 32.41, 200: 34.48, 250: 34.75, 315: 33.98, 400: 34.59, 500: 34.27, 630: 32.06, 800: 28.30, 1000: 25.01,
    1250: 23.00, 1600: 20.15, 2000: 17.32, 2500: 13.18, 3150: 11.55, 4000: 9.33, 5000: 5.31, 6300: 2.59, 8000: 1.13,
}  # fmt: skip
"""Hz of a third of an octave → spectrum level in dB of speech at normal effort (ANSI S3.5-1997, table 3)."""


@dataclass(frozen=True)
class Sound:
    """Samples at 48 kHz with the spans of vowels."""

    samples: Samples
    vowels: tuple[slice, ...]

    @property
    def unbalance_db(self) -> float:
        """Root mean square of the difference to speech, over thirds of an octave, levels apart."""
        size = 8192
        hz = np.fft.rfftfreq(size, 1 / 48000)
        frames = np.lib.stride_tricks.sliding_window_view(self.samples, size)[:: size // 2]
        power = np.mean(np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2, axis=0)
        levels = [10 * np.log10(np.mean(power[(hz >= b * 2 ** (-1 / 6)) & (hz < b * 2 ** (1 / 6))])) for b in BANDS]
        return float(np.std(np.array(levels) - np.array(list(SPEECH_SPECTRUM.values()))))

    @property
    def crest_db(self) -> float:
        """Peak over root mean square."""
        return float(20 * np.log10(np.max(np.abs(self.samples)) / np.sqrt(np.mean(self.samples**2))))

    @property
    def vowel_spread_db(self) -> float:
        """Standard deviation of the vowels' levels."""
        return float(np.std([10 * np.log10(np.mean(self.samples[v] ** 2)) for v in self.vowels]))


BANDS = tuple(SPEECH_SPECTRUM)


@pytest.fixture(scope="module", params=["lan", "hao"])
def both(
    request: pytest.FixtureRequest, espeak: EspeakEngine, bulletin: Utterance, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sound, Sound]:
    """A bulletin before and after the chain."""
    voice: Voice = request.getfixturevalue(request.param)
    folder: Path = tmp_path_factory.mktemp("chain")
    spoken = with_silence(espeak.speak(bulletin, voice))
    timeline = at_48_khz(spoken)
    raw, out = folder / "raw.f32", folder / "out.f32"
    spoken.pcm.tofile(raw)
    args = voice_args(find_ffmpeg().path, raw, spoken.rate, out, timeline.samples)
    spans = tuple(slice(p.span.start, p.span.end) for p in timeline.phonemes if p.symbol in set("aeiou"))
    sounds = []
    for graph in (RESAMPLE, args[args.index("-af") + 1]):
        run_ffmpeg([graph if a == args[args.index("-af") + 1] else a for a in args])
        sounds.append(Sound(np.fromfile(out, np.float32), spans))
    return sounds[0], sounds[1]


def test_the_balance_is_that_of_speech(both: tuple[Sound, Sound]) -> None:
    before, after = both
    assert after.unbalance_db < 3.0
    assert after.unbalance_db < before.unbalance_db + 0.2


def test_syllables_are_evened_without_being_flattened(both: tuple[Sound, Sound]) -> None:
    before, after = both
    assert before.vowel_spread_db - 1.5 < after.vowel_spread_db < before.vowel_spread_db - 0.3
    assert 12 < after.crest_db < 20
    assert np.max(np.abs(after.samples)) < 1.0  # nothing is clipped on the way to the limiter


def test_the_chain_does_not_pump(both: tuple[Sound, Sound]) -> None:
    """The first vowels after a pause are no louder against the others than they were before it."""
    before, after = both
    starts = [v for u, v in zip(before.vowels, before.vowels[1:], strict=False) if v.start - u.stop > 48000 // 5]
    assert len(starts) >= 4

    def lead(sound: Sound) -> float:
        levels = {v.start: 10 * np.log10(np.mean(sound.samples[v] ** 2)) for v in sound.vowels}
        return float(np.mean([levels[v.start] for v in starts]) - np.mean(list(levels.values())))

    assert abs(lead(after) - lead(before)) < 1.5
