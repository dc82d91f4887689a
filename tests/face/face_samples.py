"""Timelines built by hand, and mouths measured from pixels."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Avatar, Patch
from anchor.core.speech import SILENCE, Phoneme, PhonemeTimeline
from anchor.core.time import AUDIO, VIDEO, Span
from anchor.face.mesh import INNER
from anchor.face.mouthbank import load_bank
from anchor.face.track import load_track
from anchor.mandarin.phonemes import phoneme_classes, syllable_phonemes
from anchor.media.wav import WavWriter

BULLETIN = (
    "ge4 wei4 guan1 zhong4 da4 jia1 hao3 _0.25 huan1 ying2 shou1 kan4 jin1 tian1 de5 wan3 jian1 xin1 wen2 _0.6 "
    "qing3 pu3 bian4 min2 zhong4 fang2 fan4 _0.2 mei3 guo2 zong3 tong3 fa1 biao3 yan3 shuo1 lv3 ke4 bu2 bi4"
)

_SHARES = {"stop": 0.6, "affricate": 0.8, "fricative": 0.8, "nasal": 0.6, "liquid": 0.5}


def timeline_of(sounds: list[tuple[str, float]]) -> PhonemeTimeline:
    """Sounds with their seconds, one after another."""
    phonemes, at = [], 0
    for symbol, seconds in sounds:
        end = at + round(seconds * 48000)
        phonemes.append(Phoneme(symbol, Span(at, end), None if symbol == SILENCE else 0))
        at = end
    return PhonemeTimeline(48000, at, tuple(phonemes))


def spoken(text: str, syllable_s: float = 0.21) -> PhonemeTimeline:
    """Pinyin syllables at a steady beat, `_seconds` for a pause, with the silence that every segment has around it."""
    sounds: list[tuple[str, float]] = [(SILENCE, 0.12)]
    for word in text.split():
        if word.startswith("_"):
            sounds.append((SILENCE, float(word[1:])))
            continue
        parts = syllable_phonemes(word)
        shares = [_SHARES.get(phoneme_classes()[part], 1.0) for part in parts]
        sounds += [(part, syllable_s * share / sum(shares)) for part, share in zip(parts, shares, strict=True)]
    return timeline_of([*sounds, (SILENCE, 0.18)])


def hum(timeline: PhonemeTimeline, folder: Path, gains: dict[int, float] | None = None) -> Path:
    """A recording of a timeline: a hum that is silent where it is silent.

    `gains`: index of a phoneme → how much louder than the others it is, a factor.
    """
    wave = 0.1 * np.sin(np.arange(timeline.samples) * (2 * np.pi * 180 / 48000)).astype(np.float32)
    for index, phoneme in enumerate(timeline.phonemes):
        factor = 0.0 if phoneme.symbol == SILENCE else (gains or {}).get(index, 1.0)
        wave[phoneme.span.start : phoneme.span.end] *= factor
    path = folder / "hum.wav"
    with WavWriter(path, 1) as writer:
        writer.write(wave[:, None])
    return path


def frames_of(timeline: PhonemeTimeline) -> int:
    """Frames that cover a timeline."""
    return VIDEO.ticks_covering(timeline.samples, AUDIO)


def middle_sample(frame: int) -> float:
    """The sample at the middle of a frame's time, by exact arithmetic of its own."""
    return (frame + 0.5) * 48000 * 1001 / 30000


@dataclass(frozen=True, slots=True)
class LipColours:
    """What tells a presenter's lips from the inside of the mouth, code values."""

    interior_cr: int
    """Teeth and the dark of the mouth stay under this Cr, lips above."""
    shaded_y: int
    """The upper lip darkens below this Y' towards the seam."""
    lower_y: int
    """Least Y' of the lit lower lip; the tongue is red too, but darker."""
    lower_cr: int
    """Its least Cr."""

    def gap(self, band: NDArray[np.float64]) -> int:
        """Rows between upper and lower lip in a column of [rows, 3] Y'CbCr that begins on the upper lip."""
        shaded = np.flatnonzero(band[:, 0] < self.shaded_y)
        band = band[shaded[0] if len(shaded) else 0 :]
        lower = np.flatnonzero((band[:, 0] > self.lower_y) & (band[:, 2] > self.lower_cr))
        inside = np.flatnonzero(band[: lower[0] if len(lower) else None, 2] < self.interior_cr)
        return int(lower[0] - inside[0]) if len(inside) and len(lower) else 0


_TRIED = itertools.product(range(135, 152, 2), (90, 105, 120), range(88, 149, 10), range(141, 158, 2))
LIP_COLOURS = tuple(LipColours(*values) for values in _TRIED)


FLAP_COLOURS = LipColours(141, 105, 118, 147)
"""The mouth that the engine `flap` draws on everybody."""


def drawn_gap(patch: Patch, avatar: Avatar, colours: LipColours | None = None) -> int:
    """Rows between upper and lower lip in the middle of the mouth, read from the pixels below the upper lip alone.

    `colours`: of a mouth that is not made of the presenter's own bank.
    """
    return (colours or _lip_colours(avatar.path)).gap(_middle_band(patch, avatar.path))


@cache
def _lip_colours(path: Path) -> LipColours:
    """Those by which the gaps of the bank's own pictures are read as their contours have them."""
    bank = load_bank(path / "bank" / "bank.json")
    bands, gaps = [], []
    for exemplar in bank.exemplars.values():
        upper, lower = exemplar.vertices[INNER][[5, 15], 1]
        gaps.append(lower - upper)
        bands.append(_middle_band(Patch(*bank.crop[:2], exemplar.pixels, exemplar.pixels[..., 0]), path))

    def error(colours: LipColours) -> float:
        return float(np.mean([abs(colours.gap(band) - gap) for band, gap in zip(bands, gaps, strict=True)]))

    return min(LIP_COLOURS, key=error)


def _middle_band(patch: Patch, path: Path) -> NDArray[np.float64]:
    """The column through the mouth's middle, downwards from the upper lip, mean of five pixels; [rows, 3]."""
    (x, nose_y), (_, chin_y) = _nose_and_chin(path)
    column, top = int(x) - patch.x, int(nose_y + 0.36 * (chin_y - nose_y)) - patch.y
    return np.asarray(patch.pixels[top:, column - 2 : column + 3].astype(float).mean(axis=1))


@cache
def _nose_and_chin(path: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    points = load_track(path / "track.json").data[0].points
    return points.nose_tip[0], points.chin_tip[0]


def drawn_width(patch: Patch) -> int:
    """Columns that the red of the lips covers, read from the pixels alone."""
    red = patch.pixels[..., 2].astype(float)
    seen = patch.mask > 200
    limit = (np.median(red[seen]) + np.percentile(red[seen], 99)) / 2
    columns = np.flatnonzero(((red > limit) & seen).sum(axis=0) >= 2)
    return int(columns[-1] - columns[0] + 1)
