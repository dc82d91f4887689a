"""Sharing a span out among the sounds in it, where nothing better is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from anchor.mandarin.phonemes import phoneme_classes

WEIGHTS = {"vowel": 2.0, "nasal": 1.5, "glide": 1.0}
"""Shares by class; other classes 1. Mandarin finals are longer than initials by about this much."""


def share_span(symbols: Sequence[str], start: int, end: int) -> list[tuple[str, int, int]]:
    """Each symbol with its start and end; they tile `[start, end)`.

    Every symbol gets at least one sample where the span has that many.
    """
    classes = phoneme_classes()
    edges = [0.0, *accumulate(WEIGHTS.get(classes[symbol], 1.0) for symbol in symbols)]
    cuts = [start + round((end - start) * edge / edges[-1]) for edge in edges]
    return [(symbol, a, b) for symbol, (a, b) in zip(symbols, pairwise(cuts), strict=True)]
