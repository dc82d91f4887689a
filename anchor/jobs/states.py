"""What a job may become: a table; anything else is a JobConflict."""

from __future__ import annotations

from anchor.core.errors import JobConflict
from anchor.core.job import JobState
from anchor.messages import message, named

S = JobState
NEXT: dict[JobState, frozenset[JobState]] = {
    S.QUEUED: frozenset({S.RUNNING, S.CANCELLED, S.FAILED}),
    S.RUNNING: frozenset({S.REVIEW, S.CANCELLING, S.FAILED}),
    S.CANCELLING: frozenset({S.CANCELLED}),
    S.REVIEW: frozenset({S.APPROVED, S.FAILED, S.QUEUED}),
    S.APPROVED: frozenset({S.PUBLISHED, S.QUEUED}),
    S.PUBLISHED: frozenset({S.QUEUED}),
    S.FAILED: frozenset({S.QUEUED}),
    S.CANCELLED: frozenset({S.QUEUED}),
}
"""State → states that may follow. What was made is queued again where its files are gone."""

ACTIVE = frozenset({S.QUEUED, S.RUNNING, S.CANCELLING})
"""Work is going on, or will."""
ENDED = frozenset({S.REVIEW, S.APPROVED, S.PUBLISHED, S.FAILED, S.CANCELLED})
"""No work goes on."""
MADE = frozenset({S.REVIEW, S.APPROVED, S.PUBLISHED})
"""The clip is there."""
FINAL = frozenset({S.APPROVED, S.PUBLISHED})
"""An editor has said yes."""
EXPIRES = frozenset({S.APPROVED, S.PUBLISHED, S.FAILED, S.CANCELLED})
"""May be deleted when it is old; never what works or waits for an editor."""

_INSTEAD: dict[JobState, str] = {
    S.QUEUED: "jobs.waits-for-turn",
    S.RUNNING: "jobs.being-made",
    S.CANCELLING: "jobs.being-stopped",
    S.REVIEW: "jobs.waits-for-editor",
    S.APPROVED: "jobs.is-approved",
    S.PUBLISHED: "jobs.is-published",
    S.FAILED: "jobs.has-failed",
    S.CANCELLED: "jobs.was-cancelled",
}
"""State → id of what can be done in it."""


def check_change(job: str, now: JobState, then: JobState) -> None:
    """Refuse a change that the table does not have.

    Raises:
        JobConflict: names the state and what can be done in it.
    """
    if then not in NEXT[now]:
        raise conflict(job, now, "jobs.cannot-become", then=named("job-state", then))


def conflict(job: str, now: JobState, what: str, **fields: str) -> JobConflict:
    """The refusal of something in this state; `what` is the id of a message of job and state."""
    said = message(what, job=job, now=named("job-state", now), **fields)
    return JobConflict(said, hint=message(_INSTEAD[now]))
