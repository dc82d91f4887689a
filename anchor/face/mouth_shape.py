"""What a mouth should look like in one frame."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MouthShape:
    """The lips' wanted shape; all zero is the plate's own mouth at rest."""

    opening: float = 0.0
    """Jaw, 0 closed … 1 the widest that a mouth bank holds."""
    width: float = 0.0
    """Lips, −1 pursed … 0 rest … +1 spread as in the bank's pictures; beyond, up to 1.5, those are stretched."""
    press: float = 0.0
    """How closed the lips are, 0–1: b p m."""
    bite: float = 0.0
    """Lower lip at the upper teeth, 0–1: f v."""
    tongue: float = 0.0
    """Tongue tip up behind the upper teeth, 0–1: l n d t."""
    teeth: float = 0.0
    """Teeth together, 0–1: z c s j q x zh ch sh."""
    presence: float = 1.0
    """Opacity of the patch, 0–1; 0: the plate's own mouth shows."""


@dataclass(frozen=True, slots=True)
class VisemeTrack:
    """The wanted mouth for every frame of a segment."""

    frames: tuple[MouthShape | None, ...]
    """None: the plate's own mouth."""
