"""One unit of a job, from the claim to the record: what every dispatcher calls, in whatever process it has."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from anchor.core.errors import AnchorError, JobCancelled, JobError
from anchor.core.events import Event, Notice, StageProgress
from anchor.core.job import JobFault, JobState, UnitState
from anchor.jobs.claims import WORKS, Claim, claim_unit, fail, give_back, owner_name, renew, settle_cancel
from anchor.jobs.database import Database, open_database
from anchor.jobs.dispatch import Executed, Outcome
from anchor.jobs.ledger import add_units, change_state, count_progress, job_row, now_ms, write_event
from anchor.jobs.rows import HeldRow, JobRow, OutputRow, UnitRow
from anchor.messages import message, named
from anchor.pipeline.graph import STAGES, Per, Sizes, Unit, followers, stage_of, startable
from anchor.pipeline.services import Context, Services, never
from anchor.pipeline.units import JobSpec, UnitDone, run_unit
from anchor.settings import JobLimits, Settings
from anchor.store.remote import Stored

log = logging.getLogger(__name__)

POLL_S = 0.25
"""How often a running unit asks whether its job goes on."""
BACKOFF_MOST_S = 300.0


def execute_unit(
    job: str,
    stage: str,
    index: int,
    services: Services,
    settings: Settings,
    *,
    stopping: Callable[[], bool] = never,
    group: str = "",
) -> Executed:
    """Make one unit of a job and record it, or say why not; harmless however often it is called.

    Args:
        job: id.
        stage: of the unit.
        index: of the unit.
        services: engines and store of this process.
        settings: for the database and the limits.
        stopping: asked often; yes gives the unit back unfinished.
        group: begins the owner's name in the claim.

    Raises:
        StorageError: the database does not answer.
    """
    database = open_database(settings)
    unit = Unit(stage, index)
    try:
        with database.writing() as session:
            claim = claim_unit(session, job, unit, owner_name(group), settings.jobs)
    except JobError:
        return Executed(Outcome.STOPPED)
    if isinstance(claim, Executed):
        return _delivered_again(database, job, unit, services) if claim.outcome is Outcome.DONE else claim
    log.info("unit begins", extra={"job": job, "stage": stage, "index": index})
    return _Work(database, claim, services, settings, stopping).run()


def _delivered_again(database: Database, job: str, unit: Unit, services: Services) -> Executed:
    """A unit that was made before: what follows it and is not made yet."""
    with database.reading() as session:
        rows = session.query(UnitRow).where(UnitRow.job == job, UnitRow.state == UnitState.READY.value)
        stages = (unit.stage, *followers(unit.stage))
        return Executed(Outcome.DONE, tuple(Unit(r.stage, r.index) for r in rows if r.stage in stages))


@dataclass(frozen=True, slots=True)
class _Made:
    """A unit's result, and all that has to be known of the job to record it."""

    done: UnitDone
    files: tuple[Stored, ...]


@dataclass
class _Work:
    """One claimed unit being made."""

    database: Database
    claim: Claim
    services: Services
    settings: Settings
    stopping: Callable[[], bool]
    notices: list[Notice] = field(default_factory=list)

    def run(self) -> Executed:
        """Make and record it."""
        try:
            with _Watch(self.database, self.claim, self.settings) as watch:
                made = self._make(watch)
        except JobCancelled:
            return self._release()
        except AnchorError as error:
            return self._failed(_fault(error, self.claim.unit), error.retryable)
        except Exception as error:
            # The wrapper of every unit: a fault of ours must end in the job's row, not in a worker that dies of it.
            log.error("unit broke: %s", "".join(traceback.format_tb(error.__traceback__)), extra=self._ids())
            return self._failed(_internal(error, self.claim.unit), retryable=False)
        except BaseException:
            self._release()
            raise
        return self._record(made)

    def _make(self, watch: _Watch) -> _Made:
        spec, unit = self.claim.spec, self.claim.unit
        with self.services.store.workdir() as work:
            context = Context(
                emit=lambda event: self._hear(event, watch),
                cancelled=lambda: watch.stopped or self.stopping(),
                workdir=work,
            )
            done = run_unit(spec, unit, self.services, context)
            for _, file in done.files:
                self.services.store.share(file)
        return _Made(done, self.services.store.files_of(unit.stage, done.key))

    def _hear(self, event: Event, watch: _Watch) -> None:
        if isinstance(event, Notice):
            self.notices.append(event)
        elif isinstance(event, StageProgress) and event.total:
            watch.fraction = max(watch.fraction, min(1.0, event.done / event.total))

    def _record(self, made: _Made) -> Executed:
        with self.database.writing() as session:
            row = job_row(session, self.claim.job, locked=True)
            unit = give_back(session, self.claim)
            if unit is None:
                return Executed(Outcome.BUSY, again_s=1.0)
            unit.state, unit.key = UnitState.DONE.value, made.done.key
            unit.cached, unit.seconds, unit.clip_s = made.done.cached, made.done.seconds, made.done.clip_s
            for file in made.files:
                session.merge(HeldRow(job=row.id, path=file.path, size=file.size))
            self._tell(session, row, made.done)
            if row.state not in WORKS:
                settle_cancel(session, row)
                return Executed(Outcome.STOPPED)
            self._hand_out(session, row, made.done)
            session.flush()
            ready, ended = _next(session, row, made.done.sizes)
            add_units(session, row, ready)
            count_progress(session, row, known_units(session, row.id, self.claim.spec))
            if ended:
                self._finish(session, row)
        log.info("unit done", extra={**self._ids(), "cached": made.done.cached, "seconds": round(made.done.seconds, 3)})
        return Executed(Outcome.DONE, ready)

    def _tell(self, session: Session, row: JobRow, done: UnitDone) -> None:
        for notice in self.notices:
            place = notice.place.message if notice.place else ""
            write_event(
                session, row, "notice", code=notice.code, text=str(notice.text), place=place, message=notice.text
            )
        facts: dict[str, str | int | float | bool | None] = {"seconds": round(done.seconds, 3), "cached": done.cached}
        write_event(session, row, "unit", stage=done.unit.stage, index=done.unit.index, state="done", **facts)

    def _hand_out(self, session: Session, row: JobRow, done: UnitDone) -> None:
        """Note what goes to whoever asked for the clip."""
        first = session.query(OutputRow).where(OutputRow.job == row.id).count()
        for place, (kind, made) in enumerate(done.files, first):
            session.merge(
                OutputRow(job=row.id, kind=kind, place=place, path=made.path, digest=made.digest, size=made.size)
            )
            session.merge(HeldRow(job=row.id, path=made.path, size=made.size))

    def _finish(self, session: Session, row: JobRow) -> None:
        row.percent, row.fault = 100, None
        write_event(session, row, "progress", percent=100, done=row.done, total=row.total)
        change_state(session, row, JobState.REVIEW)

    def _release(self) -> Executed:
        """Give the unit back unfinished."""
        with self.database.writing() as session:
            row = job_row(session, self.claim.job, locked=True)
            give_back(session, self.claim)
            settle_cancel(session, row)
            goes_on = row.state in WORKS
        log.info("unit given back", extra=self._ids())
        return Executed(Outcome.RETRY if goes_on else Outcome.STOPPED)

    def _failed(self, fault: JobFault, retryable: bool) -> Executed:
        limits = self.settings.jobs
        log.warning("unit failed", extra={**self._ids(), "code": fault.code})
        with self.database.writing() as session:
            row = job_row(session, self.claim.job, locked=True)
            unit = give_back(session, self.claim)
            if unit is None:
                return Executed(Outcome.BUSY, again_s=1.0)
            unit.failures += 1
            if not retryable or unit.failures >= limits.attempts:
                fail(session, row, unit, fault)
                return Executed(Outcome.STOPPED)
            wait_s = min(BACKOFF_MOST_S, limits.backoff_s * 2 ** (unit.failures - 1))
            unit.not_before_ms = now_ms() + int(wait_s * 1000)
            settle_cancel(session, row)
            write_event(session, row, "retry", stage=unit.stage, index=unit.index, code=fault.code, wait_s=wait_s)
            return Executed(Outcome.RETRY if row.state in WORKS else Outcome.STOPPED, again_s=wait_s)

    def _ids(self) -> dict[str, str | int]:
        return {"job": self.claim.job, "stage": self.claim.unit.stage, "index": self.claim.unit.index}


def unit_limit_s(stage: str, limits: JobLimits) -> float:
    """How long a unit of a stage may take."""
    return limits.unit_s or stage_of(stage).limit_s


class _Watch:
    """Beside a running unit: renews its claim, writes its progress, ends its job if it takes too long, and hears when
    the job is stopped."""

    def __init__(self, database: Database, claim: Claim, settings: Settings) -> None:
        self._database, self._claim, self._limits = database, claim, settings.jobs
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="unit-watch", daemon=True)
        self.stopped = False
        self.fraction = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        waited_s, told = 0.0, 0.0
        limit_s, begun = unit_limit_s(self._claim.unit.stage, self._limits), time.monotonic()
        while not self._over.wait(POLL_S):
            waited_s += POLL_S
            try:
                if not self.stopped and time.monotonic() - begun > limit_s:
                    self._end_job(limit_s)
                with self._database.reading() as session:
                    row = session.get(JobRow, self._claim.job)
                    self.stopped = self.stopped or row is None or row.state not in WORKS
                if waited_s >= self._limits.lease_s / 6 or self.fraction - told >= 0.1:
                    waited_s, told = 0.0, self.fraction
                    self._renew()
            except AnchorError:
                # The database is away: go on, and let the lease say who owns the unit when it is back.
                log.warning("claim not renewed", extra={"job": self._claim.job})

    def _end_job(self, limit_s: float) -> None:
        """Fail the job; its unit goes on being claimed, so that its process is killed if it does not stop by itself."""
        unit = self._claim.unit
        fault = JobFault(
            code="internal",
            message=message("jobs.too-slow", stage=named("stage", unit.stage), index=unit.index, seconds=limit_s),
            hint=message("jobs.too-slow-hint"),
            retryable=True,
            stage=unit.stage,
            index=unit.index,
        )
        log.warning("unit takes too long", extra={"job": self._claim.job, "stage": unit.stage, "index": unit.index})
        with self._database.writing() as session:
            row = job_row(session, self._claim.job, locked=True)
            found = session.get(UnitRow, (row.id, unit.stage, unit.index))
            if found is not None and found.owner == self._claim.owner and row.state in WORKS:
                fail(session, row, found, fault)
                found.state = UnitState.RUNNING.value
        self.stopped = True

    def _renew(self) -> None:
        with self._database.writing() as session:
            row = job_row(session, self._claim.job, locked=True)
            if not renew(session, self._claim, self._limits):
                self.stopped = True
                return
            unit = session.get(UnitRow, (row.id, self._claim.unit.stage, self._claim.unit.index))
            if unit is not None and row.state in WORKS and self.fraction > unit.fraction:
                unit.fraction = self.fraction
                count_progress(session, row, known_units(session, row.id, self._claim.spec))


def known_units(session: Session, job: str, spec: JobSpec) -> dict[str, int]:
    """Stage → how many units it has; chunks only once they are planned."""
    rows = session.query(UnitRow.stage, UnitRow.index).where(UnitRow.job == job)
    sizes = Sizes(len(spec.script.segments), _chunks(Unit(*row) for row in rows))
    return {name: sizes.of(stage.per) for name, stage in STAGES.items()}


def _next(session: Session, row: JobRow, sizes: Sizes) -> tuple[tuple[Unit, ...], bool]:
    """Units that can start and that nobody knows of yet, and whether all of the job is done.

    What is wanted comes from the table alone: so a job goes on that an Anchor with fewer stages began.
    """
    rows = session.query(UnitRow.stage, UnitRow.index, UnitRow.state).where(UnitRow.job == row.id).all()
    states = {Unit(stage, index): state for stage, index, state in rows}
    done = {unit for unit, state in states.items() if state == UnitState.DONE.value}
    sizes = replace(sizes, chunks=sizes.chunks or _chunks(states))
    ready = tuple(unit for unit in startable(done, sizes) if unit not in states)
    return ready, not ready and len(done) == len(states)


def _chunks(units: Iterable[Unit]) -> int:
    """In how many chunks the picture is cut, by the units that there are: 0 before it is."""
    return max((u.index + 1 for u in units if u.stage in STAGES and STAGES[u.stage].per is Per.CHUNK), default=0)


def _fault(error: AnchorError, unit: Unit) -> JobFault:
    what = error.message
    if error.place is not None and error.place.message:
        what = message("jobs.fault-at", place=error.place.message, what=error.message)
    return JobFault(error.code, what, error.hint, error.retryable, unit.stage, unit.index)


def _internal(error: Exception, unit: Unit) -> JobFault:
    what, hint = message("jobs.internal", kind=type(error).__name__, said=str(error)), message("jobs.internal-hint")
    return JobFault("internal", what, hint, False, unit.stage, unit.index)
