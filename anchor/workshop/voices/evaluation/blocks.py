"""Sentences that a recogniser hears in one go: it takes as long over one short sentence as over thirty seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anchor.core.speech import Utterance
from anchor.media.wav import RATE_HZ

SYLLABLES = 110
"""Of a block at most: with its gaps 30 seconds at 240 a minute. What is said more slowly the listener cuts once more,
where it is quiet."""
GAP_S = 0.2
"""Silence put between two sentences, beside the half second that each brings along at its edges."""


def blocks_of(utterances: Sequence[Utterance]) -> list[list[int]]:
    """The numbers of the utterances, as many in a block as fit; one that is too long is a block by itself."""
    blocks: list[list[int]] = []
    room = 0
    for number, utterance in enumerate(utterances):
        needed = len(utterance.syllables)
        if not blocks or needed > room:
            blocks.append([])
            room = SYLLABLES
        blocks[-1].append(number)
        room -= needed
    return blocks


def join_sentences(sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Sentences in a row, silence between.

    Shapes:
        sounds: [samples] each, at 48 kHz
        → [samples]
    """
    gap = np.zeros(round(GAP_S * RATE_HZ), np.float32)
    return np.concatenate([part for sound in sounds for part in (gap, sound)][1:])
