"""Text arguments: literal, file, stdin; and where their characters stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.cli.script_input import read_given
from anchor.core.errors import Place, ScriptError
from anchor.core.time import Span


def test_a_text_is_taken_as_it_is() -> None:
    given = read_given("[重要] 垃圾\n分類")
    assert given.text == "[重要] 垃圾\n分類"
    assert given.span(Span(5, 7)) == Span(5, 7)


@pytest.mark.parametrize("text", ["字" * 5000, "a\0b", "", "."])
def test_texts_that_cannot_be_file_names(text: str) -> None:
    assert read_given(text).text == text


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_character_of_a_file_knows_its_offset(tmp_path: Path, ending: str) -> None:
    source = ending.join(
        ["---", "slug: a", "---", "# 題", "", "　甲[停 1秒] 乙", "丙 AI", "news", "", "// 註", "- \\[丁", ""]
    )
    path = tmp_path / "a.md"
    path.write_bytes(source.encode())
    given = read_given(str(path))
    assert given.text == "甲乙丙 AI news\n[丁"
    assert given.pauses == ((1, 1000),)
    assert given.offsets is not None
    assert len(given.offsets) == len(given.text)
    for at, char in enumerate(given.text):
        if not char.isspace():
            assert source[given.offsets[at]] == char
    assert list(given.offsets) == sorted(given.offsets)
    assert given.span(Span(0, 2)) == Span(source.index("甲"), source.index("乙") + 1)
    assert given.span(Span(1, 1)) == Span(source.index("乙"), source.index("乙"))
    assert len(given.span(Span(len(given.text), len(given.text)))) == 0


def test_errors_about_the_text_become_places_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("# 題\r\n\r\n甲乙\r\n".encode())
    given = read_given(str(path))
    with pytest.raises(ScriptError) as caught, given.places():
        raise ScriptError("x", place=Place(span=Span(1, 2)))
    assert caught.value.place == Place(str(path), 3, 2)
