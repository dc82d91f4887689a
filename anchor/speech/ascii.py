"""Any text in ASCII, for voices whose Latin words come from tables of plain letters."""

from __future__ import annotations

import unicodedata


def plain_ascii(text: str) -> str:
    """`text` in ASCII: accents dropped, every other sign replaced by the last word of its Unicode name."""
    parts: list[str] = []
    for char in unicodedata.normalize("NFKD", text):
        if char.isascii():
            parts.append(char)
        elif not unicodedata.combining(char):
            name = unicodedata.name(char, "").removesuffix(" SIGN")
            parts.append(f" {name.split()[-1].lower()} " if name else " ")
    return "".join(parts)
