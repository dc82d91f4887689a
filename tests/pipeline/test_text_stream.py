"""A text heard while it is made: what is read first, and that nothing is said twice or left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import ScriptError
from anchor.core.events import Event, Notice
from anchor.core.speech import Utterance, Word
from anchor.pipeline import text_stream
from anchor.pipeline.services import DEFAULT_AVATAR, DEFAULT_VOICE, Services
from anchor.pipeline.text_stream import LONG, beginning, stream_text

SENTENCE = "行政院長今天上午在院會中表示，今年前三季的經濟成長率達到百分之四點三。"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (SENTENCE, None),
        (SENTENCE * 20, len(SENTENCE) * 2),
        ("好。" * 300, 42),
        ("他說「" + SENTENCE * 20 + "」", None),
        ("「好。」" + SENTENCE * 20, None),
        ("字" * 900, None),
        ("甲" * 50 + "\n" + SENTENCE * 20, 51),
    ],
)
def test_a_long_text_is_begun_with_whole_sentences_outside_brackets(text: str, end: int | None) -> None:
    assert beginning(text) == (len(text) if end is None else end)


def test_the_voice_is_the_default_presenter_s_own(house: Services) -> None:
    assert house.avatar(DEFAULT_AVATAR).voice == DEFAULT_VOICE


def test_every_syllable_is_said_once_and_read_as_in_the_whole(house: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SENTENCE * 8 + "銀行行長重申，這把鑰匙值2500{兩千五百}元。" + SENTENCE * 8
    assert len(text) > LONG
    said: list[Utterance] = []
    real = text_stream.stream_segment

    def noted(utterance: Utterance, *rest: object) -> object:
        said.append(utterance)
        return real(utterance, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(text_stream, "stream_segment", noted)
    events: list[Event] = []
    rate, pieces = stream_text(text, "lan-espeak", house, events.append)
    heard = sum(len(piece) for piece in pieces) / rate
    whole = house.reader.read(text)
    assert len(said) == 2
    words = [item for utterance in said for item in utterance.items if isinstance(item, Word)]
    assert [w.syllables for w in words] == [item.syllables for item in whole.items if isinstance(item, Word)]
    assert 0.15 < heard / len(whole.syllables) < 0.5
    assert [e for e in events if isinstance(e, Notice)] == list(whole.notices)


def test_a_fault_in_the_rest_is_said_with_its_place_in_the_whole(house: Services) -> None:
    text = SENTENCE * 16 + "行{ㄅㄅ}"
    _, pieces = stream_text(text, "lan-espeak", house)
    with pytest.raises(ScriptError) as caught:
        list(pieces)
    assert caught.value.place is not None and caught.value.place.span is not None
    assert caught.value.place.span.start >= len(text) - 6


def test_to_listen_needs_nothing_that_draws() -> None:
    heavy = "cv2 PIL torch anchor.graphics.look anchor.pipeline.plan.compose scipy"
    code = f"import sys, anchor.pipeline.text_stream; print([m for m in {heavy.split()} if m in sys.modules])"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert made.stdout.strip() == "[]"


def test_silence_joins_the_beginning_to_the_rest(house: Services) -> None:
    rate, pieces = stream_text(SENTENCE * 16, "lan-espeak", house)
    parts = list(pieces)
    silent = [index for index, part in enumerate(parts) if len(part) and not np.any(part)]
    assert any(len(parts[index]) == round(text_stream.SENTENCE_S * rate) for index in silent)
