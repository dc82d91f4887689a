"""What a job may become: a table; anything else is a JobConflict."""

from __future__ import annotations

from anchor.core.errors import JobConflict
from anchor.core.job import JobState

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

_INSTEAD = {
    S.QUEUED: "it waits for its turn",
    S.RUNNING: "it is being made: watch it, or cancel it",
    S.CANCELLING: "it is being stopped: wait a moment",
    S.REVIEW: "it waits for an editor: approve or reject it",
    S.APPROVED: "an editor has approved it",
    S.PUBLISHED: "it is published",
    S.FAILED: "it failed: retry it",
    S.CANCELLED: "it was cancelled: retry it",
}


def check_change(job: str, now: JobState, then: JobState) -> None:
    """Refuse a change that the table does not have.

    Raises:
        JobConflict: names the state and what can be done in it.
    """
    if then not in NEXT[now]:
        raise conflict(job, now, f"cannot become {then}")


def conflict(job: str, now: JobState, what: str) -> JobConflict:
    """The refusal of something in this state."""
    return JobConflict(f"job {job} is {now} and {what}", hint=_INSTEAD[now])
