"""One reader for all tests of this folder: its tables are loaded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.speech import Utterance
from anchor.mandarin.reader import Reader

HERE = Path(__file__).parent


def rows(name: str) -> list[tuple[str, ...]]:
    """Rows of a table of this folder, without comment and header."""
    lines = (HERE / f"{name}.tsv").read_text(encoding="utf-8").split("\n")
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")][1:]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`@pytest.mark.table(names…)` gives a test each row of these tables as `row`."""
    mark = metafunc.definition.get_closest_marker("table")
    if mark is not None:
        found = [(name, row) for name in mark.args for row in rows(name)]
        metafunc.parametrize("row", [row for _, row in found], ids=[f"{name}:{row[0]}" for name, row in found])


def pytest_configure(config: pytest.Config) -> None:
    """The mark of this folder."""
    config.addinivalue_line("markers", "table(names): run the test for each row of these tables")


@pytest.fixture(scope="session")
def read() -> Callable[[str], Utterance]:
    """`Reader().read`."""
    return Reader().read
