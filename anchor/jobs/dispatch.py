"""Who carries out jobs: the port that inline processes and Celery workers both fill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from anchor.pipeline.graph import Unit


class Dispatcher(Protocol):
    """Brings a job's units to somebody who runs `execute_unit` on them."""

    def dispatch(self, job: str) -> None:
        """See to it that the ready units of a job are run; harmless when it is called again."""
        ...

    def revoke(self, job: str) -> None:
        """Hurry a cancel along; the flag in the job's row is what counts."""
        ...

    def wake(self) -> None:
        """See to it that somebody works on what is unfinished, if that is this machine's business."""
        ...


class Outcome(StrEnum):
    """How one delivery of a unit ended."""

    DONE = "done"
    """It is made: now, earlier, or found in the store."""
    BUSY = "busy"
    """Somebody else is making it, or its time has not come: deliver it again after `Executed.again_s`."""
    RETRY = "retry"
    """It failed and may be tried again after `Executed.again_s`."""
    STOPPED = "stopped"
    """The job is cancelled, failed or gone: nothing more to do."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What whoever delivered a unit has to do next."""

    outcome: Outcome
    next: tuple[Unit, ...] = ()
    """Units that became possible, all of them recorded as ready."""
    again_s: float = 0.0
