"""A job's units of work, run one by one in any process.

A unit is named by stage and index alone. What it makes stands in the store under a key of its inputs and versions; an
input that it does not find there it makes itself, so a unit may run on any machine, twice, or after a crash.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anchor.core.artifact import Artifact
from anchor.core.errors import JobError
from anchor.messages import message
from anchor.pipeline.graph import STAGES, Per, Sizes, Unit, stage_of, up_to
from anchor.pipeline.services import Context, Services
from anchor.pipeline.spec import JobSpec, spec_document, spec_from

if TYPE_CHECKING:
    from anchor.pipeline.programme import Programme

__all__ = ["STAGES", "JobSpec", "Sizes", "Unit", "UnitDone", "job_result", "run_unit", "spec_document", "spec_from"]


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
    sizes: Sizes
    """How many units there are, as far as this one knows."""
    clip_s: float = 0.0
    """Seconds of clip that were made in this time; 0 for what was there, and where the length is not known yet."""
    files: tuple[tuple[str, Artifact], ...] = ()
    """(kind, file) of what goes to whoever asked for the clip."""


def run_unit(spec: JobSpec, unit: Unit, services: Services, context: Context) -> UnitDone:
    """Do one unit's work, or find it done.

    Raises:
        AnchorError: any of the tree; `retryable` says whether trying again can help.
    """
    from anchor.pipeline.programme import Programme  # brings what draws; a front door only counts units

    stage = stage_of(unit.stage)
    begun = time.perf_counter()
    context.check_cancelled()
    if not stage.speaks:
        services.close_speech()  # half a gigabyte that drawing and encoding need
    programme = Programme(spec, services, context)
    made = programme.make(unit, programme.context)
    if made.fault is not None:
        raise made.fault
    clip_s = 0.0 if made.cached else _clip_s(programme, unit)
    seconds = time.perf_counter() - begun
    return UnitDone(unit, made.key, made.cached, seconds, programme.sizes, clip_s, made.files)


def _clip_s(programme: Programme, unit: Unit) -> float:
    """How much of the clip a unit is about, seconds; 0 where nobody can know it yet."""
    per, before = STAGES[unit.stage].per, up_to(unit.stage)
    if "compose" in before:
        frames = len(programme.chunks[unit.index]) if per is Per.CHUNK else programme.plan.frames
        return float(programme.plan.rendition.timebase.seconds(frames))
    if per is Per.SEGMENT and "speak" in before:
        timeline = programme.track(unit.index).timeline
        return timeline.samples / timeline.rate
    return 0.0


def job_result(spec: JobSpec, services: Services) -> tuple[tuple[str, Artifact], ...]:
    """(kind, file) of everything that the job made: `video`, `captions-srt`, `captions-vtt`, `poster`, `manifest`.

    Raises:
        JobError: the job is not finished, or its files are gone.
    """
    from anchor.pipeline.programme import Programme
    from anchor.pipeline.stages.delivery import Checked, check_key

    found = services.store.result("check", check_key(Programme(spec, services, Context())), Checked)
    if found is None:
        raise JobError(message("pipeline.no-result"), hint=message("pipeline.no-result-hint"))
    return found.files
