"""`**…**`: stressed, never said, never shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anchor.core.errors import ScriptError
from anchor.core.speech import Utterance, Word

Read = Callable[[str], Utterance]


def stressed(utterance: Utterance) -> list[str]:
    """The words that are stressed."""
    return [item.text for item in utterance.items if isinstance(item, Word) and item.stress]


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("今年**首度**登場", ["首度"]),
        ("成長**3%**，**AI**帶動", ["百分之", "三", "AI"]),
        ("民國**115**年", ["一百一十五"]),
        ("**企業**、研究**星期**", ["企業", "星期"]),
        ("沒有重音", []),
    ],
)
def test_words_between_the_marks_are_stressed(marked: str, words: list[str], read: Read) -> None:
    assert stressed(read(marked)) == words


def test_marks_change_nothing_else(read: Read) -> None:
    marked, plain = "民國**115**年**垃圾{le4 se4}車**收**3.5%**", "民國115年垃圾{le4 se4}車收3.5%"
    assert read(marked).spoken == read(plain).spoken
    assert [s.pinyin for s in read(marked).syllables] == [s.pinyin for s in read(plain).syllables]
    spans = [s.span for s in read(marked).syllables if s.char == "車"]
    assert [marked[s.start : s.end] for s in spans] == ["車"]


def test_a_mark_without_its_partner_is_told(read: Read) -> None:
    utterance = read("今年**首度登場")
    assert stressed(utterance) == []
    assert [n.code for n in utterance.notices] == ["unknown-symbol"]


def test_places_count_the_marks(read: Read) -> None:
    with pytest.raises(ScriptError) as caught:
        read("**好**{lee4}")
    assert caught.value.place is not None
    assert caught.value.place.span is not None
    assert (caught.value.place.span.start, caught.value.place.span.end) == (5, 11)
