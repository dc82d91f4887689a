"""Regular expressions of the tables, with the word classes of `classes.tsv` in braces."""

from __future__ import annotations

import re
from functools import cache

from anchor.mandarin.tables import load_rows

CLASS = re.compile(r"\{([a-z]+)\}")


def expanded(pattern: str) -> str:
    """`pattern` with the words of each class that it names."""
    return CLASS.sub(lambda match: expanded(_classes()[match[1]]), pattern)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression, compiled when it is first asked for."""
    return re.compile(expanded(pattern))


@cache
def ending(pattern: str) -> re.Pattern[str]:
    """The same for the end of what stands before."""
    return re.compile(f"(?:{expanded(pattern)})$")


@cache
def _classes() -> dict[str, str]:
    return {name: f"(?:{words})" for name, words, *_ in load_rows("classes")}
