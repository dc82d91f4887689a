"""Jobs on a real Redis and real workers: right whatever dies."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.pipeline.graph import STAGES, Unit
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, RedisServer, ended, made_of, outputs_of, wait_for
from tests.workers.reference import digests_of, own_cache
from workers.broker import Marks
from workers.dispatcher import CeleryDispatcher

pytestmark = [pytest.mark.media, pytest.mark.alone]
TWO = ("大家好，這裡是測試。", "爸爸買饅頭，媽媽跑步。")


def test_a_job_goes_through_the_farm_as_it_goes_inline(
    service: JobService, settings: Settings, farm: Farm, plates: Path, tmp_path: Path
) -> None:
    worker = farm.start("--concurrency", "2")
    spec = spec_of(*TWO)
    job = service.submit(spec).id
    found = ended(service, job)
    assert found.state is JobState.REVIEW, (found.fault, farm.log(0).read_text())
    made = made_of(service, job)
    assert set(made.values()) == {1}
    assert {stage for stage, _ in made} == set(STAGES)
    assert max(index for stage, index in made if stage == "render") >= 1
    own = own_cache(tmp_path / "own", plates)
    assert outputs_of(service, job) == digests_of(spec, settings, own)
    # The same delivery again, twice at the same time: nothing is made, nothing breaks.
    dispatcher = CeleryDispatcher(settings)
    for _ in range(2):
        Marks(settings.redis).drop(job, Unit("render", 0))
        dispatcher._send(job, Unit("render", 0), service.get(job).priority)
    again = service.submit(spec_of(*TWO), key="other").id
    assert ended(service, again).state is JobState.REVIEW
    assert made_of(service, again) == Counter() and outputs_of(service, again) == outputs_of(service, job)
    assert made_of(service, job) == made
    assert farm.stop(worker) == 0
    log = farm.log(0).read_text()
    assert job in log and "大家好" not in log and "測試" not in log


def test_breaking_news_overtakes_a_batch_at_the_next_unit(service: JobService, farm: Farm) -> None:
    batch = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。"), priority="batch").id for n in range(6)]
    farm.start("--concurrency", "1")
    wait_for(lambda: any(made_of(service, job) for job in batch))
    before = sum(sum(made_of(service, job).values()) for job in batch)
    news = service.submit(spec_of("快訊，媽媽跑步。"), priority="breaking").id
    wait_for(lambda: bool(made_of(service, news)))
    # The unit that ran when it came, and the one that was already handed to the worker.
    assert sum(sum(made_of(service, job).values()) for job in batch) - before <= 3
    assert ended(service, news).state is JobState.REVIEW
    assert any(service.get(job).state is JobState.QUEUED for job in batch[1:])


@pytest.mark.slow
def test_the_first_of_many_jobs_is_soon_done(service: JobService, farm: Farm) -> None:
    jobs = [service.submit(spec_of(f"第{n}則。")).id for n in range(5)]
    farm.start("--concurrency", "1")
    assert ended(service, jobs[0]).state is JobState.REVIEW
    assert sum(service.get(job).state is JobState.QUEUED for job in jobs[1:]) >= 2, "begun before the first was done"


def test_redis_killed_and_restarted_loses_nothing(service: JobService, farm: Farm, redis_server: RedisServer) -> None:
    farm.start("--concurrency", "2")
    jobs = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。")).id for n in range(3)]
    wait_for(lambda: any(made_of(service, job) for job in jobs))
    redis_server.kill()
    late = service.submit(spec_of("媽媽跑步。")).id
    assert service.get(late).state is JobState.QUEUED
    time.sleep(3)
    redis_server.start()
    for job in (*jobs, late):
        assert ended(service, job).state is JobState.REVIEW, farm.log(0).read_text()
        assert set(made_of(service, job).values()) == {1}


@pytest.mark.slow
def test_a_minute_without_redis(service: JobService, farm: Farm, redis_server: RedisServer) -> None:
    worker = farm.start("--concurrency", "2")
    before = service.submit(spec_of("第一則，爸爸買饅頭。")).id
    wait_for(lambda: bool(made_of(service, before)))
    redis_server.kill()
    gone = time.monotonic()
    while time.monotonic() - gone < 60:
        asked = time.monotonic()
        last = service.submit(spec_of("第二則，媽媽跑步。"), key="while it is away")
        assert last.state is JobState.QUEUED and time.monotonic() - asked < 5, "a submit is answered, and soon"
        time.sleep(5)
    assert worker.poll() is None
    redis_server.start()
    back = time.monotonic()
    wait_for(lambda: bool(made_of(service, last.id)), 60)
    assert time.monotonic() - back < 45, "workers come back by themselves"
    for job in (before, last.id):
        assert ended(service, job).state is JobState.REVIEW, farm.log(0).read_text()
        assert set(made_of(service, job).values()) == {1}
    assert farm.stop(worker) == 0
    assert "Traceback" not in farm.log(0).read_text()
