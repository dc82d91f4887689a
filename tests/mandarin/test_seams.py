"""Finding places where a text could be cut otherwise, and the cuts that are settled."""

from __future__ import annotations

import re

import pytest

from anchor.mandarin.lexicon import load_lexicon
from anchor.mandarin.patterns import expanded
from anchor.mandarin.segment import segment
from anchor.mandarin.tables import load_rows
from tests.mandarin.seams import find_seams


def words(text: str) -> list[str]:
    """How a run is cut."""
    lexicon = load_lexicon()
    return [text[start:end] for start, end in segment(text, lexicon.simplified(text), lexicon)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("國中毒品案", "國中"),
        ("集體中毒案", "中毒"),
        ("主因為酒駕", "主因"),
        ("只因為酒駕", "因為"),
        ("調查處理情形", "處理"),
        ("調查處分派任務", "調查處"),
        ("處長期勉同仁", "處長"),
        ("該處長期閒置", "長期"),
        ("多種植物", "植物"),
        ("大量種植作物", "種植"),
        ("更新鮮的魚", "新鮮"),
        ("更新系統", "更新"),
        ("還擊出一支全壘打", "擊出"),
        ("開槍還擊歹徒", "還擊"),
    ],
)
def test_words_end_where_they_should(text: str, word: str) -> None:
    assert word in words(text)


def test_the_other_way_to_cut_is_found() -> None:
    found = [other for _, _, other in find_seams("多種植物在這裡繁衍", load_lexicon())]
    assert any("zhong4植zhi2" in other for other in found)


def test_every_cut_and_context_compiles_and_has_a_reason() -> None:
    for left, before, right, reason in load_rows("cuts"):
        assert left
        assert re.compile(f"(?:{expanded(before)})$")
        assert re.compile(expanded(right))
        assert reason, left
    for row in load_rows("contexts"):
        assert row[-1], row
