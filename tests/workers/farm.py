"""Processes of a farm in a test: redis-server and workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest
import redis

from anchor.core.job import Job, JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings

ENDED = {JobState.REVIEW, JobState.FAILED, JobState.CANCELLED}
PATIENCE_S = 180.0
ROOT = Path(__file__).resolve().parents[2]


class RedisServer:
    """A redis-server with an append-only file, on a socket in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is not installed")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, with what its file remembers."""
        self._process = subprocess.Popen(
            (
                *("redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--loglevel", "warning"),
            ),
            stdout=subprocess.DEVNULL,
        )
        wait_for(self._answers)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Farm:
    """Workers over one set of settings."""

    def __init__(self, settings: Settings, folder: Path, code: Path = ROOT) -> None:
        """`code`: the folder that workers are started in, and whose packages they run."""
        self.settings, self._folder, self._code = settings, folder, code
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._running:
            self.kill(worker)

    def start(
        self, *arguments: str, program: tuple[str, ...] = ("-m", "workers"), **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker, with these variables in its environment; its log goes to worker-N.log."""
        with self.log(len(self._running)).open("wb") as log:
            worker = subprocess.Popen(
                (sys.executable, *program, *arguments),
                env={**self.environment(), **variables},
                cwd=self._code,
                stdout=log,
                stderr=log,
            )
        self._running.append(worker)
        return worker

    def log(self, index: int) -> Path:
        """Where a worker's log is."""
        return self._folder / f"worker-{index}.log"

    def environment(self) -> dict[str, str]:
        """The settings as a worker reads them."""
        s = self.settings
        return {
            **os.environ,
            "ANCHOR_TEST_ENGINES": "1",
            "ANCHOR_SHELVES": ":".join(str(p) for p in s.shelves),
            "ANCHOR_CACHE": str(s.cache),
            "ANCHOR_DATA": str(s.data),
            "ANCHOR_MODELS": str(s.models),
            "ANCHOR_LEXICON": str(s.cache / "no-lexicon.tsv"),
            "ANCHOR_REDIS": s.redis,
            "ANCHOR_DATABASE": s.database,
            "ANCHOR_STORE": s.store,
            "ANCHOR_STORE_OPTIONS": json.dumps({name: json.loads(value) for name, value in s.store_options}),
            "ANCHOR_CHUNK_FRAMES": str(s.chunk_frames),
            "ANCHOR_JOBS_ATTEMPTS": str(s.jobs.attempts),
            "ANCHOR_JOBS_LOSSES": str(s.jobs.losses),
            "ANCHOR_JOBS_BACKOFF_S": str(s.jobs.backoff_s),
            "ANCHOR_JOBS_LEASE_S": str(s.jobs.lease_s),
            "ANCHOR_JOBS_UNIT_S": str(s.jobs.unit_s),
        }

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """SIGKILL to a worker and all that it started."""
        if worker.poll() is not None:
            return
        for one in [psutil.Process(worker.pid), *family(worker)]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        worker.wait()

    def stop(self, worker: subprocess.Popen[bytes]) -> int:
        """SIGTERM, and its exit status."""
        worker.send_signal(signal.SIGTERM)
        return worker.wait(PATIENCE_S)


def wait_for(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def next_held(folder: Path, stages: set[str]) -> str:
    """The stage of these in which a worker stands."""
    found: list[str] = []

    def held() -> bool:
        found[:] = [stage for stage in stages if (folder / stage).exists()]
        return bool(found)

    wait_for(held)
    return found[0]


def left_in(settings: Settings) -> list[Path]:
    """What is half-made in the cache."""
    return [*(settings.cache / "work").glob("*"), *settings.cache.rglob("*.partial")]


def made_of(service: JobService, job: str) -> Counter[tuple[str, int]]:
    """How often each unit was really made."""
    facts = [dict(e.facts) for e in service.events(job, most=100_000) if e.kind == "unit"]
    return Counter((str(f["stage"]), int(str(f["index"]))) for f in facts if f["state"] == "done" and not f["cached"])


def units_in(service: JobService, job: str, state: str) -> list[tuple[str, int]]:
    """Units that were begun (`running`), `done`, `lost` or `failed`, as often as it happened."""
    facts = [dict(e.facts) for e in service.events(job, most=100_000) if e.kind == "unit"]
    return [(str(f["stage"]), int(str(f["index"]))) for f in facts if f["state"] == state]


def outputs_of(service: JobService, job: str) -> dict[str, str]:
    """Kind → digest of a finished job's files."""
    return {o.kind: o.artifact.digest for o in service.get(job).outputs}


def rig(what: str, *given: object) -> tuple[str, ...]:
    """The program of a rigged worker."""
    return ("-m", "tests.workers.rigged", what, *map(str, given), "--")


def family(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Everything that a worker has started and that runs."""
    return psutil.Process(worker.pid).children(recursive=True)


def ended(service: JobService, job: str, patience_s: float = PATIENCE_S) -> Job:
    """The job once it has ended one way or another."""
    wait_for(lambda: service.get(job).state in ENDED, patience_s)
    return service.get(job)
