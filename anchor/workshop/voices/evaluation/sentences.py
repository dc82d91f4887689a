"""The sentences that voices are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.core.errors import ScriptError
from anchor.mandarin.tables import load_rows
from anchor.messages import message


@dataclass(frozen=True, slots=True)
class EvaluationSentence:
    """A sentence of invented news."""

    id: str
    section: str
    text: str


@cache
def all_sentences() -> tuple[EvaluationSentence, ...]:
    """Every sentence; any first N are balanced over the sections."""
    return tuple(EvaluationSentence(*row) for row in load_rows(Path(__file__).with_name("sentences.tsv")))


def first_sentences(count: int) -> tuple[EvaluationSentence, ...]:
    """The first `count` sentences.

    Raises:
        ScriptError: there are not so many, or none is asked for.
    """
    known = all_sentences()
    if not 1 <= count <= len(known):
        hint = message("voices.sentences-hint", most=len(known))
        raise ScriptError(message("voices.sentences", count=count), hint=hint)
    return known[:count]
