"""One ffmpeg process in a group of its own that never outlives its owner."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import IO, Self

from anchor.core.errors import AnchorError, JobCancelled, MediaError, MediaKilled, StorageError
from anchor.messages import message, os_reason

KEPT_LINES = 20_000
"""Lines of stderr that are kept; detectors report there."""
PIPE_BYTES = 1 << 20
"""Size that pipes of raw pictures are raised to; Linux allows 1 MiB without privilege."""
POLL_S = 0.05

Cancelled = Callable[[], bool]

_PASSING = frozenset({signal.SIGKILL, signal.SIGBUS, signal.SIGTERM, signal.SIGHUP, signal.SIGINT})
"""Signals that say something of the machine, nothing of the file: KILL comes when memory runs out, BUS when a page of
the program or of a file cannot be read back, the others when somebody ends the process. SEGV, ABRT, ILL and FPE are
ffmpeg's own faults over what it was given and come again with it; XCPU and XFSZ are limits that stay."""
_STOPPED = 255
"""ffmpeg's exit status when it was asked to stop by a signal that it hears."""

_RECEIVED = re.compile(r"received signal (\d+)")
_DISK_FULL = ("no space left on device", "disk quota exceeded", "file too large")


class Process:
    """A running ffmpeg; leaving the context kills its whole group if it still runs.

    Its own session keeps the terminal's Ctrl-C from it, so that the owner alone decides how it ends. On Linux it dies
    with the thread that entered the context, so that nothing of a killed owner goes on.
    """

    def __init__(self, argv: Sequence[str], *, feed: bool = False, read: bool = False) -> None:
        """Describe the process; `feed` opens a pipe to its stdin, `read` one from its stdout."""
        self.argv = tuple(argv)
        self._feed = feed
        self._read = read
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(
                mortal(self.argv),
                stdin=subprocess.PIPE if self._feed else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._read else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            what = message("media.cannot-start", program=self.argv[0], reason=os_reason(error))
            raise MediaError(what, argv=self.argv) from error
        # stderr is drained beside the work: a full pipe there would stop ffmpeg and us for ever.
        self._drain = threading.Thread(target=self._keep_lines, name="ffmpeg-stderr", daemon=True)
        self._drain.start()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _widen(pipe.fileno())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._drain.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its group."""
        return self._process.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Unbuffered pipe to the process."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Unbuffered pipe from the process."""
        assert self._process.stdout is not None
        return self._process.stdout

    def fill(self, view: memoryview) -> bool:
        """Read as many bytes from stdout as `view` holds; False: the stream ended before."""
        at = 0
        while at < len(view):
            got = self.stdout.readinto(view[at:])  # type: ignore[attr-defined]  # raw pipes have it
            if not got:
                return False
            at += got
        return True

    def kill(self) -> None:
        """End the group at once if it still runs, and wait until it is gone."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait(self, cancelled: Cancelled | None = None) -> tuple[str, ...]:
        """Wait for the end; gives the lines of stderr.

        Raises:
            JobCancelled: `cancelled` said so; the group is dead by then.
            MediaError: the process failed; `MediaKilled` where it was ended from outside.
            StorageError: it failed because it could not write.
        """
        while cancelled is not None and self._process.poll() is None:
            raise_if(cancelled)
            time.sleep(POLL_S)
        status = self._process.wait()
        self._drain.join()
        lines = tuple(self._lines)
        if status != 0 or disk_full(lines):
            raise self._failure(status, lines)
        return lines

    def words(self) -> tuple[str, ...]:
        """Wait for the end, whatever its exit status; gives the lines of stderr.

        Raises:
            MediaKilled: the process was ended from outside: its lines are not all that it would have said.
        """
        status = self._process.wait()
        self._drain.join()
        lines = tuple(self._lines)
        if number := _ended_by(status, lines):
            raise self._killed(number, lines)
        return lines

    def failure(self) -> AnchorError:
        """Why a process failed that closed its pipe early; waits for its last words."""
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self._drain.join()
        return self._failure(status, tuple(self._lines))

    def _failure(self, status: int, lines: tuple[str, ...]) -> AnchorError:
        if status == -signal.SIGXFSZ or disk_full(lines):
            return StorageError(message("media.ffmpeg-no-space"), hint=message("media.free-space-again"))
        if number := _ended_by(status, lines):
            return self._killed(number, lines)
        told = (line for line in reversed(lines) if line and line != "Conversion failed!")
        said = next(told, message("media.said-nothing"))
        if status < 0:
            what = message("media.ffmpeg-signal", signal=-status, said=said)
        else:
            what = message("media.ffmpeg-status", status=status, said=said)
        return MediaError(what, argv=self.argv, stderr=lines)

    def _killed(self, number: int, lines: tuple[str, ...]) -> MediaKilled:
        what = message("media.killed", signal=signal.Signals(number).name)
        hint = message("media.killed-hint" if number in (signal.SIGKILL, signal.SIGBUS) else "media.stopped-hint")
        return MediaKilled(what, hint=hint, argv=self.argv, stderr=lines)

    def _keep_lines(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        rest = b""
        while chunk := os.read(stream.fileno(), 65536):
            *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            self._lines.extend(line.decode(errors="replace").rstrip() for line in whole if line.strip())
        if rest.strip():
            self._lines.append(rest.decode(errors="replace").rstrip())


def _ended_by(status: int, lines: Sequence[str]) -> int:
    """The signal from outside that ended ffmpeg; 0: none did."""
    if status == _STOPPED:
        told = (_RECEIVED.search(line) for line in reversed(lines))
        status = next((-int(found[1]) for found in told if found), 0)
    return -status if -status in _PASSING else 0


def disk_full(lines: Sequence[str]) -> bool:
    """Whether ffmpeg says that the disk or a quota is full."""
    return any(sign in line.lower() for line in lines for sign in _DISK_FULL)


def raise_if(cancelled: Cancelled | None) -> None:
    """Stop here if somebody asked for it.

    Raises:
        JobCancelled: they did.
    """
    if cancelled is not None and cancelled():
        raise JobCancelled(message("media.stopped-on-request"), hint=message("media.nothing-kept"))


def mortal(argv: tuple[str, ...], with_signal: str = "KILL") -> tuple[str, ...]:
    """The argv under util-linux's setpriv, where there is one: the kernel ends the process with its parent's thread."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", with_signal, *argv) if setpriv and shutil.which(argv[0]) else argv


def _widen(pipe: int) -> None:
    """Raise a pipe's size; a system that refuses keeps the small one, which is slower and as right."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (AttributeError, OSError):
        return
