"""The broker that `anchor up` keeps on this machine: who runs it, and where the front doors find it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from anchor.core.errors import JobConflict, SettingsError, StorageError
from anchor.jobs.database import data_folder
from anchor.messages import message, os_reason
from anchor.settings import Settings

SOCKET_BYTES = 107
"""The longest path that a socket may have on Linux."""


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


def lock_up(settings: Settings) -> AbstractContextManager[object]:
    """The lock that says: this data folder's broker and workers run; it is held for as long as the context.

    Raises:
        JobConflict: somebody holds it.
        StorageError: the folder cannot be written.
    """
    path = _lock_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path).acquire(timeout=0)
    except Timeout:
        raise JobConflict(message("jobs.up-runs"), hint=message("jobs.up-runs-hint")) from None
    except OSError as error:
        what = message("core.cannot-write", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("core.cannot-write-permission")) from error


def with_local_broker(settings: Settings) -> Settings:
    """The settings with the local broker's address, where none is given and `anchor up` runs."""
    path = _lock_path(settings)
    if settings.redis or not path.exists():
        return settings
    try:
        with FileLock(path).acquire(timeout=0):
            return settings
    except Timeout:
        return replace(settings, redis=broker_url(settings))
    except OSError:
        return settings


def _lock_path(settings: Settings) -> Path:
    return data_folder(settings) / "up.lock"
