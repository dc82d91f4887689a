"""Amounts for people."""

from __future__ import annotations


def size_text(count: int) -> str:
    """Bytes in decimal units: `4.2 MB`."""
    if count < 1000:
        return f"{count} B"
    power, unit = next((p, u) for p, u in ((1, "kB"), (2, "MB"), (3, "GB"), (4, "TB")) if count < 1000 ** (p + 1))
    return f"{count / 1000**power:.1f} {unit}"
