"""Reading the tables that lie beside the code."""

from __future__ import annotations

from pathlib import Path


def load_rows(path: Path) -> tuple[tuple[str, ...], ...]:
    """Rows of a TSV file after its header; lines that begin with `# ` are remarks."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line and not line.startswith("# ")]
    return tuple(tuple(line.split("\t")) for line in lines[1:])
