"""The words of the script grammar: which keyword means what, and what a misspelt one was meant to be."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from anchor.core.layers import LAYERS

CLOSE = 0.5
"""Least difflib ratio at which a word is offered: one wrong character of two still counts."""


def _load(kind: str) -> dict[str, str]:
    lines = Path(__file__).with_name("words.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return {normal_word(row["word"]): row["id"] for row in rows if row["kind"] == kind}


def normal_word(word: str) -> str:
    """`word` as the table is searched: NFKC, lower case, hyphens and underscores as single spaces."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("-", " ").replace("_", " ")
    return " ".join(plain.split())


def _layer_marks() -> dict[str, str]:
    shown = {normal_word(word): kind.id for kind in LAYERS.values() for word in kind.mark}
    return shown | {normal_word(word): f"{kind.id}{OFF}" for kind in LAYERS.values() for word in kind.off}


OFF = "-off"
"""Ends the id of a mark that takes a layer away."""
MARKS: Mapping[str, str] = _load("mark") | _layer_marks()
"""Normal word → mark id: a layer's kind, with `OFF` behind it where the mark takes it away, or a mark's own id."""
FORMER_MARKS: Mapping[str, str] = {normal_word(word): kind.id for kind in LAYERS.values() for word in kind.former}
"""The same of words that mean something else everywhere else; never offered."""
KEYS: Mapping[str, str] = _load("key")
"""Normal word → front matter key."""
PACE_WORDS: Mapping[str, str] = _load("pace")
"""Normal word → `slow`, `normal` or `fast`."""
PRESENTER_KEYS: Mapping[str, str] = _load("presenter-key")
"""Normal word → key of one presenter."""


def close_word(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, if one is like it at all."""
    found = get_close_matches(normal_word(word), list(known), n=1, cutoff=CLOSE)
    return found[0] if found else None


def first_words(table: Mapping[str, str]) -> tuple[str, ...]:
    """One word for each id, the first of the table."""
    seen: dict[str, str] = {}
    for word, meaning in table.items():
        seen.setdefault(meaning, word)
    return tuple(seen.values())
