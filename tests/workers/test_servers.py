"""A farm of two machines: rows in PostgreSQL, files on an S3-compatible server, a cache of its own for each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import StorageError
from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings
from tests.jobs.postgres_server import PostgresServer
from tests.jobs.work import spec_of
from tests.store.s3_server import Bucket
from tests.workers.farm import Farm, ended, left_in, made_of, outputs_of, wait_for
from tests.workers.reference import digests_of, own_cache

pytestmark = [pytest.mark.media, pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server to stop and to start."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, postgres: PostgresServer) -> Iterator[Settings]:
    """Servers in the place of files; claims that run out soon."""
    limits = replace(settings.jobs, lease_s=8.0)
    with Bucket() as bucket:
        yield replace(
            settings,
            database=postgres.fresh_url(),
            store=bucket.fresh_url(),
            store_options=bucket.options,
            jobs=limits,
        )


def test_two_machines_share_rows_and_files(
    service: JobService, settings: Settings, farm: Farm, plates: Path, tmp_path: Path
) -> None:
    caches = [own_cache(tmp_path / name, plates) for name in ("one", "two")]
    workers = [farm.start(ANCHOR_CACHE=str(cache)) for cache in caches]
    specs = [spec_of(f"第{n}則，爸爸買饅頭。", "媽媽跑步。") for n in "一二三"]
    jobs = [service.submit(spec).id for spec in specs]
    wait_for(lambda: all('"unit done"' in farm.log(n).read_text() for n in range(2)))
    # A machine is gone in the middle and comes back; nothing that it had finished is made again.
    wait_for(lambda: any(("render", 0) in made_of(service, job) for job in jobs))
    farm.kill(workers[0])
    time.sleep(1)
    farm.start(ANCHOR_CACHE=str(caches[0]))
    for n, (job, spec) in enumerate(zip(jobs, specs, strict=True)):
        found = ended(service, job)
        assert found.state is JobState.REVIEW, found.fault
        assert set(made_of(service, job).values()) == {1}
        if n == 0:
            alone = replace(settings, store="", store_options=())
            assert outputs_of(service, job) == digests_of(spec, alone, own_cache(tmp_path / "own", plates))
        # This machine has made nothing: it fetches.
        files = dict(service.result(job))
        assert f"第{'一二三'[n]}則" in files["captions-srt"].read_text(encoding="utf-8")
        assert files["video"].stat().st_size > 10_000 and files["video"].is_relative_to(settings.cache)
    again = service.submit(specs[0], key="again").id
    assert ended(service, again).state is JobState.REVIEW and not made_of(service, again)
    wait_for(lambda: not any(left_in(replace(settings, cache=cache)) for cache in caches), 10)


def test_a_database_that_goes_and_comes_back(service: JobService, farm: Farm, postgres: PostgresServer) -> None:
    worker = farm.start("--concurrency", "2")
    jobs = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。")).id for n in "一二"]
    wait_for(lambda: any(made_of(service, job) for job in jobs))
    postgres.stop()
    with pytest.raises(StorageError, match="job database"):
        service.submit(spec_of("媽媽跑步。"))
    time.sleep(5)
    assert worker.poll() is None
    postgres.start()
    for job in jobs:
        found = ended(service, job)
        assert found.state is JobState.REVIEW, found.fault
        assert set(made_of(service, job).values()) == {1}
    assert farm.stop(worker) == 0
    assert "Traceback" not in farm.log(0).read_text()
