"""What libraries write to stdout and stderr past the log becomes lines of the log."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from typing import TextIO

log = logging.getLogger("anchor.stray")

LAST_S = 1.0
"""How long the end of the program waits for the last of it."""


def log_stray(handler: logging.StreamHandler[TextIO]) -> None:
    """Have whatever this process and its forks write to stdout and stderr go through the log; `handler` keeps stderr.

    C libraries write to the files themselves, so these are replaced, not Python's names for them.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    stderr = os.dup(2)
    handler.setStream(os.fdopen(stderr, "w", buffering=1, encoding="utf-8", errors="backslashreplace"))
    reader, writer = os.pipe()
    os.dup2(writer, 1)
    os.dup2(writer, 2)
    os.close(writer)
    held = [reader]

    def close_in_fork() -> None:
        # A fork must not hold the reading end: once we are gone, what it writes would wait for ever.
        while held:
            os.close(held.pop())

    os.register_at_fork(after_in_child=close_in_fork)
    thread = threading.Thread(target=_log_lines, args=(reader,), name="stray", daemon=True)
    thread.start()
    owner = os.getpid()

    def let_go() -> None:
        if os.getpid() == owner:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(stderr, 1)
            os.dup2(stderr, 2)
            thread.join(LAST_S)

    atexit.register(let_go)


def _log_lines(reader: int) -> None:
    with os.fdopen(reader, "r", encoding="utf-8", errors="replace", closefd=False) as lines:
        for line in lines:
            if line.strip():
                log.warning(line.rstrip())
