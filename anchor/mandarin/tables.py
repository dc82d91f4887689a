"""Reading the tables that lie beside the code."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def load_rows(table: str | Path) -> tuple[tuple[str, ...], ...]:
    """Rows of a TSV table: `# ` lines and the header row are skipped, short rows padded with empty cells.

    Args:
        table: the name of one of the language's own tables, or a path.
    """
    path = table if isinstance(table, Path) else HERE / f"{table}.tsv"
    kept = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line and line[:2] != "# "]
    width = len(kept[0])
    return tuple(tuple(row + [""] * (width - len(row))) for row in kept[1:])
