"""Who makes which unit: claims with a lease, so that nothing is made twice at once and a dead worker's work goes on."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from anchor.core.job import JobFault, JobState, UnitState
from anchor.jobs.dispatch import Executed, Outcome
from anchor.jobs.ledger import change_state, job_row, now_ms, write_event
from anchor.jobs.rows import ClaimRow, JobRow, UnitRow
from anchor.messages import message, message_document, named
from anchor.pipeline.graph import Unit
from anchor.pipeline.spec import JobSpec, spec_from
from anchor.settings import JobLimits
from anchor.store.owners import is_same, process_space, started

BUSY_S = 1.0
"""After so long it is worth asking again for a unit that somebody else makes."""
WORKS = (JobState.QUEUED.value, JobState.RUNNING.value)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one unit, as long as the lease is renewed."""

    job: str
    unit: Unit
    owner: str
    name: str
    """Of the row in `claims`."""
    spec: JobSpec


def owner_name(group: str = "") -> str:
    """A name for one delivery: where process ids mean the same, which process, and something that nobody else has."""
    pid = os.getpid()
    return f"{group or process_space()}/{pid}/{started(pid)}.{secrets.token_hex(8)}"


def owner_process(owner: str) -> int:
    """Process id of an owner."""
    return int(owner.split("/")[1])


def is_dead(owner: str) -> bool:
    """Whether an owner's process is gone; only for one of this machine."""
    return not is_same(owner_process(owner), owner.split("/")[2].partition(".")[0])


def running_owners(session: Session, group: str, *, unwanted: bool = False) -> list[str]:
    """Owners of this group that make something; `unwanted`: only of jobs that do not go on."""
    asked = (
        select(UnitRow.owner)
        .join(JobRow, JobRow.id == UnitRow.job)
        .where(UnitRow.state == UnitState.RUNNING.value, UnitRow.owner.startswith(f"{group}/", autoescape=True))
    )
    return list(session.scalars(asked.where(JobRow.state.not_in(WORKS)) if unwanted else asked))


def claim_unit(session: Session, job: str, unit: Unit, owner: str, limits: JobLimits) -> Claim | Executed:
    """Take a unit, or say why not; in a transaction that writes."""
    row = job_row(session, job, locked=True)
    found = session.get(UnitRow, (job, unit.stage, unit.index))
    if found is not None and found.state == UnitState.DONE.value and row.state in WORKS:
        return Executed(Outcome.DONE)
    if found is None or row.state not in WORKS:
        settle_cancel(session, row)
        return Executed(Outcome.STOPPED)
    now = now_ms()
    waits_ms = (found.lease_ms if found.state == UnitState.RUNNING.value else found.not_before_ms) - now
    if waits_ms > 0:
        return Executed(Outcome.BUSY, again_s=min(waits_ms / 1000, 5.0))
    if found.state == UnitState.RUNNING.value:
        found.losses += 1
    if found.losses >= limits.losses:
        fail(session, row, found, _poison(found))
        return Executed(Outcome.STOPPED)
    name = f"{row.digest}/{unit.stage}/{unit.index}"
    until = now + int(limits.lease_s * 1000)
    if not _take(session, name, owner, now, until):
        return Executed(Outcome.BUSY, again_s=BUSY_S)
    found.state, found.owner, found.lease_ms, found.fraction = UnitState.RUNNING.value, owner, until, 0.0
    if row.state == JobState.QUEUED.value:
        row.started_ms = row.started_ms or now
        change_state(session, row, JobState.RUNNING)
    write_event(session, row, "unit", stage=unit.stage, index=unit.index, state="running")
    return Claim(job, unit, owner, name, spec_from(json.loads(row.spec)))


def renew(session: Session, claim: Claim, limits: JobLimits) -> bool:
    """Hold a claim for another lease; False: it is somebody else's by now."""
    until = now_ms() + int(limits.lease_s * 1000)
    mine = update(UnitRow).where(
        UnitRow.job == claim.job,
        UnitRow.stage == claim.unit.stage,
        UnitRow.index == claim.unit.index,
        UnitRow.owner == claim.owner,
    )
    if session.execute(mine.values(lease_ms=until)).rowcount != 1:  # type: ignore[attr-defined]
        return False
    session.execute(
        update(ClaimRow).where(ClaimRow.name == claim.name, ClaimRow.owner == claim.owner).values(lease_ms=until)
    )
    return True


def give_back(session: Session, claim: Claim) -> UnitRow | None:
    """End a claim; gives the unit's row, ready again, or None if it is somebody else's by now."""
    session.execute(delete(ClaimRow).where(ClaimRow.name == claim.name, ClaimRow.owner == claim.owner))
    found = session.get(UnitRow, (claim.job, claim.unit.stage, claim.unit.index), populate_existing=True)
    if found is None or found.owner != claim.owner:
        return None
    found.state, found.owner, found.lease_ms, found.fraction = UnitState.READY.value, "", 0, 0.0
    return found


def take_back(session: Session, owners: str) -> list[str]:
    """End the claims of processes that are known to be dead: all whose owner begins with `owners`. Gives the jobs."""
    lost = select(UnitRow).where(
        UnitRow.state == UnitState.RUNNING.value, UnitRow.owner.startswith(owners, autoescape=True)
    )
    jobs = sorted({unit.job for unit in session.scalars(lost)})
    for job in jobs:
        row = job_row(session, job, locked=True)
        for unit in session.scalars(lost.where(UnitRow.job == job)):
            unit.state, unit.owner, unit.lease_ms, unit.fraction = UnitState.READY.value, "", 0, 0.0
            unit.losses += 1
            write_event(session, row, "unit", stage=unit.stage, index=unit.index, state="lost")
        settle_cancel(session, row)
    # Last: everybody locks the job before the claim.
    session.execute(delete(ClaimRow).where(ClaimRow.owner.startswith(owners, autoescape=True)))
    return jobs


def settle_cancel(session: Session, row: JobRow) -> None:
    """Call a job cancelled that is being cancelled and of which nothing runs any more."""
    if row.state != JobState.CANCELLING.value:
        return
    session.flush()
    runs = select(UnitRow).where(
        UnitRow.job == row.id, UnitRow.state == UnitState.RUNNING.value, UnitRow.lease_ms > now_ms()
    )
    if session.scalars(runs.limit(1)).first() is None:
        change_state(session, row, JobState.CANCELLED)


def fail(session: Session, row: JobRow, unit: UnitRow, fault: JobFault) -> None:
    """End a locked job with its reason."""
    unit.state = UnitState.FAILED.value
    if row.state not in WORKS:
        settle_cancel(session, row)
        return
    row.fault = fault_text(fault)
    write_event(session, row, "unit", stage=unit.stage, index=unit.index, state="failed", code=fault.code)
    change_state(session, row, JobState.FAILED)


def fault_text(fault: JobFault) -> str:
    """A fault as it is stored."""
    facts = {name: getattr(fault, name) for name in ("code", "message", "hint", "retryable", "stage", "index")}
    facts |= {name: message_document(facts[name]) for name in ("message", "hint")}
    return json.dumps(facts, ensure_ascii=False)


def ready_units(session: Session, limit: int = 16) -> list[tuple[str, Unit]]:
    """(job, unit) of what can be made now, most urgent first."""
    now = now_ms()
    waits = (UnitRow.state == UnitState.READY.value) & (UnitRow.not_before_ms <= now)
    lost = (UnitRow.state == UnitState.RUNNING.value) & (UnitRow.lease_ms <= now)
    rows = session.execute(
        select(UnitRow.job, UnitRow.stage, UnitRow.index)
        .join(JobRow, JobRow.id == UnitRow.job)
        .where(JobRow.state.in_(WORKS), or_(waits, lost))
        .order_by(JobRow.priority, JobRow.created_ms, JobRow.id, UnitRow.index)
        .limit(limit)
    )
    return [(job, Unit(stage, index)) for job, stage, index in rows]


def unfinished(session: Session) -> bool:
    """Whether there is anything that somebody has to work on, now or later."""
    active = (*WORKS, JobState.CANCELLING.value)
    return bool(session.scalar(select(exists().where(JobRow.state.in_(active)))))


def _take(session: Session, name: str, owner: str, now: int, until: int) -> bool:
    held = update(ClaimRow).where(ClaimRow.name == name, ClaimRow.lease_ms <= now)
    if session.execute(held.values(owner=owner, lease_ms=until)).rowcount == 1:  # type: ignore[attr-defined]
        return True
    if session.get(ClaimRow, name) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(ClaimRow(name=name, owner=owner, lease_ms=until))
    except IntegrityError:
        return False
    return True


def _poison(unit: UnitRow) -> JobFault:
    return JobFault(
        code="internal",
        message=message("jobs.poison", count=unit.losses, stage=named("stage", unit.stage), index=unit.index),
        hint=message("jobs.poison-hint"),
        retryable=True,
        stage=unit.stage,
        index=unit.index,
    )
