"""What a machine's workers owe each other: to take back the work of dead processes, to sweep up what those left
half-written, to end units that do not stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import suppress

from anchor.core.errors import JobError
from anchor.jobs.claims import is_dead, owner_process, running_owners, take_back
from anchor.jobs.database import Database, between_forks, open_database
from anchor.jobs.inline.processes import kill_tree, wait_gone
from anchor.settings import Settings
from anchor.store.store import open_store

log = logging.getLogger(__name__)

PATIENCE_S = 0.6
"""How long a unit of a job that does not go on may take to end by itself."""

GONE_S = 0.5
"""How long a killed process may take to be gone."""


class Overdue:
    """Who should have stopped, since when."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def of(self, owners: Iterable[str]) -> set[str]:
        """Those among `owners` that have been asked for longer than patience lasts."""
        now = time.monotonic()
        self._since = {owner: self._since.get(owner, now) for owner in owners}
        return {owner for owner, since in self._since.items() if now - since >= PATIENCE_S}


class Oversight:
    """Looks after every claim that was made in one process space, whichever worker made it."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._settings, self._group = settings, group
        self._store = open_store(settings)
        self._overdue = Overdue()

    def look(self) -> list[str]:
        """One round; gives the jobs of which work was taken back.

        Raises:
            StorageError: the database does not answer.
        """
        database = open_database(self._settings)
        # What was killed is taken back before anybody is started in its place: a cancel waits for that.
        with between_forks():
            with database.reading() as session:
                running = running_owners(session, self._group)
                unwanted = running_owners(session, self._group, unwanted=True)
            self._end(self._overdue.of(unwanted))
            lost = self._take_back(database, running)
        if lost:
            log.warning("work of dead processes taken back", extra={"jobs": lost})
        return lost

    def _end(self, late: Iterable[str]) -> None:
        """Whoever has started them: their own worker may be gone, or busy."""
        ended = [owner_process(owner) for owner in late if not is_dead(owner)]
        for pid in ended:
            log.info("process ended: its unit did not stop", extra={"worker": pid})
            kill_tree(pid)
        for pid in ended:
            wait_gone(pid, GONE_S)

    def _take_back(self, database: Database, running: Iterable[str]) -> list[str]:
        dead = {owner for owner in running if is_dead(owner)}
        # First: who sees a job cancelled or its unit lost finds nothing half-written of it.
        self._store.sweep_work()
        lost: set[str] = set()
        for owner in dead:
            with suppress(JobError), database.writing() as session:
                lost.update(take_back(session, owner))
        return sorted(lost)
