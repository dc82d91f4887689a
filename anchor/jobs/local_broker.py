"""The broker that `anchor up` keeps on this machine: who runs it, and where the front doors find it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from anchor.core.errors import JobConflict, SettingsError, StorageError
from anchor.jobs.database import data_folder
from anchor.messages import message, os_reason
from anchor.settings import Settings
from anchor.store.owners import is_alive, is_same, started

SOCKET_BYTES = 107
"""The longest path that a socket may have on Linux."""
LEFT_S = 20.0
"""How long what a killed `anchor up` has started may take to end by itself."""
POLL_S = 0.1


class UpLock:
    """The lock that says: this data folder's broker and workers run. Whoever inherits `file` holds it, too.

    By `flock` itself: a `FileLock` is its process's alone, and this one says in its file who holds it.
    """

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self._pids: list[int] = []

    def add(self, pid: int) -> None:
        """Write down a process that holds it."""
        self._pids = [*(one for one in self._pids if is_alive(one)), pid]
        self.file.seek(0)
        self.file.truncate()
        self.file.write(json.dumps([[pid, started(pid)] for pid in self._pids]))
        self.file.flush()


def broker_folder(settings: Settings) -> Path:
    """Where the local Redis keeps its socket and its append-only file."""
    return data_folder(settings).absolute() / "redis"


def broker_url(settings: Settings) -> str:
    """Address of the local Redis.

    Raises:
        SettingsError: the data folder's path is too long for a socket.
    """
    path = broker_folder(settings) / "redis.sock"
    if len(str(path).encode()) > SOCKET_BYTES:
        raise SettingsError(message("jobs.long-socket", path=str(path)), hint=message("jobs.long-socket-hint"))
    return f"unix://{path}"


@contextmanager
def lock_up(settings: Settings) -> Iterator[UpLock]:
    """Hold the lock of the data folder for as long as the context, and as what inherits it runs.

    What a killed `anchor up` has started ends with it: that is waited for.

    Raises:
        JobConflict: somebody holds it; says which process.
        StorageError: the folder cannot be written.
    """
    path = _lock_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        what = message("core.cannot-write", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("core.cannot-write-permission")) from error
    with file:
        until = time.monotonic() + LEFT_S
        while not _taken(file):
            _refuse(file, patient=time.monotonic() < until)
            time.sleep(POLL_S)
        lock = UpLock(file)
        lock.add(os.getpid())
        yield lock


def _refuse(file: IO[str], *, patient: bool) -> None:
    """Say who holds the lock, unless it is what a killed `anchor up` left, and that may yet end."""
    holders = _holders(file)
    if holders and is_same(*holders[0]):
        raise JobConflict(message("jobs.up-runs", pid=holders[0][0]), hint=message("jobs.up-runs-hint"))
    if not patient:
        left = tuple(pid for pid, since in holders if is_same(pid, since))
        if not left:  # processes of another machine or container
            raise JobConflict(message("jobs.up-held"), hint=message("jobs.up-runs-hint"))
        raise JobConflict(message("jobs.up-left", pids=left), hint=message("jobs.up-left-hint"))


def with_local_broker(settings: Settings) -> Settings:
    """The settings with the local broker's address, where none is given and `anchor up` runs."""
    if settings.redis:
        return settings
    try:
        with _lock_path(settings).open(encoding="utf-8") as file:
            return settings if _taken(file, fcntl.LOCK_SH) else replace(settings, redis=broker_url(settings))
    except OSError:
        return settings


def _taken(file: IO[str], how: int = fcntl.LOCK_EX) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holders(file: IO[str]) -> list[tuple[int, str]]:
    """(process id, when it was started) of `anchor up`, first, and of what it has started."""
    file.seek(0)
    try:
        return [(int(pid), str(since)) for pid, since in json.loads(file.read())]
    except (ValueError, TypeError):  # it is being written
        return []


def _lock_path(settings: Settings) -> Path:
    return data_folder(settings) / "up.lock"
