"""The timeline as the JSON document that other tools read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anchor.core.speech import Caption, Phoneme, PhonemeTimeline, Utterance


def timeline_document(utterance: Utterance, timeline: PhonemeTimeline, captions: Sequence[Caption]) -> dict[str, Any]:
    """Plain JSON: all positions in samples at `rate`, `span` in characters of the text as written."""
    return {
        "rate": timeline.rate,
        "samples": timeline.samples,
        "phonemes": [_phoneme(phoneme, utterance) for phoneme in timeline.phonemes],
        "captions": [
            {"lines": list(caption.lines), "start": caption.span.start, "end": caption.span.end} for caption in captions
        ],
    }


def _phoneme(phoneme: Phoneme, utterance: Utterance) -> dict[str, Any]:
    said = None if phoneme.syllable is None else utterance.syllables[phoneme.syllable]
    document: dict[str, Any] = {
        "phoneme": phoneme.symbol,
        "syllable": None if said is None else said.pinyin or said.char,
        "start": phoneme.span.start,
        "end": phoneme.span.end,
        "span": None if said is None else [said.span.start, said.span.end],
    }
    if phoneme.onset:
        document["onset"] = True
    return document
