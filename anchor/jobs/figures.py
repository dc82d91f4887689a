"""What the units of kept jobs amount to, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageFigures:
    """What the units of one stage have cost."""

    stage: str
    ready: int
    running: int
    done: int
    cached: int
    failures: int
    """Errors after which a unit was tried again."""
    losses: int
    """Processes that ended over a unit."""
    seconds: float
    """Of work, cached units not counted."""
    clip_s: float
    """Seconds of clip that this work made; over `seconds`: × real time."""


def figures_of(rows: Sequence[tuple[str, str, bool, int, float, float, int, int]]) -> tuple[StageFigures, ...]:
    """From rows of (stage, state, cached, count, seconds, clip_s, failures, losses)."""
    found: dict[str, dict[str, float]] = {}
    for stage, state, cached, count, seconds, clip_s, failures, losses in rows:
        sums = found.setdefault(stage, dict.fromkeys(StageFigures.__dataclass_fields__, 0.0))
        if state in sums:
            sums[state] += count
        sums["cached"] += count if cached else 0
        sums["seconds"] += 0.0 if cached else float(seconds or 0.0)
        sums["clip_s"] += 0.0 if cached else float(clip_s or 0.0)
        sums["failures"] += failures or 0
        sums["losses"] += losses or 0
    return tuple(
        StageFigures(
            stage,
            ready=int(f["ready"]),
            running=int(f["running"]),
            done=int(f["done"]),
            cached=int(f["cached"]),
            failures=int(f["failures"]),
            losses=int(f["losses"]),
            seconds=f["seconds"],
            clip_s=f["clip_s"],
        )
        for stage, f in sorted(found.items())
    )
