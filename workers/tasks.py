"""The one task: a unit of a job, by its ids."""

from __future__ import annotations

import logging
import multiprocessing
from contextlib import suppress

from celery import Celery
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.dispatch import Outcome
from anchor.jobs.execute import execute_unit
from anchor.pipeline.graph import Unit
from anchor.pipeline.services import Services
from anchor.settings import Settings
from anchor.store.owners import process_space
from workers.broker import Marks
from workers.dispatcher import TASK, CeleryDispatcher

log = logging.getLogger("anchor.workers")


class Hands:
    """What one pool process works with: engines stay loaded from unit to unit."""

    def __init__(self, settings: Settings, app: Celery) -> None:
        self._settings = settings
        self._dispatcher = CeleryDispatcher(settings, app)
        self._marks = Marks(settings.redis)
        self._services: Services | None = None
        self._lexicon: tuple[int, int] | None = None
        self.stopping = multiprocessing.Event()
        """Set in the parent: running units are given back."""

    def work(self, job: str, stage: str, index: int) -> None:
        """Make one unit and send what follows it."""
        with suppress(RedisError):  # the mark ends by itself
            self._marks.drop(job, Unit(stage, index))
        try:
            done = execute_unit(
                job, stage, index, self._open(), self._settings, stopping=self.stopping.is_set, group=process_space()
            )
            if done.outcome is Outcome.DONE:
                self._dispatcher.send((job, unit) for unit in done.next)
        except AnchorError as error:
            log.warning("unit left for later", extra={"job": job, "stage": stage, "index": index, "code": error.code})
        # Anything that is left to do is found by the sweep when its time has come.

    def close(self) -> None:
        """Unload the engines."""
        if self._services is not None:
            self._services.__exit__(None, None, None)
            self._services = None

    def _open(self) -> Services:
        stamp = _stamp(self._settings)
        if self._services is None or stamp != self._lexicon:
            self.close()
            self._services, self._lexicon = Services(self._settings), stamp
        return self._services


def _stamp(settings: Settings) -> tuple[int, int] | None:
    """When the station's lexicon was written last."""
    try:
        facts = settings.lexicon.stat() if settings.lexicon else None
    except OSError:
        return None
    return (facts.st_mtime_ns, facts.st_size) if facts else None


def add_task(app: Celery, hands: Hands) -> None:
    """Register the task with an app."""

    @app.task(name=TASK, acks_late=True, ignore_result=True)  # type: ignore[untyped-decorator]
    def unit(job: str, stage: str, index: int) -> None:
        hands.work(job, stage, index)
