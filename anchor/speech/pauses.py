"""How long a run of breaks between two words is silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anchor.core.speech import Break, BreakKind


def silence_ms(breaks: Sequence[Break], lengths: Mapping[BreakKind, int]) -> int:
    """Silence that a run of breaks asks for: what the script says, else the longest by kind.

    Args:
        breaks: all that stand between two words.
        lengths: the voice's own, in ms; a kind that is not there gives none.
    """
    asked = [b.ms for b in breaks if b.kind is BreakKind.PAUSE and b.ms]
    if asked:
        return sum(asked)
    return max((lengths.get(b.kind, 0) for b in breaks), default=0)
