"""A process of the background service: takes the most urgent unit, makes it, takes the next."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

from anchor.core.errors import AnchorError
from anchor.jobs.claims import ready_units
from anchor.jobs.database import open_database
from anchor.jobs.dispatch import Outcome
from anchor.jobs.execute import execute_unit
from anchor.jobs.inline.dispatcher import group_name, settings_from_text
from anchor.jobs.inline.processes import descendants, kill_tree
from anchor.jobs.log import log_to_stderr
from anchor.pipeline.services import Services
from anchor.settings import Settings

log = logging.getLogger("anchor.jobs.inline")

IDLE_S = 0.15
"""How long it waits before it looks for work again."""
ORPHAN_S = 1.0
"""How long a unit may take to end by itself once the supervisor is gone."""


class InlineWorker:
    """The loop of one process."""

    def __init__(self, settings: Settings, supervisor: int) -> None:
        """A worker that ends with the process of id `supervisor`."""
        self._settings = settings
        self._supervisor = supervisor
        self._group = group_name(settings)
        self._stopping = threading.Event()

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """End after giving back what is being made."""
        self._stopping.set()

    def run(self) -> None:
        """Make units until told to stop; engines stay loaded until the station's lexicon changes."""
        threading.Thread(target=self._guard, name="guard", daemon=True).start()
        while not self._stopping.is_set():
            lexicon = _stamp(self._settings)
            with Services(self._settings) as services:
                while not self._stopping.is_set() and _stamp(self._settings) == lexicon:
                    if not self._work(services):
                        self._stopping.wait(IDLE_S)

    def _work(self, services: Services) -> bool:
        """Make the most urgent unit that nobody else makes; False: there is none."""
        try:
            with open_database(self._settings).reading() as session:
                waiting = ready_units(session)
            for job, unit in waiting:
                done = execute_unit(
                    job,
                    unit.stage,
                    unit.index,
                    services,
                    self._settings,
                    stopping=self._stopping.is_set,
                    group=self._group,
                )
                if done.outcome is not Outcome.BUSY:
                    return True
        except AnchorError as error:
            log.warning("no work: %s", error.code)
            self._stopping.wait(2.0)
        return False

    def _guard(self) -> None:
        """End with the supervisor, whatever a unit is doing."""
        # Its id was handed over: asked for here, it might be that of whoever adopted us already.
        while os.getppid() == self._supervisor:
            time.sleep(0.2)
        self.stop()
        time.sleep(ORPHAN_S)
        for pid in descendants(os.getpid()):
            kill_tree(pid)
        os._exit(1)


def _stamp(settings: Settings) -> tuple[int, int] | None:
    """When the station's lexicon was written last."""
    try:
        facts = settings.lexicon.stat() if settings.lexicon else None
    except OSError:
        return None
    return (facts.st_mtime_ns, facts.st_size) if facts else None


def main() -> None:
    """The program: the supervisor's process id as argument, settings on stdin, log on stderr."""
    log_to_stderr(stray=True)
    worker = InlineWorker(settings_from_text(sys.stdin.read()), int(sys.argv[1]))
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.run()


if __name__ == "__main__":
    main()
