"""Processes and what they have started: so that nothing of a killed one goes on."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from anchor.store.owners import is_alive

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of what one's children leave behind; Linux only, elsewhere nothing changes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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


def wait_gone(pid: int, patience_s: float) -> bool:
    """Whether a killed process is gone by then; somebody else may still have to wait for it."""
    until = time.monotonic() + patience_s
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_alive(pid)


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
