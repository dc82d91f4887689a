"""A job: one script on its way to a finished clip, and the units of work it is cut into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from anchor.core.artifact import Artifact


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    REVIEW = "review"
    """The clip is finished and passed its check; an editor has to say yes or no."""
    APPROVED = "approved"
    PUBLISHED = "published"
    FAILED = "failed"
    """Broke off, or an editor said no; `Job.fault` has the reason."""
    CANCELLING = "cancelling"
    """Somebody asked it to stop; a unit may still be ending."""
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """Whose units go first."""

    BREAKING = "breaking"
    NORMAL = "normal"
    BATCH = "batch"

    @property
    def rank(self) -> int:
        """0 goes first."""
        return list(Priority).index(self)


class UnitState(StrEnum):
    """Where a unit of work stands."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobFault:
    """Why a job failed: an error of the tree as it is stored."""

    code: str
    """`AnchorError.code`; `internal`: a fault of Anchor's own; `rejected`: an editor said no."""
    message: str
    hint: str
    retryable: bool
    stage: str = ""
    index: int = 0
    """Of the unit that failed."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file of a finished job."""

    kind: str
    """`video`, `captions-srt`, `captions-vtt`, `poster`, `manifest`."""
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its row says; times are milliseconds of UTC since 1970, 0: not yet."""

    id: str
    key: str
    """Idempotency key of the submit; empty: none."""
    digest: str
    """Of script and choices: equal digests make equal clips."""
    title: str
    state: JobState
    priority: Priority
    created_ms: int
    started_ms: int
    """When the first unit began."""
    finished_ms: int
    """When it came to review, failed or was cancelled."""
    done: int
    """Units finished."""
    total: int
    """Units known so far."""
    percent: int
    """0–100; never goes back while a job runs."""
    embargo: str = ""
    """`Script.embargo`: approved or not, the clip does not go out before."""
    fault: JobFault | None = None
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job."""

    job: str
    number: int
    """Counts from 1 within the job, without gaps."""
    at_ms: int
    kind: str
    """`state`, `unit`, `progress`, `retry`, `notice`."""
    facts: tuple[tuple[str, str | int | float | bool | None], ...]
    """Counts, ids and codes; a notice also has its text, which may quote the script and never goes to a log."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to a job; kept when the job is gone."""

    job: str
    at_ms: int
    who: str
    action: str
    """`submit`, `cancel`, `retry`, `approve`, `reject`, `publish`, `expire`."""
    reason: str = ""
