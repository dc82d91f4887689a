"""Workers killed by SIGKILL, in every stage and at any moment."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.pipeline.graph import STAGES
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, ended, family, left_in, made_of, next_held, outputs_of, rig, units_in, wait_for
from tests.workers.reference import digests_of, own_cache

pytestmark = [pytest.mark.media, pytest.mark.alone]
LONG = tuple(f"第{n}段，爸爸買饅頭，媽媽跑步，大家好，這裡是測試，今天的天氣很好。" for n in range(6))


@pytest.mark.slow
def test_killed_in_every_stage_and_nothing_is_made_twice(
    service: JobService,
    settings: Settings,
    farm: Farm,
    plates: Path,
    tmp_path: Path,
) -> None:
    held = tmp_path / "held"
    held.mkdir()
    worker = farm.start(program=rig("hold", held))
    spec = spec_of("爸爸買饅頭，媽媽跑步。")
    job = service.submit(spec).id
    killed: set[str] = set()
    number = 0
    while killed < set(STAGES):
        stage = next_held(held, set(STAGES) - killed)
        if number % 2:
            farm.kill(worker)
            killed |= {name for name in STAGES if (held / name).exists()}
            worker = farm.start(program=rig("hold", held))
        else:
            os.kill(int((held / stage).read_text()), signal.SIGKILL)
            killed.add(stage)
        number += 1
        wait_for(lambda stage=stage: any(of == stage for of, _ in units_in(service, job, "done")))  # type: ignore[misc]
    assert ended(service, job).state is JobState.REVIEW
    assert Counter(stage for stage, _ in units_in(service, job, "lost")) == Counter(list(STAGES))
    made = made_of(service, job)
    assert set(made.values()) == {1} and {stage for stage, _ in made} == set(STAGES)
    assert outputs_of(service, job) == digests_of(spec, settings, own_cache(tmp_path / "own", plates))
    assert not left_in(settings)


@pytest.mark.slow
def test_a_new_process_inherits_nothing_half_done(service: JobService, farm: Farm, tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    folder.mkdir()
    farm.start(program=rig("busy", folder))
    job = service.submit(spec_of("大家好。")).id
    assert ended(service, job).state is JobState.REVIEW
    assert {path.name for path in folder.iterdir()} == set(STAGES), "a child inherited a lock of its parent's threads"


@pytest.mark.slow
def test_ffmpeg_dies_with_its_worker(service: JobService, farm: Farm) -> None:
    worker = farm.start()
    job = service.submit(spec_of(*LONG)).id
    for stage in ("render", "join"):
        encoders: list[psutil.Process] = []
        makers: list[int] = []

        def encoding(stage: str = stage, found: list[psutil.Process] = encoders, parents: list[int] = makers) -> bool:
            try:
                found[:] = [p for p in family(worker) if p.name() == "ffmpeg"]
                parents[:] = [p.ppid() for p in found]
            except psutil.NoSuchProcess:  # it has just ended: the next one
                return False
            begun, done = Counter(units_in(service, job, "running")), Counter(units_in(service, job, "done"))
            return bool(found) and any(of == stage for of, _ in begun - done)

        wait_for(encoding)
        os.kill(makers[0], signal.SIGKILL)
        gone, alive = psutil.wait_procs(encoders, timeout=5)
        assert gone and not alive
    service.cancel(job)
    assert ended(service, job).state is JobState.CANCELLED


@pytest.mark.slow
def test_workers_killed_at_random_moments(service: JobService, settings: Settings, farm: Farm) -> None:
    dice = random.Random(5)
    jobs = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。", "媽媽跑步。")).id for n in range(5)]

    def begun() -> int:
        return sum(len(units_in(service, job, "running")) for job in jobs)

    def done() -> bool:
        return all(service.get(job).state is JobState.REVIEW for job in jobs)

    for turn in range(10):
        before = begun()
        worker = farm.start("--concurrency", "2")
        # However long the machine takes to start it: it is killed over a unit, not before its first.
        wait_for(lambda before=before: begun() > before or done())
        time.sleep(dice.uniform(0.0, 2.0))
        if turn % 3 == 2:
            for one in family(worker):
                one.kill()
            time.sleep(dice.uniform(0.2, 1.0))
        if turn % 3 == 1:
            # The first process alone: what it started ends by itself, with its unit.
            orphans = family(worker)
            worker.kill()
            worker.wait()
            assert not psutil.wait_procs(orphans, timeout=60)[1]
        farm.kill(worker)
    farm.start("--concurrency", "2")
    lost = 0
    for job in jobs:
        found = ended(service, job)
        assert found.state is JobState.REVIEW, found.fault
        assert set(made_of(service, job).values()) == {1}, "work that was done is not done again"
        lost += len(units_in(service, job, "lost"))
    assert lost, "the kills hit nothing"
    assert not left_in(settings)


def test_plates_that_were_being_keyed_leave_nothing(service: JobService, settings: Settings, farm: Farm) -> None:
    (settings.cache / "plates").unlink()
    worker = farm.start()
    service.submit(spec_of("大家好。"))
    wait_for(lambda: any(settings.cache.rglob(".*.planes*")))
    farm.kill(worker)
    assert left_in(settings)
    # Any worker of the machine clears away, here one that has nothing to do.
    farm.start("--queues", "gpu")
    wait_for(lambda: not left_in(settings), 30)
    assert not any(settings.cache.rglob(".*.planes*"))
