"""The timeline document that `anchor speak --timeline` writes."""

from __future__ import annotations

import json

from anchor.core.speech import Caption, Phoneme, PhonemeTimeline, Syllable, Utterance, Word
from anchor.core.time import Span
from anchor.speech.timeline import timeline_document


def test_the_document_says_all_in_samples_and_characters() -> None:
    syllables = (Syllable("樂", "le4", "ㄌㄜˋ", Span(0, 1)), Syllable("AI", None, None, Span(1, 3)))
    words = (Word("樂", syllables[:1], Span(0, 1)), Word("AI", syllables[1:], Span(1, 3), latin=True))
    timeline = PhonemeTimeline(
        48000,
        1000,
        (
            Phoneme("sil", Span(0, 100), None),
            Phoneme("l", Span(100, 300), 0, onset=True),
            Phoneme("e", Span(300, 600), 0),
            Phoneme("EY", Span(600, 1000), 1, onset=True),
        ),
    )
    document = timeline_document(Utterance("樂AI", "樂AI", words), timeline, [Caption(("樂AI",), Span(100, 1000))])
    assert document == {
        "rate": 48000,
        "samples": 1000,
        "phonemes": [
            {"phoneme": "sil", "syllable": None, "start": 0, "end": 100, "span": None},
            {"phoneme": "l", "syllable": "le4", "start": 100, "end": 300, "span": [0, 1], "onset": True},
            {"phoneme": "e", "syllable": "le4", "start": 300, "end": 600, "span": [0, 1]},
            {"phoneme": "EY", "syllable": "AI", "start": 600, "end": 1000, "span": [1, 3], "onset": True},
        ],
        "captions": [{"lines": ["樂AI"], "start": 100, "end": 1000}],
    }
    assert json.loads(json.dumps(document)) == document
