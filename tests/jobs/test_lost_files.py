"""Files that jobs need: no clearing takes them, and nothing is approved or handed out that is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.errors import JobConflict, StorageError
from anchor.core.job import Job, JobState
from anchor.jobs.retention import clear
from anchor.jobs.service import JobService
from anchor.pipeline.services import Services
from anchor.settings import Settings
from anchor.store.store import open_store
from tests.jobs.work import spec_of, work_off

pytestmark = pytest.mark.media


def finished(service: JobService, settings: Settings, services: Services) -> Job:
    job = service.submit(spec_of())
    work_off(settings, services)
    return service.get(job.id)


def contents(service: JobService, job: str) -> dict[str, bytes]:
    return {kind: path.read_bytes() for kind, path in service.result(job)}


def test_clearing_the_cache_leaves_what_jobs_hold(service: JobService, settings: Settings, services: Services) -> None:
    job = finished(service, settings, services)
    made = contents(service, job.id)
    with services.store.workdir() as work:
        (work / "x.txt").write_text("nobody's")
        unheld = settings.cache / services.store.put(work / "x.txt").path
    (settings.cache / "plates").unlink()  # the tests' own
    cleared = clear(settings)
    assert cleared.jobs == 1 and cleared.kept_bytes > 0 and cleared.bytes >= len("nobody's")
    assert not unheld.exists()
    assert contents(service, job.id) == made
    assert service.approve(job.id, who="chen").state is JobState.APPROVED
    assert contents(service, job.id) == made


def forget_shared(settings: Settings, job: Job) -> None:
    """Lose a job's files in the shared store, too."""
    remote = open_store(settings).remote
    for output in job.outputs if remote is not None else ():
        remote.remove(output.artifact.path)


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda p: p.write_bytes(b""), lambda p: p.write_bytes(b"x" * p.stat().st_size)]
)
@pytest.mark.parametrize("kind", ["video", "captions-srt"])
def test_a_clip_that_is_gone_or_damaged_is_not_approved_and_can_be_made_again(
    service: JobService, settings: Settings, services: Services, harm: Callable[[Path], object], kind: str
) -> None:
    job = finished(service, settings, services)
    made = contents(service, job.id)
    with pytest.raises(JobConflict, match="cannot be retried"):
        service.retry(job.id)
    harm(dict(service.result(job.id))[kind])
    forget_shared(settings, job)
    for ask in (lambda: service.result(job.id), lambda: service.approve(job.id, who="chen")):
        with pytest.raises(StorageError, match="anchor jobs retry"):
            ask()
    assert service.get(job.id).state is JobState.REVIEW
    assert service.retry(job.id, who="chen").state is JobState.QUEUED
    work_off(settings, services)
    assert service.get(job.id).state is JobState.REVIEW
    assert contents(service, job.id) == made
    assert service.approve(job.id, who="chen").state is JobState.APPROVED


def test_an_approved_clip_that_is_gone_comes_to_review_again(
    service: JobService, settings: Settings, services: Services
) -> None:
    job = finished(service, settings, services)
    service.approve(job.id, who="chen")
    for path in (settings.cache / "objects").rglob("*.mp4"):
        path.unlink()
    forget_shared(settings, job)
    assert service.retry(job.id, who="chen").state is JobState.QUEUED
    work_off(settings, services)
    assert service.get(job.id).state is JobState.REVIEW
    assert all(path.is_file() for _, path in service.result(job.id))


def test_with_a_shared_store_what_the_folder_lost_is_fetched(
    service: JobService, settings: Settings, services: Services
) -> None:
    if not settings.store:
        pytest.skip("one machine")
    job = finished(service, settings, services)
    made = contents(service, job.id)
    for output in job.outputs:
        (settings.cache / output.artifact.path).write_bytes(b"damaged")
    assert contents(service, job.id) == made
    assert open_store(settings).is_whole(job.outputs[0].artifact)
