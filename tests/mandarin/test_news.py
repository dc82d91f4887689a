"""News texts as a newsroom writes them: each is read without a single fault, in words and in syllables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.speech import Utterance

TABLES = sorted(Path(__file__).parent.glob("news-*.tsv"))
COLUMNS = ["section", "written", "spoken", "zhuyin", "source"]
Read = Callable[[str], Utterance]


def rows(table: Path) -> list[list[str]]:
    """Lines of a table without comments, the header first."""
    lines = table.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


CASES = [
    pytest.param(*row[1:4], id=f"{table.stem}-{number}")
    for table in TABLES
    for number, row in enumerate(rows(table)[1:], 1)
]


@pytest.mark.parametrize(("written", "spoken", "zhuyin"), CASES)
def test_news_is_read_without_a_fault(written: str, spoken: str, zhuyin: str, read: Read) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert " ".join(s.zhuyin or s.char for s in utterance.syllables) == zhuyin


def test_there_are_tables() -> None:
    assert TABLES


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_table_is_whole(table: Path) -> None:
    header, *texts = rows(table)
    assert header == COLUMNS
    assert len(texts) >= 150
    assert all(len(row) == len(COLUMNS) and all(row) for row in texts)
    assert len({row[1] for row in texts}) == len(texts)
