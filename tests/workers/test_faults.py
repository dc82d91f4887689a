"""What goes wrong inside a unit: its job ends with the real reason, or it is tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, ended, family, left_in, made_of, rig, units_in, wait_for

pytestmark = [pytest.mark.media, pytest.mark.alone]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Few tries."""
    return replace(settings, jobs=replace(settings.jobs, losses=3))


def test_a_unit_that_kills_its_worker_ends_its_job_and_no_other(service: JobService, farm: Farm) -> None:
    farm.start(program=rig("poison", "sync"))
    job = service.submit(spec_of("爸爸買饅頭。")).id
    found = ended(service, job)
    assert found.state is JobState.FAILED and found.fault is not None
    assert "3 processes ended while they made sync 0" in found.fault.message
    assert len(units_in(service, job, "lost")) == 3
    # The worker itself lives, and so does the farm.
    farm.start()
    assert service.retry(job).state is JobState.QUEUED
    assert ended(service, job).state in (JobState.REVIEW, JobState.FAILED)


def test_an_engine_that_is_away_is_asked_again_and_one_that_says_no_is_not(
    service: JobService, farm: Farm, tmp_path: Path
) -> None:
    farm.start(program=rig("broken", "speak", tmp_path))
    job = service.submit(spec_of("媽媽跑步。")).id
    found = ended(service, job)
    assert found.state is JobState.FAILED and found.fault is not None
    assert (found.fault.code, found.fault.retryable, found.fault.stage) == ("engine", False, "speak")
    assert "says no" in found.fault.message
    retries = [dict(e.facts) for e in service.events(job) if e.kind == "retry"]
    assert [r["code"] for r in retries] == ["engine-unavailable"]
    assert units_in(service, job, "running").count(("speak", 0)) == 2
    assert made_of(service, job) == {("prepare", 0): 1}


def test_an_encoder_that_the_system_kills_is_started_again(service: JobService, farm: Farm, tmp_path: Path) -> None:
    farm.start(program=rig("killed", tmp_path))
    job = service.submit(spec_of("媽媽跑步。")).id
    found = ended(service, job)
    assert found.state is JobState.REVIEW, found.fault
    assert [dict(e.facts)["code"] for e in service.events(job) if e.kind == "retry"] == ["media-killed"]


def test_a_unit_that_never_ends_is_ended(service: JobService, settings: Settings, farm: Farm) -> None:
    worker = farm.start(program=rig("stuck", "speak", 1.0))
    job = service.submit(spec_of("大家好。")).id
    wait_for(lambda: ("speak", 0) in units_in(service, job, "running"))
    busy = {p.pid for p in family(worker)}
    found = ended(service, job)
    assert found.state is JobState.FAILED and found.fault is not None
    assert "speak 0 has taken more than 1 s" in found.fault.message
    # Its process goes with what it left, another takes its place.
    wait_for(lambda: bool(family(worker)) and not busy & {p.pid for p in family(worker)}, 30)
    wait_for(lambda: not left_in(settings), 5)
