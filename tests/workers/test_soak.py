"""Many short jobs, one after the other: nothing grows."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import psutil
import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, ended, family, left_in

pytestmark = [pytest.mark.media, pytest.mark.slow, pytest.mark.alone]
WARM, JOBS, WAITING = 40, 200, 20
FRESH_EVERY = 10
"""Of so many jobs one is made anew; the others go through all their units and find them made."""
MEMORY_PART = 1.08
"""Memory may be so much of what it was after the first jobs; allocators never give all of it back."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker and its processes hold."""

    processes: int
    files: int
    """Open ones, over all processes."""
    temporary: int
    bytes: int
    """Memory that is no other process's, over all processes."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A clip in one piece: a job then has few units."""
    return replace(settings, chunk_frames=900)


def _held(worker: subprocess.Popen[bytes], places: list[Path]) -> Held:
    every = [psutil.Process(worker.pid), *family(worker)]
    return Held(
        len(every),
        sum(p.num_fds() for p in every),
        sum(len(list(place.rglob("*"))) for place in places),
        sum(p.memory_full_info().uss for p in every),
    )


def _texts() -> Iterator[str]:
    for n in count():
        digits = "".join("零一二三四五六七八九"[int(d)] for d in f"{n:03d}")
        yield from (f"{digits}。" if turn == 0 else "大家好。" for turn in range(FRESH_EVERY))


def test_two_hundred_jobs_leave_a_worker_as_it_was(
    service: JobService, settings: Settings, farm: Farm, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    worker = farm.start("--concurrency", "2", TMPDIR=str(temporary))
    texts = _texts()

    def run(jobs: int) -> None:
        for _ in range(0, jobs, WAITING):
            for job in [service.submit(spec_of(next(texts))).id for _ in range(WAITING)]:
                assert ended(service, job).state is JobState.REVIEW
            assert not left_in(settings)

    run(WARM)
    held = [_held(worker, [temporary, settings.cache / "work"])]
    for _ in range(0, JOBS, WAITING):
        run(WAITING)
        held.append(_held(worker, [temporary, settings.cache / "work"]))
    early, late = held[: len(held) // 2], held[len(held) // 2 :]
    assert len({h.processes for h in held}) == 1
    # A process opens a connection when it first needs one; what leaks never comes down to where it was.
    assert min(h.files for h in late) <= max(h.files for h in early), [h.files for h in held]
    assert min(h.temporary for h in late) <= max(h.temporary for h in early), [h.temporary for h in held]
    assert held[-1].bytes <= held[0].bytes * MEMORY_PART, [h.bytes for h in held]
