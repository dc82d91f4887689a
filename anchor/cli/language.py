"""The language that the command line speaks: `ANCHOR_LANG`, else the locale's, else English."""

from __future__ import annotations

import os
from functools import cache

from anchor.messages import Language, language_of, text_in


@cache
def language() -> Language:
    """Of this process."""
    return language_of(os.environ)


def shown(text: str) -> str:
    """A message in the reader's language; any other string as it is."""
    return text_in(text, language())
