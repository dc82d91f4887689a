"""What a run keeps of its stages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageRecord:
    """How one stage went."""

    name: str
    seconds: float
    cached: bool
