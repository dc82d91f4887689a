"""Ctrl-C and SIGTERM: first a polite request that the pipeline polls, then an interrupt."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from anchor.messages import Message

PATIENCE_S = 0.25
"""How long the pipeline may take to notice before it is interrupted where it stands."""


class Stop:
    """Whether somebody asked the program to stop."""

    def __init__(self) -> None:
        self.signal = 0
        """Number of the signal; 0: none came."""
        self.left: Message | None = None
        """What the work leaves when it stops, for the person who stopped it; None: nothing."""

    def asked(self) -> bool:
        """Polled between units of work, from any thread.

        When the main thread hears yes it stops by itself, so the interrupt is called off: cleaning up is not cut short.
        """
        if self.signal and threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_REAL, 0)
        return self.signal != 0

    @property
    def exit_status(self) -> int:
        """128 + signal, as shells count."""
        return 128 + (self.signal or signal.SIGINT)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over SIGINT and SIGTERM; only the main thread can, elsewhere nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGALRM, self._interrupt)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            return
        self.signal = number
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt
