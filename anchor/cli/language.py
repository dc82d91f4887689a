"""The language that the command line speaks: `ANCHOR_LANG`, else the locale's, else English."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache

from anchor.messages import Language, language_of, message, text_in


@cache
def language() -> Language:
    """Of this process."""
    return language_of(os.environ)


def shown(text: str) -> str:
    """A message in the reader's language; any other string as it is."""
    return text_in(text, language())


def in_a_row(texts: Iterable[str]) -> str:
    """Sentences one after the other as one text; none: empty."""
    first, *more = [*texts] or [""]
    for text in more:
        first = message("cli.and-then", first=first, next=text)
    return first


def any_of(names: Iterable[str]) -> str:
    """Names of which one is meant, as one text; at least one."""
    first, *more = names
    for name in more:
        first = message("cli.or", first=first, last=name)
    return first
