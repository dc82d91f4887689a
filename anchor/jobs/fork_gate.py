"""Forks between two transactions: a child must not inherit what a thread of its parent has half-done in SQLite.

It would inherit SQLite's notes of which locks its process holds, but not the locks. With a thread of the parent in the
middle of writing, the child would find the database locked for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAIT_S = 60.0
"""How long a fork waits for the transactions of other threads."""


class ForkGate:
    """Lets transactions through, side by side, and forks only while there is none."""

    def __init__(self, close: Callable[[], None], in_child: Callable[[], None]) -> None:
        """For this process and its children.

        Args:
            close: called before a fork, when no transaction runs.
            in_child: called in the child.
        """
        self._close, self._in_child = close, in_child
        self._renew()
        os.register_at_fork(
            before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._after_fork_in_child
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Counts as a transaction; one inside another does not wait."""
        mine: int = getattr(self._own, "depth", 0)
        with self._changed:
            self._changed.wait_for(lambda: mine or not self._forking)
            self._running += 1
        self._own.depth = mine + 1
        try:
            yield
        finally:
            self._own.depth = mine
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _renew(self) -> None:
        self._changed = threading.Condition()
        self._own = threading.local()
        self._running = 0
        self._forking = False

    def _before_fork(self) -> None:
        # Held until the fork is done, so that nobody is inside when the child gets its copy.
        self._changed.acquire()
        self._forking = True
        self._changed.wait_for(lambda: self._running == getattr(self._own, "depth", 0), WAIT_S)
        self._close()

    def _after_fork(self) -> None:
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def _after_fork_in_child(self) -> None:
        self._renew()
        self._in_child()
