"""Processes and what they have started: so that nothing of a killed one goes on."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of what one's children leave behind; Linux only, elsewhere nothing changes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


@cache
def process_space() -> str:
    """A name of where process ids mean the same: this machine since it was started, and this container."""
    facts = ""
    with suppress(OSError):
        facts = Path("/proc/sys/kernel/random/boot_id").read_text() + str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()[:40]}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"


def started(pid: int) -> str:
    """When a process was started, in ticks since the machine was: tells it from a later one of the same id.

    Empty where that cannot be known.
    """
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def descendants(pid: int) -> list[int]:
    """Everything that a process has started and that still runs, parents before children."""
    parents = _parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one and child not in found]
    return found[1:]


def kill_tree(pid: int) -> None:
    """Kill a process and everything under it."""
    for one in (pid, *descendants(pid)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def kill_orphans(known: set[int]) -> None:
    """Kill adopted processes: children of this one that it has not started itself."""
    own = os.getpid()
    parents = _parents()
    for pid in [child for child, parent in parents.items() if parent == own and child not in known]:
        kill_tree(pid)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _parents() -> dict[int, int]:
    """Process → its parent, for every process that can be seen."""
    found: dict[int, int] = {}
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(("ps", "-A", "-o", "pid=,ppid="), capture_output=True, text=True, check=False).stdout
        rows = (line.split() for line in listed.splitlines())
        return {int(pid): int(parent) for pid, parent in rows}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                # The name in parentheses may hold anything; the parent is the second field after it.
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return found
