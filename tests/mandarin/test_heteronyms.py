"""Characters with several readings: each reading in words and sentences that a newsroom writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.speech import Utterance

Read = Callable[[str], Utterance]


@pytest.mark.table("heteronyms")
def test_character_is_read_so_in_each_phrase(row: tuple[str, ...], read: Read) -> None:
    char, zhuyin, phrases = row
    found = {phrase: [s.zhuyin for s in read(phrase).syllables if s.char == char] for phrase in phrases.split(" ")}
    assert {phrase: got for phrase, got in found.items() if set(got) != {zhuyin}} == {}
