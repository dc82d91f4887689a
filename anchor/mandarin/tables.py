"""Reading the tables that lie beside the code."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def load_rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Rows of `name`.tsv: `# ` lines and the header row are skipped, short rows padded with empty cells."""
    lines = (HERE / f"{name}.tsv").read_text(encoding="utf-8").split("\n")
    kept = [line.split("\t") for line in lines if line and not line.startswith("# ")]
    width = len(kept[0])
    return tuple(tuple(row + [""] * (width - len(row))) for row in kept[1:])
