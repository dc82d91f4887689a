"""What `anchor gc` and the hourly sweep delete, and what they never touch."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.retention import references, sweep
from anchor.jobs.service import JobService
from anchor.pipeline.services import Services
from anchor.settings import Settings
from anchor.store.store import open_store
from tests.jobs.work import spec_of, work_off

pytestmark = pytest.mark.media


def test_files_live_as_long_as_a_job_needs_them(service: JobService, settings: Settings, services: Services) -> None:
    one, two = service.submit(spec_of()), service.submit(spec_of())
    other = service.submit(spec_of("爸爸。"))
    work_off(settings, services)
    counts = references(settings)
    shared = [o.artifact.path for o in service.get(one.id).outputs]
    assert all(counts[path] == 2 for path in shared)
    assert all(counts[o.artifact.path] == 1 for o in service.get(other.id).outputs if o.kind == "video")
    # Under review nothing goes, however small the bounds.
    freed = sweep(settings, keep_days=0, unused_days=0, grace_s=0)
    assert freed.jobs == () and all(service.get(j.id).state is JobState.REVIEW for j in (one, two, other))
    service.approve(one.id, who="chen")
    dry = sweep(settings, keep_days=0, unused_days=0, grace_s=0, dry=True)
    assert dry.jobs == (one.id,) and service.get(one.id).state is JobState.APPROVED
    freed = sweep(settings, keep_days=0, unused_days=0, grace_s=0)
    assert freed.jobs == (one.id,)
    # The second job needs the same files.
    assert all(path.is_file() for _, path in service.result(two.id))
    service.approve(two.id, who="chen")
    freed = sweep(settings, keep_days=0, unused_days=30, grace_s=0)
    assert freed.jobs == (two.id,) and freed.files > 0 and freed.bytes > 0
    left = {f.path for f in open_store(settings).files()}
    assert not {p for p in shared if p.endswith(".mp4")} & left
    assert all(path.is_file() for _, path in service.result(other.id))
    assert {a.action for a in service.audit(two.id)} == {"submit", "approve", "expire"}
    # What went is made again.
    again = service.submit(spec_of())
    work_off(settings, services)
    assert service.get(again.id).state is JobState.REVIEW


def test_the_oldest_go_when_they_hold_too_much(service: JobService, settings: Settings) -> None:
    jobs = [service.submit(spec_of(f"第{n}則。")) for n in range(3)]
    for job in jobs:
        service.cancel(job.id)
    assert sweep(settings, keep_days=1, keep_gb=1e-9).jobs == ()
    assert sweep(settings, keep_days=0).jobs == tuple(job.id for job in jobs)
    assert service.list() == ()


def test_size_counts_what_jobs_hold(service: JobService, settings: Settings, services: Services) -> None:
    jobs, packs = [], 0
    for text in ("爸爸買饅頭。", "媽媽跑步。"):
        jobs.append(service.submit(spec_of(text)))
        packs = packs or sum(f.size for f in open_store(settings).files())
        work_off(settings, services, most=3)
        service.cancel(jobs[-1].id)
    assert sweep(settings, keep_days=1, keep_gb=1).jobs == ()
    held = sum(f.size for f in open_store(settings).files()) - packs
    assert packs > held, "what all jobs share is no one's"
    assert sweep(settings, keep_days=1, keep_gb=held * 0.7 / 1e9).jobs == (jobs[0].id,)


def test_unused_files_go_by_age_and_young_ones_stay(local: Settings) -> None:
    store = open_store(local)
    made = []
    for text in ("old", "young"):
        with store.workdir() as work:
            (work / "x.txt").write_text(text)
            made.append(store.put(work / "x.txt"))
    old = local.cache / made[0].path
    os.utime(old, (time.time() - 5 * 86400,) * 2)
    assert sweep(local, unused_days=6).files == 0
    freed = sweep(local, unused_days=3)
    assert (freed.files, freed.kept_files) == (1, 1)
    assert not old.exists() and Path(local.cache / made[1].path).is_file()
    # A young file may be a running unit's: not even `0 days` takes it.
    assert sweep(local, unused_days=0).files == 0
