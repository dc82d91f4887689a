"""The background service of one machine: keeps workers, kills what does not stop, ends when there is no work."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import IO

from anchor.core.errors import AnchorError
from anchor.jobs.claims import owner_process, running_owners, take_back, unfinished
from anchor.jobs.database import open_database
from anchor.jobs.inline.dispatcher import (
    group_name,
    lock_data_folder,
    running_service,
    settings_digest,
    settings_from_text,
    settings_text,
)
from anchor.jobs.inline.processes import adopt_orphans, kill_orphans, kill_tree
from anchor.jobs.log import log_to_stderr
from anchor.jobs.oversight import Overdue
from anchor.jobs.retention import sweep
from anchor.settings import Settings
from anchor.store.store import open_store

log = logging.getLogger("anchor.jobs.inline")

LOOK_S = 0.2
"""How often it looks."""
LOCK_S = 15.0
"""How long it waits for what is left of a killed one."""
SWEEP_S = 3600.0
"""How often old jobs and unused files are deleted."""


class Supervisor:
    """One service: its workers and what it sees of the jobs."""

    def __init__(self, settings: Settings, lock: IO[str]) -> None:
        self._settings, self._lock = settings, lock
        self._database = open_database(settings)
        self._group = group_name(settings)
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._overdue = Overdue()
        self.stopping = False
        self._swept = float("-inf")

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """End soon; units that are being made are given back."""
        self.stopping = True

    def run(self) -> None:
        """Work until there has been nothing to do for a while, or until told to stop."""
        adopt_orphans()
        self._take_back(f"{self._group}/")
        busy = time.monotonic()
        try:
            while not self.stopping:
                try:
                    busy = time.monotonic() if self._look() else busy
                except AnchorError as error:
                    log.warning("jobs cannot be looked at: %s", error.code)
                    time.sleep(2.0)
                if time.monotonic() - busy > self._settings.jobs.idle_s:
                    break
                time.sleep(LOOK_S)
        finally:
            self._end_workers()

    def _look(self) -> bool:
        """One round; gives whether there is work."""
        self._reap()
        with self._database.reading() as session:
            work = unfinished(session)
            stop = running_owners(session, self._group, unwanted=True)
        if work:
            self._hire()
        elif time.monotonic() - self._swept > SWEEP_S:
            self._swept = time.monotonic()
            freed = sweep(self._settings)
            log.info("swept", extra={"jobs": len(freed.jobs), "files": freed.files, "bytes": freed.bytes})
        self._kill_overdue(stop)
        return work

    def _hire(self) -> None:
        while len(self._workers) < self._settings.jobs.processes:
            worker = subprocess.Popen(
                (sys.executable, "-m", "anchor.jobs.inline.worker", str(os.getpid())),
                stdin=subprocess.PIPE,
                pass_fds=(self._lock.fileno(),),
                start_new_session=True,
            )
            assert worker.stdin is not None
            with worker.stdin as pipe:
                pipe.write(settings_text(self._settings).encode())
            self._workers[worker.pid] = worker
            log.info("worker begins", extra={"worker": worker.pid})

    def _reap(self) -> None:
        gone = [worker for worker in self._workers.values() if worker.poll() is not None]
        for worker in gone:
            log.warning("worker ended", extra={"worker": worker.pid, "status": worker.returncode})
            del self._workers[worker.pid]
        if gone:
            kill_orphans(set(self._workers))
        for worker in gone:
            self._take_back(f"{self._group}/{worker.pid}/")

    def _take_back(self, owners: str) -> None:
        """Make ready again what dead workers were making, and delete what they left half-written."""
        open_store(self._settings).sweep_work()
        with self._database.writing() as session:
            jobs = take_back(session, owners)
        for job in jobs:
            log.info("work taken back", extra={"job": job})

    def _kill_overdue(self, stop: list[str]) -> None:
        if late := self._overdue.of(stop):
            for pid in {owner_process(owner) for owner in late} & set(self._workers):
                log.info("worker killed: its unit did not stop", extra={"worker": pid})
                kill_tree(pid)
                self._workers[pid].wait()
            self._reap()

    def _end_workers(self) -> None:
        for worker in self._workers.values():
            worker.send_signal(signal.SIGTERM)
        until = time.monotonic() + 3.0
        while time.monotonic() < until and any(w.poll() is None for w in self._workers.values()):
            time.sleep(0.05)
        for worker in self._workers.values():
            if worker.poll() is None:
                kill_tree(worker.pid)
                worker.wait()
        kill_orphans(set())
        self._workers.clear()
        try:
            self._take_back(f"{self._group}/")
        except AnchorError as error:
            log.warning("claims not taken back: %s", error.code)


def serve(settings: Settings) -> None:
    """Be the service of the data folder, unless somebody is."""
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: asked.append(number))
    while not asked and (lock := _wait_for_lock(settings)) is not None:
        log.info("service begins")
        service = Supervisor(settings, lock)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, service.stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        service.run()
        lock.close()
        # Somebody may have submitted after the last look and before the lock was free.
        with open_database(settings).reading() as session:
            if service.stopping or not unfinished(session):
                break
    log.info("service ends")


def _wait_for_lock(settings: Settings) -> IO[str] | None:
    until = time.monotonic() + LOCK_S
    while (lock := lock_data_folder(settings)) is None:
        other = running_service(settings)
        if time.monotonic() > until or (other is not None and other[1] == settings_digest(settings)):
            return None
        time.sleep(0.1)
    return lock


def main() -> None:
    """The program: settings on stdin, log on stderr."""
    log_to_stderr()
    settings = settings_from_text(sys.stdin.read())
    os.chdir("/")
    try:
        serve(settings)
    except AnchorError as error:
        log.error("service broke: %s", error.code)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
