"""Writing down what happens to a job, inside the caller's transaction: state, events, progress, audit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from anchor.core.artifact import Artifact
from anchor.core.errors import JobError
from anchor.core.job import AuditEntry, Job, JobEvent, JobFault, JobState, Output, Priority, UnitState
from anchor.jobs.rows import AuditRow, EventRow, JobRow, OutputRow, UnitRow
from anchor.jobs.states import ENDED, check_change
from anchor.messages import message, message_document, message_from
from anchor.pipeline.graph import STAGES, Unit


def now_ms() -> int:
    """Milliseconds of UTC since 1970."""
    return time.time_ns() // 1_000_000


def job_row(session: Session, job: str, *, locked: bool = False) -> JobRow:
    """A job's row; locked until the transaction ends, so that changes to one job come one after the other.

    Raises:
        JobError: there is no such job.
    """
    row = session.get(JobRow, job, with_for_update=locked, populate_existing=locked)
    if row is None:
        raise JobError(message("jobs.no-job", job=job), hint=message("jobs.no-job-hint"))
    return row


def job_of(row: JobRow, outputs: Iterable[OutputRow] = ()) -> Job:
    """A job as its row says."""
    made = (Output(o.kind, Artifact(o.path, o.digest, o.size)) for o in sorted(outputs, key=lambda o: o.place))
    return Job(
        id=row.id,
        key=row.key or "",
        digest=row.digest,
        title=row.title,
        state=JobState(row.state),
        priority=list(Priority)[row.priority],
        created_ms=row.created_ms,
        started_ms=row.started_ms,
        finished_ms=row.finished_ms,
        done=row.done,
        total=row.total,
        percent=row.percent,
        embargo=_embargo_of(row.spec),
        fault=_fault_of(row.fault) if row.fault else None,
        outputs=tuple(made),
    )


def _fault_of(stored: str) -> JobFault:
    """A fault as it is stored; an older Anchor's has plain texts."""
    facts = json.loads(stored)
    return JobFault(**{**facts, "message": message_from(facts["message"]), "hint": message_from(facts["hint"])})


def _embargo_of(spec: str) -> str:
    """The embargo of a stored spec; most have none, which shows without reading all of it."""
    if '"embargo": ""' in spec:  # inside a text the quotes would be escaped
        return ""
    return str(json.loads(spec)["value"]["script"].get("embargo", ""))


def change_state(session: Session, row: JobRow, state: JobState) -> None:
    """Move a locked job to another state.

    Raises:
        JobConflict: the table of states does not have this change.
    """
    check_change(row.id, JobState(row.state), state)
    row.state = state.value
    row.finished_ms = now_ms() if state in ENDED and state is not JobState.QUEUED else 0
    write_event(session, row, "state", state=state.value)


def write_event(session: Session, row: JobRow, kind: str, **facts: str | int | float | bool | None) -> None:
    """Add an event to a locked job; messages among its facts stay messages."""
    row.events += 1
    stored = {name: message_document(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    text = json.dumps(stored, ensure_ascii=False)
    session.add(EventRow(job=row.id, number=row.events, at_ms=now_ms(), kind=kind, facts=text))


def write_audit(session: Session, job: str, who: str, action: str, reason: str = "") -> None:
    """Add a line to the audit trail."""
    session.add(AuditRow(job=job, at_ms=now_ms(), who=who, action=action, reason=reason))


def add_units(session: Session, row: JobRow, units: Iterable[Unit]) -> None:
    """Make units ready that are not known yet; the job is locked."""
    for unit in units:
        if session.get(UnitRow, (row.id, unit.stage, unit.index)) is None:
            session.add(UnitRow(job=row.id, stage=unit.stage, index=unit.index, state=UnitState.READY.value))
            session.flush()


def count_progress(session: Session, row: JobRow, known: dict[str, int]) -> None:
    """Bring a locked job's counts up to date, and write an event when the percentage moved.

    Args:
        session: the transaction.
        row: of the job.
        known: stage → how many units it will have; stages that are not in it count as far away.
    """
    session.flush()
    done: dict[str, float] = {}
    finished = 0
    for unit in session.scalars(select(UnitRow).where(UnitRow.job == row.id)):
        whole = unit.state == UnitState.DONE.value
        finished += whole
        done[unit.stage] = done.get(unit.stage, 0.0) + (1.0 if whole else unit.fraction)
    way = sum(s.weight * min(1.0, done.get(n, 0.0) / known[n]) for n, s in STAGES.items() if known.get(n))
    percent = min(99, int(100 * way / sum(s.weight for s in STAGES.values())))
    row.total = max(row.total, sum(known.values()))
    row.done = finished
    if percent > row.percent:
        row.percent = percent
        write_event(session, row, "progress", percent=percent, done=finished, total=row.total)


def ended_units(session: Session, job: str) -> int:
    """How many units of a job are done."""
    rows = select(func.count()).where(UnitRow.job == job, UnitRow.state == UnitState.DONE.value)
    return session.scalar(rows) or 0


def event_of(row: EventRow) -> JobEvent:
    """An event as its row says."""
    stored = json.loads(row.facts).items()
    facts = tuple((name, message_from(fact) if isinstance(fact, dict) else fact) for name, fact in stored)
    return JobEvent(row.job, row.number, row.at_ms, row.kind, facts)


def audit_of(row: AuditRow) -> AuditEntry:
    """An audit line as its row says."""
    return AuditEntry(row.job, row.at_ms, row.who, row.action, row.reason)
