"""What a running job says of itself; the edges turn these into bars, rows and server-sent events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anchor.core.errors import Place
from anchor.messages import Message


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should look at that did not stop the work."""

    code: str
    """Stable, kebab-case: `guessed-reading`, `unknown-symbol`, `font-missing` …"""
    text: Message
    """One sentence for a person."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class StageStarted:
    stage: str
    total: int
    """Units to do; 0 when unknown."""
    unit: str
    """`segment`, `frame` …"""


@dataclass(frozen=True, slots=True)
class StageProgress:
    stage: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class StageFinished:
    stage: str
    seconds: float
    cached: bool
    """True when every unit of the stage came from the cache."""


@dataclass(frozen=True, slots=True)
class StageFailed:
    stage: str
    code: str
    message: str


Event = Notice | StageStarted | StageProgress | StageFinished | StageFailed
Emit = Callable[[Event], None]
ProgressCallback = Callable[[str, int, int], None]
"""What work tells that is no stage of a job: what is done just now, how much of it, of how much (0: not known).

The name is a step or a file; the unit is the work's own (frames, bytes, sentences). Raise to stop.
"""
