"""Cancelling on a farm: within two seconds nothing of the job runs, and nothing half-written stays."""

from __future__ import annotations

import random
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from anchor.core.job import JobState, UnitState
from anchor.jobs.database import open_database
from anchor.jobs.rows import UnitRow
from anchor.jobs.service import JobService
from anchor.pipeline.graph import STAGES
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, ended, family, left_in, made_of, next_held, rig, units_in, wait_for

pytestmark = [pytest.mark.media, pytest.mark.slow, pytest.mark.alone]
PROMISED_S = 2.0


def _cancel(service: JobService, job: str) -> float:
    """Seconds until the job is cancelled."""
    begun = time.monotonic()
    service.cancel(job)
    wait_for(lambda: service.get(job).state is JobState.CANCELLED, 20)
    return time.monotonic() - begun


def _encoders() -> list[psutil.Process]:
    """Every ffmpeg that runs under this test."""
    found = [p for p in psutil.Process().children(recursive=True) if p.name() == "ffmpeg"]
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_a_unit_of_any_stage_that_hears_nothing_is_gone_in_time(
    service: JobService, settings: Settings, farm: Farm, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    held.mkdir()
    farm.start(program=rig("hold", held))
    job = service.submit(spec_of("爸爸買饅頭。")).id
    took = {}
    for _ in STAGES:
        stage = next_held(held, set(STAGES) - set(took))
        busy = int((held / stage).read_text())
        took[stage] = _cancel(service, job)
        assert not left_in(settings) and not _encoders()
        assert not psutil.pid_exists(busy) or psutil.Process(busy).status() == psutil.STATUS_ZOMBIE
        service.retry(job)
    assert ended(service, job).state is JobState.REVIEW
    assert max(took.values()) <= PROMISED_S, took
    assert set(made_of(service, job).values()) == {1}, "what was done is not done again"


def test_a_job_that_draws_is_gone_in_time_at_any_moment(service: JobService, settings: Settings, farm: Farm) -> None:
    farm.start("--concurrency", "2")
    dice, took = random.Random(7), []
    for turn in range(6):
        sentences = (f"第{turn}回，第{n}段，爸爸買饅頭，媽媽跑步，大家好，今天的天氣很好。" for n in range(3))
        job = service.submit(spec_of(*sentences)).id
        stage = ("render", "render", "sync")[turn % 3]
        wait_for(lambda job=job, stage=stage: (stage, 0) in units_in(service, job, "running"))  # type: ignore[misc]
        time.sleep(dice.uniform(0.0, 0.6))
        busy = _running(settings, job)
        took.append(_cancel(service, job))
        assert not _running(settings, job)
        assert not left_in(settings) and not _encoders(), f"cancelled in {busy}"
    assert max(took) <= PROMISED_S, took


def test_a_deaf_unit_whose_worker_is_dead_is_ended_by_another(
    service: JobService, settings: Settings, farm: Farm
) -> None:
    worker = farm.start(program=rig("stuck", "speak", 600))
    job = service.submit(spec_of("大家好。")).id
    wait_for(lambda: ("speak", 0) in units_in(service, job, "running"))
    orphans = family(worker)
    worker.kill()
    worker.wait()
    farm.start("--queues", "gpu")
    service.cancel(job)
    assert ended(service, job).state is JobState.CANCELLED
    assert not psutil.wait_procs(orphans, timeout=10)[1]
    assert not left_in(settings)


def _running(settings: Settings, job: str) -> list[str]:
    """Stages of which a unit is being made."""
    with open_database(settings).reading() as session:
        made = select(UnitRow.stage).where(UnitRow.job == job, UnitRow.state == UnitState.RUNNING.value)
        return list(session.scalars(made))
