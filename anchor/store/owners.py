"""Which process something belongs to, so that what a dead one has left can be told from the work of a living one."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

_MARK = re.compile(r"(?P<host>.*)-(?P<boot>[0-9a-f]{8})-(?P<ids>[0-9a-f]{8})\.(?P<pid>\d+)\.(?P<since>\d*)\.")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    import psutil

    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def started(pid: int) -> str:
    """When a process was started, in ticks since the machine was: tells it from a later one of the same id.

    Empty where that cannot be known. Not psutil's `create_time`: it moves when the machine's clock is set.
    """
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def is_same(pid: int, since: str) -> bool:
    """Whether the process runs that was started then."""
    return is_alive(pid) and started(pid) == since


@cache
def process_space() -> str:
    """A name of where process ids mean the same: this machine since it was started, and this container."""
    boot = ids = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        ids = str(Path("/proc/self/ns/pid").readlink())
    return f"{_host()}-{_short(boot)}-{_short(ids)}"


def owner_mark() -> str:
    """Begins the name of something temporary that this process makes."""
    pid = os.getpid()
    return f"{process_space()}.{pid}.{started(pid)}."


def is_left(name: str) -> bool | None:
    """Whether the process is gone that gave something temporary its name; None: that cannot be known here.

    A cache folder belongs to one machine: what it made before it was started again, nobody makes any more.
    """
    found = _MARK.match(name)
    if found is None or found["host"] != _host():
        return None
    _, boot, ids = process_space().rsplit("-", 2)
    if found["boot"] != boot:
        return True
    return None if found["ids"] != ids else not is_same(int(found["pid"]), found["since"])


def _host() -> str:
    return socket.gethostname().replace("/", "-")[:40] or "localhost"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
