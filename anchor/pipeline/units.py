"""A job cut into units of work that any process can run: their graph and how one is run.

prepare → speak i → sync i → compose → deliver, render k → join → check

A unit is named by stage and index alone. What it makes stands in the store under a key of its inputs and versions; an
input that it does not find there it makes itself, so a unit may run on any machine, twice, or after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from anchor.core.artifact import Artifact
from anchor.core.errors import JobError
from anchor.pipeline.services import Context, Services
from anchor.pipeline.spec import JobSpec, spec_document, spec_from
from anchor.pipeline.unit_work import STAGES, chunks_of, finished, work_on

__all__ = [
    "AFTER",
    "STAGES",
    "JobSpec",
    "Unit",
    "UnitDone",
    "chunk_count",
    "first_units",
    "job_result",
    "left_out",
    "needs",
    "next_units",
    "run_unit",
    "spec_document",
    "spec_from",
]


AFTER: Mapping[str, tuple[str, ...]] = {
    "prepare": ("speak",),
    "speak": ("sync",),
    "sync": ("compose",),
    "compose": ("deliver", "render"),
    "render": ("join",),
    "deliver": ("join",),
    "join": ("check",),
    "check": (),
}
"""The stages that wait for one."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of a job's work."""

    stage: str
    """One of `STAGES`."""
    index: int = 0
    """Segment of `speak` and `sync`, chunk of `render`; 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class UnitDone:
    """How a unit went."""

    unit: Unit
    key: str
    """Under which, with the stage's name, its result stands in the store."""
    cached: bool
    """The result was there before."""
    seconds: float
    """It took."""
    clip_s: float = 0.0
    """Seconds of clip that were made in this time; 0 for what was there, and where the length is not known yet."""


def first_units(spec: JobSpec) -> tuple[Unit, ...]:
    """Where a job begins."""
    return (Unit(STAGES[0]),)


def next_units(spec: JobSpec, unit: Unit, services: Services) -> tuple[Unit, ...]:
    """The units that come after a finished one; each can start once all that it `needs` are done."""
    match unit.stage:
        case "prepare":
            return tuple(Unit("speak", i) for i in range(len(spec.script.segments)))
        case "speak":
            return (Unit("sync", unit.index),)
        case "compose":
            # First: one worker makes the sound while others draw.
            return (Unit("deliver"), *_chunks(spec, services))
        case stage:
            return tuple(Unit(after) for after in AFTER[stage])


def needs(spec: JobSpec, unit: Unit, services: Services) -> tuple[Unit, ...]:
    """The units that must be done before this one can start."""
    match unit.stage:
        case "prepare":
            return ()
        case "speak":
            return (Unit("prepare"),)
        case "sync":
            return (Unit("speak", unit.index),)
        case "compose":
            return tuple(Unit("sync", i) for i in range(len(spec.script.segments)))
        case "join":
            return (*_chunks(spec, services), Unit("deliver"))
        case stage:
            return tuple(Unit(before) for before, after in AFTER.items() if stage in after)


def left_out(unit: Unit) -> tuple[Unit, ...]:
    """What else to start after a unit if nobody has yet: an older Anchor, which may have begun the job, made `deliver`
    after `join`."""
    return {"render": (Unit("deliver"),), "deliver": (Unit("check"),)}.get(unit.stage, ())


def chunk_count(spec: JobSpec, services: Services) -> int:
    """How many render units the job has; known once `compose` is done."""
    return len(chunks_of(spec, services))


def _chunks(spec: JobSpec, services: Services) -> tuple[Unit, ...]:
    return tuple(Unit("render", k) for k in range(chunk_count(spec, services)))


SPEAKING = ("prepare", "speak")
"""Stages between which a worker keeps its speech engines."""


def run_unit(spec: JobSpec, unit: Unit, services: Services, context: Context) -> UnitDone:
    """Do one unit's work, or find it done.

    Raises:
        AnchorError: any of the tree; `retryable` says whether trying again can help.
    """
    if unit.stage not in STAGES:
        raise JobError(f"no stage {unit.stage!r}", hint=f"there are: {', '.join(STAGES)}")
    begun = time.perf_counter()
    context.check_cancelled()
    if unit.stage not in SPEAKING:
        services.close_speech()  # half a gigabyte that drawing and encoding need
    key, cached, clip_s = work_on(spec, unit.stage, unit.index, services, context)
    return UnitDone(unit, key, cached, time.perf_counter() - begun, clip_s)


def job_result(spec: JobSpec, services: Services, key: str = "") -> tuple[tuple[str, Artifact], ...]:
    """(kind, file) of everything that the job made: `video`, `captions-srt`, `captions-vtt`, `poster`, `manifest`.

    Args:
        spec: of the job.
        services: for the store.
        key: of the finished `check` unit, as `UnitDone` gave it; empty: as this version of Anchor derives it.

    Raises:
        JobError: the job is not finished, or its files are gone.
    """
    return finished(spec, services, key)
