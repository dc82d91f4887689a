"""The table of layer kinds: every row is of the form that its readers expect."""

from __future__ import annotations

from collections import Counter

from pydantic import TypeAdapter

from anchor.core.layers import LAYERS, LayerKind
from anchor.intake.words import MARKS, normal_word


def test_every_row_is_of_its_form() -> None:
    adapter = TypeAdapter(dict[str, LayerKind])
    assert adapter.validate_python(adapter.dump_python(dict(LAYERS))) == LAYERS


def test_no_word_means_two_marks() -> None:
    words = Counter(normal_word(word) for kind in LAYERS.values() for word in (*kind.mark, *kind.off))
    assert [word for word, times in words.items() if times > 1] == []
    assert all(MARKS[normal_word(word)] == kind.id for kind in LAYERS.values() for word in kind.mark)


def test_rows_agree_with_themselves() -> None:
    for kind in LAYERS.values():
        assert set(kind.nearest) <= set(LAYERS) - {kind.id}, kind.id
        assert bool(kind.mark) == (kind.shows in ("story", "cue")), kind.id
        assert kind.running or kind.moves not in ("swaps", "runs"), kind.id
        assert kind.bare != "off" or kind.off, kind.id
        # Picture files are found by this name: in the key of what was drawn, and in the engine.
        assert all((field.type == "picture") == (field.name == "picture") for field in kind.fields), kind.id
