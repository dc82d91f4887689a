"""Jobs on a real Redis and real workers: right whatever dies."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.pipeline.services import Context, Services
from anchor.pipeline.units import JobSpec, Unit, first_units, job_result, needs, next_units, run_unit
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, RedisServer, ended, wait_for
from workers.broker import Marks
from workers.dispatcher import CeleryDispatcher

pytestmark = pytest.mark.media
TWO = ("大家好，這裡是測試。", "爸爸買饅頭，媽媽跑步。")


def _inline(spec: JobSpec, settings: Settings, cache: Path) -> dict[str, str]:
    """Kind → digest of what the same job gives in this process."""
    with Services(replace(settings, cache=cache)) as services:
        done: set[Unit] = set()
        ready = list(first_units(spec))
        while ready:
            unit = ready.pop(0)
            run_unit(spec, unit, services, Context())
            done.add(unit)
            after = [u for u in next_units(spec, unit, services) if u not in done and u not in ready]
            ready += [u for u in after if set(needs(spec, u, services)) <= done]
        return {kind: file.digest for kind, file in job_result(spec, services)}


def _made(service: JobService, job: str) -> Counter[tuple[str, int]]:
    """How often each unit was really made."""
    facts = [dict(e.facts) for e in service.events(job) if e.kind == "unit"]
    return Counter((str(f["stage"]), int(str(f["index"]))) for f in facts if f["state"] == "done" and not f["cached"])


def _outputs(service: JobService, job: str) -> dict[str, str]:
    return {o.kind: o.artifact.digest for o in service.get(job).outputs}


def test_a_job_goes_through_the_farm_as_it_goes_inline(
    service: JobService, settings: Settings, farm: Farm, plates: Path, tmp_path: Path
) -> None:
    worker = farm.start("--concurrency", "2")
    spec = spec_of(*TWO)
    job = service.submit(spec).id
    found = ended(service, job)
    assert found.state is JobState.REVIEW, (found.fault, farm.log(0).read_text())
    made = _made(service, job)
    assert set(made.values()) == {1}
    assert {stage for stage, _ in made} == {
        *("prepare", "speak", "sync", "compose", "render", "join", "deliver", "check")
    }
    assert max(index for stage, index in made if stage == "render") >= 1
    own = tmp_path / "own"
    own.mkdir()
    (own / "plates").symlink_to(plates)
    assert _outputs(service, job) == _inline(spec, settings, own)
    # The same delivery again, twice at the same time: nothing is made, nothing breaks.
    dispatcher = CeleryDispatcher(settings)
    for _ in range(2):
        Marks(settings.redis).drop(job, Unit("render", 0))
        dispatcher._send(job, Unit("render", 0), service.get(job).priority)
    again = service.submit(spec_of(*TWO), key="other").id
    assert ended(service, again).state is JobState.REVIEW
    assert _made(service, again) == Counter() and _outputs(service, again) == _outputs(service, job)
    assert _made(service, job) == made
    assert farm.stop(worker) == 0
    log = farm.log(0).read_text()
    assert job in log and "大家好" not in log and "測試" not in log


def test_breaking_news_overtakes_a_batch_at_the_next_unit(service: JobService, farm: Farm) -> None:
    batch = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。"), priority="batch").id for n in range(6)]
    farm.start("--concurrency", "1")
    wait_for(lambda: any(_made(service, job) for job in batch))
    before = sum(sum(_made(service, job).values()) for job in batch)
    news = service.submit(spec_of("快訊，媽媽跑步。"), priority="breaking").id
    wait_for(lambda: bool(_made(service, news)))
    # The unit that ran when it came, and the one that was already handed to the worker.
    assert sum(sum(_made(service, job).values()) for job in batch) - before <= 3
    assert ended(service, news).state is JobState.REVIEW
    assert any(service.get(job).state is JobState.QUEUED for job in batch[1:])


def test_redis_killed_and_restarted_loses_nothing(service: JobService, farm: Farm, redis_server: RedisServer) -> None:
    farm.start("--concurrency", "2")
    jobs = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。")).id for n in range(3)]
    wait_for(lambda: any(_made(service, job) for job in jobs))
    redis_server.kill()
    late = service.submit(spec_of("媽媽跑步。")).id
    assert service.get(late).state is JobState.QUEUED
    time.sleep(3)
    redis_server.start()
    for job in (*jobs, late):
        assert ended(service, job).state is JobState.REVIEW, farm.log(0).read_text()
        assert set(_made(service, job).values()) == {1}


def test_cancel_stops_a_job_within_two_seconds(service: JobService, settings: Settings, farm: Farm) -> None:
    farm.start("--concurrency", "2")
    job = service.submit(spec_of(*(f"第{n}段，爸爸買饅頭，媽媽跑步，大家好。" for n in range(6)))).id
    wait_for(lambda: any(e.kind == "unit" and dict(e.facts)["stage"] == "render" for e in service.events(job)))
    service.cancel(job)
    begun = time.monotonic()
    wait_for(lambda: service.get(job).state is JobState.CANCELLED, 30)
    assert time.monotonic() - begun < 10, "a busy machine may take longer than the two seconds of a quiet one"
    assert not list((settings.cache / "work").iterdir())
