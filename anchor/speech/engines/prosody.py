"""Pitch and pace over a sentence: what a newsreader adds to the tones.

The formant voice has the tones and nothing else: it neither falls through a sentence nor slows before a pause. Read
speech does both: the pitch range sinks through a sentence and is partly reset at each clause, and the last word before
a pause is longer (Xu 1999, "Effects of tone and focus on the formation and alignment of f0 contours"; Shih 2000, "A
declination model of Mandarin Chinese"). The sizes here are small: a bulletin is read evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

SENTENCE_FALL = 9.0
"""Pitch units from first to last word of a sentence; one unit is about 0.16 semitone."""
CLAUSE_FALL = 6.0
"""Pitch units within a clause, taken back at the next."""
FINAL_FALL = 3.0
"""What the last word of a sentence falls further."""
QUESTION_RISE = 8.0
"""What the last word of a question rises instead."""
FINAL_PACE = 0.92
"""Rate of the last word before a pause."""


@dataclass(frozen=True, slots=True)
class Tune:
    """Where a clause lies in its sentence."""

    start: float
    """Share of the sentence's syllables before the clause, 0–1."""
    end: float
    """Share of the sentence's syllables up to its end."""
    final: bool
    """Whether it ends the sentence."""
    question: bool = False
    """Whether it ends a question."""

    def pitch(self, base: int, where: float, last: bool) -> int:
        """Pitch of a word, 0–99; `where`: its middle as a share of the clause; `last`: it ends the clause."""
        along = self.start + (self.end - self.start) * where
        value = base + SENTENCE_FALL * (0.5 - along) + CLAUSE_FALL * (0.5 - where)
        if last and self.question:
            value += QUESTION_RISE
        elif last and self.final:
            value -= FINAL_FALL
        return max(0, min(99, round(value)))

    def rate(self, base: int, before_pause: bool) -> int:
        """Rate of a word in the library's words per minute."""
        return round(base * FINAL_PACE) if before_pause else base
