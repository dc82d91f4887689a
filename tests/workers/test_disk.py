"""A worker's disk that is full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings
from tests.jobs.tiny_disk import TinyDisk
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, ended, left_in, made_of, wait_for

pytestmark = [pytest.mark.media, pytest.mark.alone]


@pytest.fixture
def disk(tmp_path: Path, plates: Path) -> Iterator[TinyDisk]:
    """Space for what a job takes along."""
    with TinyDisk(tmp_path / "disk", "200m") as made:
        (made.folder / "plates").symlink_to(plates)
        yield made


@pytest.fixture
def settings(settings: Settings, disk: TinyDisk) -> Settings:
    """The cache, which is the store here, on that disk."""
    return replace(settings, cache=disk.folder)


def test_a_full_disk_fails_the_job_clearly_and_a_retry_resumes(
    service: JobService, settings: Settings, farm: Farm, disk: TinyDisk
) -> None:
    job = service.submit(spec_of("爸爸買饅頭，媽媽跑步。")).id
    disk.leave(300)  # for its sound, not for its picture
    farm.start()
    failed = ended(service, job)
    assert failed.state is JobState.FAILED and failed.fault is not None
    assert failed.fault.code == "storage" and failed.fault.retryable and "space" in failed.fault.hint
    assert failed.done >= 1
    retries = [dict(e.facts)["code"] for e in service.events(job) if e.kind == "retry"]
    assert set(retries) == {"storage"}
    wait_for(lambda: not left_in(settings), 5)
    disk.grow("200m")
    service.retry(job)
    found = ended(service, job)
    assert found.state is JobState.REVIEW, found.fault
    assert set(made_of(service, job).values()) == {1}, "what was done is not done again"
    assert not left_in(settings)
