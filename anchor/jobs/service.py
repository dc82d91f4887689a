"""The use-cases of jobs: submit, look, cancel, retry, result, approve, reject. Every front door calls these."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from anchor.core.embargo import embargo_text, is_held, wait_text
from anchor.core.errors import JobConflict, JobError, QueueFull, ScriptError
from anchor.core.job import AuditEntry, Job, JobEvent, JobFault, JobState, Priority, UnitState
from anchor.core.urls import public
from anchor.jobs.claims import WORKS, fault_text, settle_cancel
from anchor.jobs.database import open_database
from anchor.jobs.dispatch import Dispatcher
from anchor.jobs.figures import StageFigures, figures_of
from anchor.jobs.job_inputs import check_leave, take_in_job
from anchor.jobs.ledger import (
    add_units,
    audit_of,
    change_state,
    event_of,
    job_of,
    job_row,
    now_ms,
    write_audit,
    write_event,
)
from anchor.jobs.lost_files import begin_again, has_lost_files
from anchor.jobs.publishing import destination, send_out
from anchor.jobs.rows import AuditRow, EventRow, HeldRow, JobRow, OutputRow, UnitRow
from anchor.jobs.states import ACTIVE, FINAL, MADE, conflict
from anchor.messages import message
from anchor.pipeline.graph import Sizes, startable
from anchor.pipeline.services import local_time
from anchor.pipeline.spec import JobSpec, spec_document, spec_from
from anchor.settings import Settings
from anchor.store.store import open_store

PAGE = 50
"""Jobs that `list` gives at once, and events that `events` gives, are ten times as many."""
KEY_CHARS = 200
REJECTED = "rejected"
_REFUSED = {
    "approve": "jobs.cannot-be-approved",
    "reject": "jobs.cannot-be-rejected",
    "publish": "jobs.cannot-be-published",
}
"""Action → what is said where the state does not allow it."""
_NOBODY = {
    "approve": "jobs.nobody-approves",
    "reject": "jobs.nobody-rejects",
    "publish": "jobs.nobody-publishes",
}
"""Action → what is said where nobody is named."""


class JobService:
    """Jobs over one database, carried out by one dispatcher."""

    def __init__(self, settings: Settings, dispatcher: Dispatcher, clock: Callable[[], datetime] = local_time) -> None:
        """Open the database.

        Args:
            settings: where it is, and where the files are.
            dispatcher: who carries jobs out.
            clock: now; embargoes end by it.

        Raises:
            StorageError: it does not answer.
        """
        self.settings = settings
        self.clock = clock
        self.dispatcher = dispatcher
        self._database = open_database(settings)

    def submit(self, spec: JobSpec, *, key: str = "", priority: str = Priority.NORMAL, who: str = "") -> Job:
        """Put a job into the queue; the same key gives the same job again.

        Raises:
            ScriptError: there is nothing to read, or an unknown priority.
            MediaError: a recording is missing.
            PackError: a presenter, voice or look is missing or damaged.
            ConsentError: a person's face or voice may not be used for this, or not today.
            JobConflict: the key was used for another script or other choices.
            QueueFull: as many jobs wait as may wait.
            StorageError: the database does not answer.
        """
        rank = _priority(priority).rank
        if not spec.script.segments:
            raise ScriptError(message("pipeline.nothing-to-read"), hint=message("pipeline.nothing-to-read-hint"))
        if len(key) > KEY_CHARS:
            raise JobConflict(message("jobs.long-key", most=KEY_CHARS), hint=message("jobs.long-key-hint"))
        spec, held = take_in_job(spec, self.settings, self.clock().date())
        digest = spec.digest
        try:
            with self._database.writing() as session:
                job = self._known(session, key, digest) or self._add(session, spec, held, key, rank, who)
        except QueueFull:
            self.dispatcher.wake()
            raise
        except _SameKey:
            with self._database.reading() as session:
                known = self._known(session, key, digest)
            assert known is not None
            job = known
        if job.state in ACTIVE:
            self.dispatcher.dispatch(job.id)
        return job

    def get(self, job: str) -> Job:
        """A job by its id, or by the beginning of it that no other has.

        Raises:
            JobError: there is none, or several.
        """
        with self._database.reading() as session:
            row = _found(session, job)
            outputs = session.scalars(select(OutputRow).where(OutputRow.job == row.id))
            return job_of(row, outputs)

    def list(
        self, *, states: Sequence[JobState] = (), text: str = "", skip: int = 0, most: int = PAGE
    ) -> tuple[Job, ...]:
        """Jobs, newest first.

        Args:
            states: only those in one of these; empty: all.
            text: only those whose title, key or id contains this.
            skip: so many are left out at the beginning.
            most: so many at most.
        """
        asked = select(JobRow).order_by(JobRow.created_ms.desc(), JobRow.id.desc()).offset(skip).limit(most)
        if states:
            asked = asked.where(JobRow.state.in_([s.value for s in states]))
        if text:
            within = (c.contains(text, autoescape=True) for c in (JobRow.title, JobRow.key, JobRow.id))
            first, *more = within
            for other in more:
                first = first | other
            asked = asked.where(first)
        with self._database.reading() as session:
            return tuple(job_of(row) for row in session.scalars(asked))

    def events(self, job: str, after: int = 0, most: int = 10 * PAGE) -> tuple[JobEvent, ...]:
        """Events of a job with numbers above `after`, in order; none is ever inserted before one that was seen."""
        with self._database.reading() as session:
            row = _found(session, job)
            asked = select(EventRow).where(EventRow.job == row.id, EventRow.number > after)
            return tuple(event_of(e) for e in session.scalars(asked.order_by(EventRow.number).limit(most)))

    def audit(self, job: str = "", most: int = 10 * PAGE) -> tuple[AuditEntry, ...]:
        """Who did what, newest first: to one job (full id), or to all; kept when jobs are gone."""
        asked = select(AuditRow).order_by(AuditRow.id.desc()).limit(most)
        with self._database.reading() as session:
            asked = asked.where(AuditRow.job == job) if job else asked
            return tuple(audit_of(a) for a in session.scalars(asked))

    def cancel(self, job: str, *, who: str = "", reason: str = "") -> Job:
        """Ask a job to stop; what waits is cancelled at once, what runs within two seconds.

        Raises:
            JobConflict: it is finished.
        """
        with self._database.writing() as session:
            row = _found(session, job, locked=True)
            if row.state not in (JobState.CANCELLING.value, JobState.CANCELLED.value):
                if row.state not in WORKS:
                    raise conflict(row.id, JobState(row.state), "jobs.cannot-be-cancelled")
                waits = row.state == JobState.QUEUED.value and not _runs(session, row.id)
                if row.state == JobState.QUEUED.value and not waits:
                    change_state(session, row, JobState.RUNNING)
                change_state(session, row, JobState.CANCELLED if waits else JobState.CANCELLING)
                write_audit(session, row.id, who, "cancel", reason)
                settle_cancel(session, row)
            given = job_of(row)
        self.dispatcher.revoke(given.id)
        return given

    def retry(self, job: str, *, who: str = "") -> Job:
        """Go on with a failed or cancelled job; units that are done are not done again.

        A finished job whose files are gone or damaged is made again and comes to review again.

        Raises:
            JobConflict: it is neither, or an editor rejected it.
        """
        lost = has_lost_files(self.get(job), open_store(self.settings))
        with self._database.writing() as session:
            row = _found(session, job, locked=True)
            state = JobState(row.state)
            if state not in (JobState.FAILED, JobState.CANCELLED) and not (lost and state in MADE):
                raise conflict(row.id, state, "jobs.cannot-be-retried")
            if row.fault and json.loads(row.fault)["code"] == REJECTED:
                raise JobConflict(message("jobs.was-rejected", job=row.id), hint=message("jobs.submit-corrected"))
            self._bound(session)
            for unit in session.scalars(select(UnitRow).where(UnitRow.job == row.id)):
                if unit.state == UnitState.FAILED.value:
                    unit.state = UnitState.READY.value
                unit.failures = unit.losses = unit.not_before_ms = 0
            row.fault = None
            if state in MADE:
                begin_again(session, row)
            change_state(session, row, JobState.QUEUED)
            write_audit(session, row.id, who, "retry")
            given = job_of(row)
        self.dispatcher.dispatch(given.id)
        return given

    def result(self, job: str, *, final: bool = False) -> tuple[tuple[str, Path], ...]:
        """(kind, path in the store) of a finished job's files, fetched from the shared store where need be.

        Args:
            job: id.
            final: only of a clip that may go out: approved, its embargo has passed, and whom it shows agrees.

        Raises:
            JobConflict: it is not finished; or, where it has to be final, not approved or under embargo.
            ConsentError: it has to be final, and a consent was taken back or has ended.
            StorageError: a file is gone or cannot be fetched.
        """
        found = self.get(job)
        if found.state not in MADE:
            raise conflict(found.id, found.state, "jobs.has-no-result")
        if final:
            self._check_final(found)
        store = open_store(self.settings)
        return tuple((o.kind, store.path(o.artifact)) for o in found.outputs)

    def approve(self, job: str, *, who: str, reason: str = "") -> Job:
        """An editor says yes to the files as they are in the store.

        Raises:
            JobConflict: it is not under review.
            ConsentError: a consent was taken back or has ended since it was submitted.
            StorageError: a file of the clip is gone or damaged.
        """
        _check_who(who, "approve")
        found = self.get(job)
        if found.state is JobState.REVIEW:
            self._check_leave(found)
            self.result(job)
        return self._decide(found.id, JobState.APPROVED, "approve", who, reason)

    def reject(self, job: str, *, who: str, reason: str) -> Job:
        """An editor says no, and why.

        Raises:
            JobConflict: it is not under review, or no reason is given.
        """
        if not reason.strip():
            raise JobConflict(message("jobs.no-reason"), hint=message("jobs.no-reason-hint"))
        return self._decide(job, JobState.FAILED, "reject", who, reason)

    def publish(
        self, job: str, *, who: str, reason: str = "", to: str = "", name: str = "", replace: bool = False
    ) -> tuple[Job, tuple[tuple[str, str], ...]]:
        """Send an approved clip out, or note that it has gone out by another way; more than once, where asked for.

        Args:
            job: id.
            who: publishes.
            reason: a remark for the audit trail, which also says where to.
            to: path of a folder that is there, or a URL; empty: nothing is sent.
            name: the files are called NAME.mp4 and so on; empty: the job's id.
            replace: another clip of that name there gives way.

        Returns:
            The job, and (kind, place) of each file that was sent.

        Raises:
            JobConflict: it is not approved, it is under embargo, or another clip of that name is there.
            ConsentError: a consent was taken back or has ended since it was submitted.
            StorageError: a file cannot be fetched or sent; nothing half-written stays, and the job stays as it was.
        """
        found = self.get(job)
        _check_who(who, "publish")
        self._check_final(found)
        sent: tuple[tuple[str, str], ...] = ()
        if to:
            files = self.result(found.id)
            sent = send_out(files, destination(to, self.settings), name or found.id, replace=replace)
        said = "; ".join(filter(None, (f"to {public(to)}" if to else "", reason)))
        return self._decide(found.id, JobState.PUBLISHED, "publish", who, said), sent

    def _check_final(self, job: Job) -> None:
        """Refuse what may not go out."""
        if job.state not in FINAL:
            raise conflict(job.id, job.state, "jobs.may-not-go-out")
        now = self.clock()
        if is_held(job.embargo, now):
            until = embargo_text(job.embargo)
            raise JobConflict(
                message("jobs.embargo", job=job.id, until=until),
                hint=message("jobs.embargo-hint", wait=wait_text(job.embargo, now)),
            )
        self._check_leave(job)

    def _check_leave(self, job: Job) -> None:
        """Refuse what those whom it shows no longer agree to."""
        with self._database.reading() as session:
            spec = spec_from(json.loads(job_row(session, job.id).spec))
        check_leave(job.id, spec, self.settings, self.clock().date())

    def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        with self._database.reading() as session:
            rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
            found = {str(state): int(count) for state, count in rows}
        return {state: found.get(state.value, 0) for state in JobState}

    def figures(self) -> tuple[StageFigures, ...]:
        """What each stage has to do and has cost, over all jobs that are kept."""
        with self._database.reading() as session:
            rows = session.execute(
                select(
                    UnitRow.stage,
                    UnitRow.state,
                    UnitRow.cached,
                    func.count(),
                    func.sum(UnitRow.seconds),
                    func.sum(UnitRow.clip_s),
                    func.sum(UnitRow.failures),
                    func.sum(UnitRow.losses),
                )
                .join(JobRow, JobRow.id == UnitRow.job)
                .group_by(UnitRow.stage, UnitRow.state, UnitRow.cached)
            )
            return figures_of([(*row,) for row in rows])

    def _known(self, session: Session, key: str, digest: str) -> Job | None:
        row = session.scalars(select(JobRow).where(JobRow.key == key)).first() if key else None
        if row is None:
            return None
        if row.digest != digest:
            raise JobConflict(
                message("jobs.key-taken", key=key, job=row.id),
                hint=message("jobs.key-taken-hint"),
            )
        return job_of(row)

    def _add(self, session: Session, spec: JobSpec, held: dict[str, int], key: str, rank: int, who: str) -> Job:
        self._bound(session)
        row = JobRow(
            id=f"{now_ms():011x}{secrets.token_hex(4)}",
            key=key or None,
            digest=spec.digest,
            spec=json.dumps(spec_document(spec), ensure_ascii=False),
            title=spec.script.title or spec.script.slug,
            state=JobState.QUEUED.value,
            priority=rank,
            created_ms=now_ms(),
            started_ms=0,
            finished_ms=0,
            done=0,
            total=0,
            percent=0,
            events=0,
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError as error:
            raise _SameKey from error
        write_event(session, row, "state", state=row.state)
        write_audit(session, row.id, who, "submit")
        session.add_all(HeldRow(job=row.id, path=path, size=size) for path, size in held.items())
        add_units(session, row, startable((), Sizes(len(spec.script.segments))))
        return job_of(row)

    def _bound(self, session: Session) -> None:
        """Refuse when the queue is full."""
        waiting = session.scalar(select(func.count()).where(JobRow.state.in_(WORKS))) or 0
        if waiting >= self.settings.jobs.queued:
            raise QueueFull(
                message("jobs.queue-full", waiting=waiting, most=self.settings.jobs.queued),
                hint=message("jobs.queue-full-hint"),
            )

    def _decide(self, job: str, state: JobState, action: str, who: str, reason: str) -> Job:
        _check_who(who, action)
        with self._database.writing() as session:
            row = _found(session, job, locked=True)
            now = JobState(row.state)
            if now not in (FINAL if state is JobState.PUBLISHED else {JobState.REVIEW}):
                raise conflict(row.id, now, _REFUSED[action])
            if action == "reject":
                what = message("jobs.rejected", who=who, reason=reason)
                fault = JobFault(REJECTED, what, message("jobs.submit-corrected"), False)
                row.fault = fault_text(fault)
            if now is not state:
                finished = row.finished_ms
                change_state(session, row, state)
                row.finished_ms = finished
            write_audit(session, row.id, who, action, reason)
            return job_of(row, session.scalars(select(OutputRow).where(OutputRow.job == row.id)))


def _check_who(who: str, action: str) -> None:
    if not who.strip():
        raise JobConflict(message(_NOBODY[action]), hint=message("jobs.say-who"))


class _SameKey(Exception):
    """Somebody else submitted this key at the same moment."""


def _found(session: Session, job: str, *, locked: bool = False) -> JobRow:
    if session.get(JobRow, job) is None and job:
        begins = select(JobRow.id).where(JobRow.id.startswith(job, autoescape=True)).limit(2)
        ids = list(session.scalars(begins))
        if len(ids) > 1:
            raise JobError(message("jobs.several", job=job), hint=message("jobs.several-hint"))
        job = ids[0] if ids else job
    return job_row(session, job, locked=locked)


def _runs(session: Session, job: str) -> bool:
    asked = select(func.count()).where(UnitRow.job == job, UnitRow.state == UnitState.RUNNING.value)
    return bool(session.scalar(asked))


def _priority(name: str) -> Priority:
    try:
        return Priority(name)
    except ValueError as error:
        there = message("pipeline.there-are", known=tuple(Priority))
        raise ScriptError(message("jobs.no-priority", name=name), hint=there) from error
