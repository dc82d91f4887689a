"""How fast a voice reads, how it pauses, and whether its sound is clipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import SILENCE, Break, BreakKind, PhonemeTimeline, Utterance
from anchor.core.time import Span
from anchor.speech.speak import speech_span

FLAT = 3
"""Equal samples in a row at the very peak that only a clipped wave has."""
FAINT = 0.1
"""A peak under this is not clipped."""


@dataclass(frozen=True, slots=True)
class SpeechTiming:
    """When a sentence is said."""

    seconds: float
    """From its first sound to its last."""
    silent_seconds: float
    """Of these without sound."""
    pauses: tuple[tuple[BreakKind, int], ...]
    """Milliseconds of silence at each mark inside."""


def timing_of(utterance: Utterance, timeline: PhonemeTimeline) -> SpeechTiming:
    """The timing of an utterance that was spoken."""
    speech = speech_span(timeline)
    silent = sum(
        len(p.span) for p in timeline.phonemes if p.symbol == SILENCE and speech.start <= p.span.start < speech.end
    )
    spans = _syllable_spans(timeline)
    pauses: list[tuple[BreakKind, int]] = []
    for mark, before in _marks(utterance):
        if before - 1 in spans and before in spans:
            gap = spans[before].start - spans[before - 1].end
            pauses.append((mark.kind, max(0, round(1000 * gap / timeline.rate))))
    return SpeechTiming(len(speech) / timeline.rate, silent / timeline.rate, tuple(pauses))


def _syllable_spans(timeline: PhonemeTimeline) -> dict[int, Span]:
    """Each syllable's samples."""
    spans: dict[int, Span] = {}
    for phoneme in timeline.phonemes:
        if phoneme.syllable is not None:
            begun = spans.get(phoneme.syllable, phoneme.span)
            spans[phoneme.syllable] = Span(begun.start, phoneme.span.end)
    return spans


def _marks(utterance: Utterance) -> Iterator[tuple[Break, int]]:
    """Each pause and the number of the syllable after it."""
    at = 0
    for item in utterance.items:
        if isinstance(item, Break):
            yield item, at
        else:
            at += len(item.syllables)


def clipped_samples(pcm: NDArray[np.float32]) -> int:
    """Samples that lie in flat tops: runs of equal samples at the peak.

    Shapes:
        pcm: [samples]
    """
    if not len(pcm):
        return 0
    total = 0
    for flat in (pcm == max(pcm.max(), FAINT), pcm == min(pcm.min(), -FAINT)):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], flat.astype(np.int8), [0]))))
        lengths = edges[1::2] - edges[::2]
        total += int(lengths[lengths >= FLAT].sum())
    return total
