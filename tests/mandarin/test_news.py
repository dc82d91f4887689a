"""News as newsrooms write it: every text of the gold tables must be read without a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.speech import Utterance

HERE = Path(__file__).parent
TABLES = sorted(path.name for path in HERE.glob("news-*.tsv"))
HEADER = ["section", "written", "spoken", "zhuyin", "source"]


def rows(table: str) -> list[list[str]]:
    """Rows of a table, its header first."""
    lines = (HERE / table).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


TEXTS = [
    pytest.param(*row[1:4], id=f"{table.removesuffix('.tsv')}-{row[0]}-{number}")
    for table in TABLES
    for number, row in enumerate(rows(table)[1:], 1)
]


@pytest.mark.parametrize(("written", "spoken", "zhuyin"), TEXTS)
def test_text_is_read_without_a_fault(written: str, spoken: str, zhuyin: str, read: Callable[[str], Utterance]) -> None:
    utterance = read(written)
    assert utterance.spoken == spoken
    assert " ".join(s.zhuyin or s.char for s in utterance.syllables) == zhuyin


def test_there_are_tables() -> None:
    assert TABLES


@pytest.mark.parametrize("table", TABLES)
def test_table_is_whole(table: str) -> None:
    header, *body = rows(table)
    assert header == HEADER
    assert len(body) >= 150
    assert all(len(row) == len(HEADER) and all(row) for row in body)
    assert len({row[1] for row in body}) == len(body)
