"""Where database, broker and store saturate on this machine: units a second that are empty, commands, bytes.

python tests/bench/saturation.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from broker import broker  # noqa: E402

from anchor.intake.script import parse_script  # noqa: E402
from anchor.jobs import execute  # noqa: E402
from anchor.jobs.service import JobService  # noqa: E402
from anchor.pipeline.plan.casting import Choices  # noqa: E402
from anchor.pipeline.services import Context, Services  # noqa: E402
from anchor.pipeline.units import JobSpec, Sizes, Unit, UnitDone  # noqa: E402
from anchor.settings import Settings, settings_from  # noqa: E402
from anchor.store.store import Store  # noqa: E402

Row = tuple[str, str, str]
JOBS = 400
PROCESSES = 4
FILE_BYTES, FILES = 8 << 20, 24


class _Quiet:
    """A dispatcher that sends nothing: the bench calls the units itself."""

    def dispatch(self, job: str) -> None:
        """Nothing."""

    revoke = dispatch

    def wake(self) -> None:
        """Nothing."""


def _empty(spec: JobSpec, unit: Unit, services: Services, context: Context) -> UnitDone:
    return UnitDone(unit, f"{spec.digest[:32]}{unit.stage}", False, 0.0, Sizes(len(spec.script.segments), 1))


def _make(settings: Settings, jobs: list[str]) -> float:
    """Claim and record one empty unit of each job; gives the seconds."""
    with Services(settings) as services, patch.object(execute, "run_unit", _empty):
        begun = time.perf_counter()
        for job in jobs:
            execute.execute_unit(job, "prepare", 0, services, settings)
        return time.perf_counter() - begun


def database_rows(settings: Settings, name: str) -> Iterator[Row]:
    """Submits and empty units a second, from one process and from several."""
    service = JobService(settings, _Quiet())
    specs = [JobSpec(parse_script(f"第{n}則。", None, ROOT), Choices()) for n in range(2 * JOBS)]
    begun = time.perf_counter()
    jobs = [service.submit(spec).id for spec in specs]
    submits = len(jobs) / (time.perf_counter() - begun)
    yield f"{name}: submits", f"{submits:.0f} a second", "one process"
    yield (
        f"{name}: empty units",
        f"{JOBS / _make(settings, jobs[:JOBS]):.0f} a second",
        "claimed, recorded; one process",
    )
    parts = [jobs[JOBS + k :: PROCESSES] for k in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        slowest = max(pool.map(_make, [settings] * PROCESSES, parts))
    yield f"{name}: empty units, {PROCESSES} processes", f"{JOBS / slowest:.0f} a second", "the same machine"


def broker_rows(folder: Path) -> Iterator[Row]:
    """Commands a second that this Redis answers with its append-only file."""
    if shutil.which("redis-benchmark") is None:
        return
    with broker(folder) as url:
        argv = ["redis-benchmark", "-s", url.removeprefix("unix://"), "-t", "lpush", "-n", "100000", "-c", "20", "-q"]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"LPUSH: ([\d.]+) requests per second", said)
    yield "Redis: commands", f"{float(found[-1]):,.0f} a second", "LPUSH, 20 clients, append-only file, one core"


def store_rows(folder: Path) -> Iterator[Row]:
    """Megabytes a second into the store, hashed and written through to the disk."""
    store = Store(folder / "store")
    data = [os.urandom(FILE_BYTES) for _ in range(FILES)]
    begun = time.perf_counter()
    for n, content in enumerate(data):
        with store.workdir() as work:
            (work / f"{n}.mp4").write_bytes(content)
            store.put(work / f"{n}.mp4")
    seconds = time.perf_counter() - begun
    yield "store, folder: writes", f"{FILES * FILE_BYTES / seconds / 1e6:.0f} MB/s", "files of 8 MB, sha256 and fsync"


def saturation_rows() -> Iterator[Row]:
    """Every figure."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anchor-bench-")))
        settings = replace(
            settings_from(os.environ), cache=folder / "cache", data=folder / "data", database="", store="", redis=""
        )
        yield from database_rows(settings, "SQLite")
        try:
            from tests.jobs.postgres_server import PostgresServer, find_program

            server = stack.enter_context(PostgresServer(durable=True)) if find_program("initdb") else None
        except ImportError:
            server = None
        if server is not None:
            yield from database_rows(
                replace(settings, database=server.fresh_url(), data=folder / "pg"), "PostgreSQL, same machine"
            )
        yield from broker_rows(folder)
        yield from store_rows(folder)


if __name__ == "__main__":
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for row in saturation_rows():
        console.print(" | ".join(row))
