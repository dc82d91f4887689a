"""The job service's core, on SQLite with a folder and on PostgreSQL with an S3-compatible store."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import JobConflict, JobError, QueueFull, ScriptError
from anchor.core.job import Job, JobState, Priority
from anchor.jobs.claims import Claim, claim_unit, owner_name
from anchor.jobs.database import Database, open_database
from anchor.jobs.dispatch import Outcome
from anchor.jobs.execute import execute_unit, unit_limit_s
from anchor.jobs.rows import UnitRow
from anchor.jobs.service import JobService
from anchor.jobs.states import NEXT, check_change
from anchor.media.probe import probe_media
from anchor.pipeline.graph import STAGES, Unit
from anchor.pipeline.services import Services
from anchor.settings import JobLimits, Settings, settings_from
from tests.jobs.work import TOYS, NobodyWorks, ready, spec_of, work_off

pytestmark = pytest.mark.media
BROKEN = replace(TOYS, look="breaking", rendition="vertical-1080p")
"""A look that has no layout for that shape."""


def test_a_job_from_submit_to_published(service: JobService, settings: Settings, services: Services) -> None:
    job = service.submit(spec_of("大家好。", "爸爸買饅頭。"), who="lin")
    assert (job.state, job.percent) == (JobState.QUEUED, 0)
    with pytest.raises(JobConflict, match="has no result"):
        service.result(job.id)
    made = work_off(settings, services)
    assert {e.outcome for _, _, e in made} == {Outcome.DONE}
    assert sorted((u.stage, u.index) for _, u, _ in made if u.stage in ("speak", "sync")) == [
        ("speak", 0),
        ("speak", 1),
        ("sync", 0),
        ("sync", 1),
    ]
    done = service.get(job.id[:15])
    assert (done.state, done.percent, done.done) == (JobState.REVIEW, 100, len(made))
    files = dict(service.result(job.id))
    assert set(files) == {"video", "captions-srt", "captions-vtt", "poster", "manifest"}
    assert "爸爸買饅頭" in files["captions-srt"].read_text(encoding="utf-8")
    assert probe_media(services.ffmpeg, files["video"]).video is not None
    for decide in (service.approve, service.publish):
        with pytest.raises(JobConflict, match="nobody is named"):
            decide(job.id, who="")
        decide(job.id, who="chen", reason="ok")
    assert service.get(job.id).state is JobState.PUBLISHED
    assert [(a.action, a.who) for a in service.audit(job.id)] == [
        ("publish", "chen"),
        ("approve", "chen"),
        ("submit", "lin"),
    ]
    numbers = [e.number for e in service.events(job.id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert service.events(job.id, after=numbers[-2])[0].number == numbers[-1]
    percents = [dict(e.facts)["percent"] for e in service.events(job.id) if e.kind == "progress"]
    assert percents == sorted(percents) and percents[-1] == 100  # type: ignore[type-var]
    figures = {f.stage: f for f in service.figures()}
    assert figures["sync"].done == 2 and figures["render"].seconds > 0
    files = dict(service.result(job.id))
    clip_s = json.loads(files["manifest"].read_text(encoding="utf-8"))["duration_s"]
    assert figures["render"].clip_s == figures["check"].clip_s == pytest.approx(clip_s, abs=0.05)
    assert 0 < figures["speak"].clip_s == figures["sync"].clip_s < clip_s and figures["prepare"].clip_s == 0


def test_another_machine_goes_on_and_a_second_delivery_costs_nothing(
    service: JobService, settings: Settings, services: Services, another: Callable[[], Services]
) -> None:
    job = service.submit(spec_of())
    first = work_off(settings, services, most=4)
    one, unit, _ = first[-1]
    assert execute_unit(one, unit.stage, unit.index, services, settings).outcome is Outcome.DONE
    other = another()
    work_off(other.settings, other)
    assert service.get(job.id).state is JobState.REVIEW
    again = service.submit(spec_of())
    assert again.id != job.id
    work_off(settings, services)
    cached = [dict(e.facts) for e in service.events(again.id) if e.kind == "unit" and dict(e.facts)["state"] == "done"]
    assert cached and all(facts["cached"] for facts in cached)
    assert [o.artifact.digest for o in service.get(again.id).outputs] == [
        o.artifact.digest for o in service.get(job.id).outputs
    ]


@pytest.mark.parametrize("joined", [False, True])
def test_a_job_that_fewer_stages_began_goes_on(
    service: JobService, settings: Settings, services: Services, joined: bool
) -> None:
    """An older Anchor knew neither `sound` nor `look`: they are made up for, and nothing else is made again."""
    job = service.submit(spec_of())
    while not any(unit.stage == "render" for _, unit in ready(settings)):
        work_off(settings, services, most=1)
    with open_database(settings).writing() as session:
        session.query(UnitRow).where(UnitRow.job == job.id, UnitRow.stage == "sound").delete()
        if joined:
            session.query(UnitRow).where(UnitRow.job == job.id, UnitRow.stage == "render").update({"state": "done"})
            session.add_all(UnitRow(job=job.id, stage=s, index=0, state="done") for s in ("deliver", "join"))
            session.add(UnitRow(job=job.id, stage="check", index=0, state="ready"))
    made = [unit.stage for _, unit, _ in work_off(settings, services)]
    assert service.get(job.id).state is JobState.REVIEW
    rest = ["check", "look", "sound"]
    assert sorted(made) == (rest if joined else sorted([*rest, "deliver", "join", "render"]))


def test_the_same_unit_delivered_twice_at_once_is_made_once(
    service: JobService, settings: Settings, services: Services, another: Callable[[], Services]
) -> None:
    job = service.submit(spec_of())
    work_off(settings, services, most=1)
    hands, outcomes = [services, another()], list[Outcome]()
    begin = threading.Barrier(2)

    def run(hand: Services) -> None:
        begin.wait()
        outcomes.append(execute_unit(job.id, "speak", 0, hand, hand.settings).outcome)

    threads = [threading.Thread(target=run, args=(h,)) for h in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Outcome.DONE in outcomes and set(outcomes) <= {Outcome.DONE, Outcome.BUSY}
    runs = [dict(e.facts) for e in service.events(job.id) if e.kind == "unit" and dict(e.facts)["stage"] == "speak"]
    assert [r["state"] for r in runs] == ["running", "done"]


def test_one_key_is_one_job_however_many_submit_it(service: JobService) -> None:
    found: list[Job] = []
    begin = threading.Barrier(8)

    def submit() -> None:
        begin.wait()
        found.append(service.submit(spec_of(), key="rundown-7"))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job.id for job in found}) == 1 and len(found) == 8
    with pytest.raises(JobConflict, match="another script"):
        service.submit(spec_of("別的稿子。"), key="rundown-7")
    assert service.submit(spec_of("別的稿子。"), key="rundown-8").id != found[0].id


def test_a_full_queue_says_so_and_takes_jobs_again(settings: Settings) -> None:
    service = JobService(replace(settings, jobs=replace(settings.jobs, queued=3)), NobodyWorks())
    jobs = [service.submit(spec_of(f"第{n}則。"), key=f"k{n}") for n in range(3)]
    with pytest.raises(QueueFull, match="3 jobs wait") as caught:
        service.submit(spec_of("第四則。"))
    assert caught.value.retryable and caught.value.http_status == 429
    assert service.submit(spec_of("第0則。"), key="k0") == jobs[0]
    service.cancel(jobs[0].id)
    assert service.submit(spec_of("第四則。")).state is JobState.QUEUED


def test_breaking_news_goes_first_and_batch_last(service: JobService, settings: Settings, services: Services) -> None:
    batch = service.submit(spec_of("批次。", "二。", "三。"), priority="batch")
    work_off(settings, services, most=2)
    normal = service.submit(spec_of("一般。"))
    breaking = service.submit(spec_of("快訊。"), priority=Priority.BREAKING)
    assert [job for job, _ in ready(settings)][:2] == [breaking.id, normal.id]
    made = work_off(settings, services, most=2)
    assert {job for job, _, _ in made} == {breaking.id}
    assert service.get(batch.id).state is JobState.RUNNING
    with pytest.raises(ScriptError, match=r"no priority 'now'.*breaking"):
        service.submit(spec_of(), priority="now")


def test_a_broken_job_fails_with_the_real_reason_and_only_that_job(
    service: JobService, settings: Settings, services: Services
) -> None:
    bad = service.submit(spec_of(choices=BROKEN))
    good = service.submit(spec_of("爸爸。"))
    work_off(settings, services)
    failed = service.get(bad.id)
    assert failed.state is JobState.FAILED and failed.fault is not None
    assert failed.fault.code == "pack" and "breaking" in failed.fault.message and not failed.fault.retryable
    assert service.get(good.id).state is JobState.REVIEW
    with pytest.raises(JobConflict, match="needs a reason"):
        service.reject(good.id, who="chen", reason=" ")
    rejected = service.reject(good.id, who="chen", reason="wrong name")
    assert rejected.fault is not None and "chen" in rejected.fault.message and "wrong name" in rejected.fault.message
    with pytest.raises(JobConflict, match="was rejected"):
        service.retry(good.id)


def test_what_fails_now_is_tried_again_and_a_retry_resumes(
    service: JobService, settings: Settings, services: Services
) -> None:
    job = service.submit(spec_of())
    work_off(settings, services, most=3)
    work = settings.cache / "work"
    work.rename(settings.cache / "aside")
    work.write_text("in the way")
    made = work_off(settings, services)
    assert [e.outcome for _, _, e in made] == [Outcome.RETRY, Outcome.STOPPED]
    failed = service.get(job.id)
    assert failed.state is JobState.FAILED and failed.fault is not None
    assert failed.fault.code == "storage" and failed.fault.retryable
    work.unlink()
    (settings.cache / "aside").rename(work)
    assert service.retry(job.id, who="lin").state is JobState.QUEUED
    resumed = [unit.stage for _, unit, _ in work_off(settings, services)]
    assert "prepare" not in resumed and "speak" not in resumed
    assert service.get(job.id).state is JobState.REVIEW


def test_dead_workers_lose_their_unit_and_a_poison_unit_ends_its_job(settings: Settings, services: Services) -> None:
    short = replace(settings, jobs=replace(settings.jobs, lease_s=0.01, losses=3))
    service = JobService(short, NobodyWorks())
    job = service.submit(spec_of())
    for _ in range(3):
        with open_database(short).writing() as session:
            taken = claim_unit(session, job.id, Unit("prepare"), owner_name(), short.jobs)
        assert isinstance(taken, Claim)
        while not ready(short):
            pass
    work_off(short, services)
    failed = service.get(job.id)
    assert failed.state is JobState.FAILED and failed.fault is not None
    assert "3 processes ended" in failed.fault.message
    service.retry(job.id)
    assert [e.outcome for _, _, e in work_off(settings, services, most=2)] == [Outcome.DONE] * 2


def test_cancel_waiting_and_running(service: JobService, settings: Settings, services: Services) -> None:
    waiting = service.submit(spec_of())
    assert service.cancel(waiting.id, who="lin").state is JobState.CANCELLED
    assert ready(settings) == []
    running = service.submit(spec_of("大家好。"), priority="breaking")
    with open_database(settings).writing() as session:
        claim_unit(session, running.id, Unit("prepare"), owner_name(), settings.jobs)
    assert service.cancel(running.id).state is JobState.CANCELLING
    assert service.cancel(running.id).state is JobState.CANCELLING
    with pytest.raises(JobConflict, match="cancelling"):
        service.retry(running.id)
    other = service.submit(spec_of(choices=BROKEN))
    work_off(settings, services)
    with pytest.raises(JobConflict, match="cannot be cancelled"):
        service.cancel(other.id)
    assert service.retry(waiting.id).state is JobState.QUEUED


def test_jobs_are_listed_filtered_and_paged(service: JobService) -> None:
    jobs = [service.submit(spec_of(f"第{n}則。"), key=f"k%{n}") for n in range(5)]
    service.cancel(jobs[1].id)
    newest = [job.id for job in reversed(jobs)]
    assert [job.id for job in service.list()] == newest
    assert [job.id for job in service.list(skip=1, most=2)] == newest[1:3]
    assert [job.id for job in service.list(states=(JobState.CANCELLED,))] == [jobs[1].id]
    assert [job.id for job in service.list(text="k%3")] == [jobs[3].id]
    assert service.list(text="k_3") == ()
    assert service.counts()[JobState.QUEUED] == 4
    with pytest.raises(JobError, match="no job 'nope'"):
        service.get("nope")
    with pytest.raises(JobError, match="several jobs"):
        service.get(jobs[0].id[:3])


def test_processes_that_start_at_once_upgrade_the_database_once(settings: Settings) -> None:
    begin, faults = threading.Barrier(6), list[Exception]()
    from anchor.jobs.database import database_url

    def start() -> None:
        database = Database(database_url(settings))
        begin.wait()
        try:
            database.upgrade()
        except Exception as error:
            faults.append(error)
        database.close()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert JobService(settings, NobodyWorks()).list() == ()


@pytest.mark.parametrize("now", list(JobState))
def test_the_table_of_states(now: JobState) -> None:
    for then in JobState:
        if then in NEXT[now]:
            check_change("j", now, then)
        else:
            with pytest.raises(JobConflict, match=f"is {now} and cannot become {then}"):
                check_change("j", now, then)


def test_rows_and_migrations_say_the_same(settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from anchor.jobs.database import REVISION
    from anchor.jobs.rows import Row

    database = open_database(settings)
    with database._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    config = Config()
    config.set_main_option("script_location", str(Path("anchor/jobs/migrations").absolute()))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_the_limit_of_a_unit_is_the_setting_where_there_is_one() -> None:
    own = JobLimits()
    assert [unit_limit_s(stage, own) for stage in STAGES] == [row.limit_s for row in STAGES.values()]
    asked = settings_from({"ANCHOR_JOBS_UNIT_S": "9000"}).jobs
    assert {unit_limit_s(stage, asked) for stage in STAGES} == {9000.0}
    assert {unit_limit_s(stage, JobLimits(unit_s=5.0)) for stage in STAGES} == {5.0}
