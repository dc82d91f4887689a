"""Jobs on one machine with nothing else installed: a background process that is started when there is work.

`InlineDispatcher` starts it, `anchor.jobs.inline.supervisor` is it, `anchor.jobs.inline.worker` runs units under it. A
lock in the data folder says that one runs; its workers inherit the lock, so that a new one begins only when nothing of
a killed one is left.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter

from anchor import __version__
from anchor.core.errors import StorageError
from anchor.jobs.claims import unfinished
from anchor.jobs.database import data_folder, open_database
from anchor.messages import message, os_reason
from anchor.settings import Settings
from anchor.store.owners import is_alive

LOG_BYTES = 5_000_000
"""A log larger than this is put aside when the service starts."""


class InlineDispatcher:
    """Has units run by background processes of this machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = absolute(settings)

    def dispatch(self, job: str) -> None:
        """See to it that the background service runs; it finds the job by itself."""
        self._start()

    def revoke(self, job: str) -> None:
        """See to it that somebody ends what a killed service left in the middle."""
        self.wake()

    def wake(self) -> None:
        """Start the background service if there is unfinished work and nobody works on it."""
        with open_database(self._settings).reading() as session:
            waits = unfinished(session)
        if waits:
            self._start()

    def _start(self) -> None:
        running = running_service(self._settings)
        if running is not None:
            pid, of = running
            if of == settings_digest(self._settings):
                return
            # Another version or other settings: it gives its units back, and the new one goes on with them.
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)
        start_service(self._settings)


def start_service(settings: Settings) -> None:
    """Start the background service in a session of its own, so that it outlives the terminal."""
    path = log_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".old"))
        with path.open("ab") as log:
            process = subprocess.Popen(
                (sys.executable, "-m", "anchor.jobs.inline.supervisor"),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise StorageError(
            message("jobs.service-cannot-start", reason=os_reason(error)),
            hint=message("jobs.check-permissions-of", path=str(path.parent)),
        ) from error
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(settings_text(settings).encode())
    # It is nobody's child to wait for: without this, Python would warn of it.
    process.returncode = 0


def running_service(settings: Settings) -> tuple[int, str] | None:
    """(process id, digest of its settings) of the service that works in the data folder; None: none does."""
    path = lock_path(settings)
    try:
        with path.open("r", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                facts = json.loads(lock.read() or "{}")
                pid = int(facts.get("pid", 0))
                return (pid, str(facts.get("settings"))) if pid and is_alive(pid) else None
            return None
    except (FileNotFoundError, ValueError):
        return None


def lock_data_folder(settings: Settings) -> IO[str] | None:
    """The lock of the data folder, inherited by child processes; None: somebody has it.

    By `flock` itself: a `FileLock` is its process's alone, and this one says in its file who holds it.
    """
    path = lock_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.seek(0)
    lock.truncate()
    lock.write(json.dumps({"pid": os.getpid(), "settings": settings_digest(settings)}))
    lock.flush()
    os.set_inheritable(lock.fileno(), True)
    return lock


def lock_path(settings: Settings) -> Path:
    """The file whose lock says that the service runs."""
    return data_folder(settings) / "jobs.lock"


def log_path(settings: Settings) -> Path:
    """Where the service writes its log: ids and codes, no script text."""
    return data_folder(settings) / "jobs.log"


def group_name(settings: Settings) -> str:
    """How the owners of claims of this data folder's service begin."""
    folder = hashlib.sha256(str(data_folder(settings)).encode()).hexdigest()[:8]
    return f"inline-{socket.gethostname()[:40]}-{folder}"


def absolute(settings: Settings) -> Settings:
    """The same settings for a process that stands in another folder."""
    return replace(
        settings,
        shelves=tuple(p.absolute() for p in settings.shelves),
        cache=settings.cache.absolute(),
        models=settings.models.absolute(),
        lexicon=settings.lexicon.absolute() if settings.lexicon else None,
        wordlist=settings.wordlist.absolute() if settings.wordlist else None,
        own_shelf=settings.own_shelf.absolute() if settings.own_shelf else None,
        data=data_folder(settings).absolute(),
    )


def settings_text(settings: Settings) -> str:
    """Settings as they are handed to the service."""
    return TypeAdapter(Settings).dump_json(settings).decode()


def settings_from_text(text: str) -> Settings:
    """Settings as they were handed over."""
    return TypeAdapter(Settings).validate_json(text)


def settings_digest(settings: Settings) -> str:
    """Of the settings and of this Anchor: another one needs a service of its own."""
    return hashlib.sha256(f"{__version__}\n{settings_text(settings)}".encode()).hexdigest()
