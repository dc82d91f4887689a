"""Processes and what they have started: so that nothing of a killed one goes on."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

import psutil

from anchor.store.owners import is_alive

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of what one's children leave behind; Linux only, elsewhere nothing changes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Everything that a process has started and that still runs, parents before children."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


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
    for pid in [child.pid for child in psutil.Process().children() if child.pid not in known]:
        kill_tree(pid)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
