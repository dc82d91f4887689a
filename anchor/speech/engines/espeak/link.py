"""Our end of the pipe to the eSpeak NG process."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.messages import message, os_reason

WORKER = Path(__file__).with_name("worker.py")
START_S = 20.0
"""How long the process may take to load the library."""


class WorkerRefused(Exception):
    """The worker said no, and why."""


@dataclass(frozen=True, slots=True)
class ClauseEvent:
    """One timed event of a clause."""

    word: bool
    """True: a word begins; False: a phoneme begins."""
    sample: int
    """From the clause's first sample."""
    character: int
    """Where the word stands in the clause's text, from 0."""
    name: str
    """Phoneme mnemonic."""


@dataclass(frozen=True, slots=True)
class ClauseSound:
    """What the library made of one text."""

    pcm: bytes
    """int16, native order, mono."""
    events: tuple[ClauseEvent, ...]


class EspeakLink:
    """A running worker; started on the first question, started again after a failure."""

    def __init__(self, executable: str = sys.executable) -> None:
        self._executable = executable
        self._process: subprocess.Popen[bytes] | None = None
        self.rate = 0
        """Samples per second, known once started."""
        self.version = ""

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker, by force if it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    @property
    def pid(self) -> int | None:
        """Process id while a worker runs."""
        return self._process.pid if self._process is not None else None

    def speak(
        self, voice: Path, parameters: dict[str, int], texts: tuple[str, ...], limit_s: float
    ) -> tuple[ClauseSound, ...]:
        """Speak texts one after the other, as one answer.

        Raises:
            EngineUnavailable: the worker died or took longer than `limit_s`.
            EngineError: the library refused voice, parameter or text.
        """
        request = {"op": "speak", "voice": str(voice), "parameters": parameters, "texts": texts}
        try:
            header, payload = self._ask(request, limit_s)
        except WorkerRefused as error:
            raise EngineError(message("espeak.refuses", reason=str(error))) from error
        sounds, at = [], 0
        for clause in header["clauses"]:
            end = at + clause["samples"] * 2
            events = tuple(
                ClauseEvent(kind == 1, sample, where - 1, name) for kind, sample, where, name in clause["events"]
            )
            sounds.append(ClauseSound(payload[at:end], events))
            at = end
        return tuple(sounds)

    def _start(self) -> None:
        try:
            # -P: the worker stands alone; nothing beside the script or in the working directory may shadow a module.
            self._process = subprocess.Popen(
                [self._executable, "-P", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            what = message("espeak.starts-not", program=self._executable, reason=os_reason(error))
            raise EngineUnavailable(what) from error
        try:
            header, _ = self._ask({"op": "hello"}, START_S)
        except WorkerRefused as error:
            self.close()
            what = message("espeak.loads-not", reason=str(error))
            raise EngineUnavailable(what, hint=message("espeak.install")) from error
        self.rate, self.version = int(header["rate"]), str(header["version"])

    def _ask(self, request: dict[str, Any], limit_s: float) -> tuple[dict[str, Any], bytes]:
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        body = json.dumps(request, ensure_ascii=False).encode()
        deadline = time.monotonic() + limit_s
        try:
            with contextlib.suppress(BrokenPipeError):  # A worker that could not load has answered already.
                process.stdin.write(struct.pack(">I", len(body)) + body)
                process.stdin.flush()
            size = struct.unpack(">I", self._read(4, deadline))[0]
            header: dict[str, Any] = json.loads(self._read(size, deadline))
            payload = self._read(header["bytes"], deadline)
        except BaseException:
            self.close()
            raise
        if "error" in header:
            raise WorkerRefused(header["error"])
        return header, payload

    def _read(self, count: int, deadline: float) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        data = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while len(data) < count:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise EngineUnavailable(message("espeak.too-long"), hint=message("espeak.try-again"))
                chunk = os.read(descriptor, count - len(data))
                if not chunk:
                    raise EngineUnavailable(message("espeak.died"), hint=message("espeak.try-again"))
                data += chunk
        return bytes(data)
