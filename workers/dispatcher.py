"""Units become messages: ids and a priority, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from anchor.core.job import JobState, Priority
from anchor.jobs.claims import ready_units, settle_cancel
from anchor.jobs.database import open_database
from anchor.jobs.execute import unit_limit_s
from anchor.jobs.ledger import job_row
from anchor.jobs.rows import JobRow
from anchor.pipeline.graph import Unit
from anchor.settings import Settings
from workers.app import QUEUES, STEPS, make_app, queue_of, step_of
from workers.broker import Marks, message_id

log = logging.getLogger("anchor.workers")

TASK = "anchor.unit"
OVERTIME_S = 60.0
"""A unit that is too long is ended by its own watch; if that is stuck, too, by Celery so much later."""
SWEPT = 500
"""Units that one sweep looks at."""


class CeleryDispatcher:
    """Sends the ready units of jobs to Celery's workers."""

    def __init__(self, settings: Settings, app: Celery | None = None) -> None:
        self._settings = settings
        self._app = app or make_app(settings)
        self._marks = Marks(settings.redis)

    def dispatch(self, job: str) -> None:
        """Send what is ready of a job; while Redis is away the job waits in its row, and a worker's sweep sends it."""
        with open_database(self._settings).reading() as session:
            units = [(of, unit) for of, unit in ready_units(session, SWEPT) if of == job]
        self.send(units)

    def revoke(self, job: str) -> None:
        """Nothing to send: running units look at the job's row, and waiting ones end at once when they come."""

    def wake(self) -> None:
        """Workers wake themselves."""

    def send(self, units: Iterable[tuple[str, Unit]]) -> int:
        """Send units that have no message under way; gives how many."""
        sent = 0
        priorities = self._priorities(units := list(units))
        try:
            for job, unit in units:
                if self._marks.take(job, unit):
                    self._send(job, unit, priorities[job])
                    sent += 1
        except (OperationalError, RedisError) as error:
            log.warning("the broker is away: units wait in the database", extra={"error": type(error).__name__})
        return sent

    def sweep(self) -> int:
        """Send what waits without a message: lost with a broker or a worker, or its time had not come."""
        with open_database(self._settings).writing() as session:
            _settle(session)
            units = ready_units(session, SWEPT)
        if lost := self._marks.drop_lost(units, QUEUES, STEPS):
            log.warning("messages were lost and are sent again", extra={"messages": lost})
        return self.send(units)

    def _send(self, job: str, unit: Unit, priority: Priority) -> None:
        try:
            self._app.send_task(
                TASK,
                args=(job, unit.stage, unit.index),
                task_id=message_id(job, unit),
                queue=queue_of(unit.stage, self._settings.gpu_stages),
                priority=step_of(priority, unit.stage),
                time_limit=unit_limit_s(unit.stage, self._settings.jobs) + OVERTIME_S,
                retry=False,
            )
        except BaseException:
            self._marks.drop(job, unit)
            raise

    def _priorities(self, units: list[tuple[str, Unit]]) -> dict[str, Priority]:
        with open_database(self._settings).reading() as session:
            asked = select(JobRow.id, JobRow.priority).where(JobRow.id.in_({job for job, _ in units}))
            return {job: list(Priority)[rank] for job, rank in session.execute(asked)}


def _settle(session: Session) -> None:
    """Jobs whose last running unit died with its worker while they were being cancelled."""
    for job in session.scalars(select(JobRow.id).where(JobRow.state == JobState.CANCELLING.value)).all():
        settle_cancel(session, job_row(session, job, locked=True))
