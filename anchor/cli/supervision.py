"""A process that `anchor up` keeps: started again when it ends by itself, ended with `anchor up`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anchor.media.process import mortal

if TYPE_CHECKING:
    from anchor.jobs.local_broker import UpLock

POLL_S = 0.1
PATIENCE_S = 30.0
"""How long a worker may take to give back its units, and Redis to write its file."""
PAUSE_S = 2.0
"""Before a process that ended by itself is started again."""


@dataclass
class Kept:
    """A process in a session of its own, so that Ctrl-C reaches it through us alone; it ends with the context.

    It holds our lock, and on Linux it is told to end when we are killed: a second pair beside it cannot begin.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    """What it writes to stdout and stderr is appended here."""
    lock: UpLock
    _process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                mortal(self.argv, "TERM"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                pass_fds=(self.lock.file.fileno(),),
            )
        self.lock.add(self._process.pid)

    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def keep(kept: Mapping[str, Kept], stopping: Callable[[], bool], say: Callable[[str], None]) -> None:
    """Until `stopping`, start again what has ended, and `say` its name first."""
    while not stopping():
        for name, one in kept.items():
            if one.has_ended():
                say(name)
                _wait(PAUSE_S, stopping)
                if not stopping():
                    one.start()
        time.sleep(POLL_S)


def _wait(seconds: float, stopping: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopping():
        time.sleep(POLL_S)
