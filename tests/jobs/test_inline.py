"""The background service for real: its own processes, killed and cancelled at bad moments."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from anchor.core.job import JobState
from anchor.jobs.execute import execute_unit
from anchor.jobs.inline.dispatcher import InlineDispatcher, running_service
from anchor.jobs.service import JobService
from anchor.pipeline.services import Services
from anchor.settings import Settings
from tests.jobs.tiny_disk import TinyDisk
from tests.jobs.work import NobodyWorks, ready, spec_of, wait_for, work_off

pytestmark = [pytest.mark.media, pytest.mark.alone]
LONG = tuple("各位觀眾好，今天的天氣很好，請大家出門帶傘。" * 4 for _ in range(6))


@pytest.fixture
def background(local: Settings) -> Iterator[JobService]:
    """A service with background processes, which end with the test."""
    yield JobService(local, InlineDispatcher(local))
    _stop(local)


def _stop(settings: Settings) -> None:
    running = running_service(settings)
    if running is not None:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(running[0])
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _supervisor(settings: Settings) -> psutil.Process:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if (running := running_service(settings)) is not None:
            return psutil.Process(running[0])
        time.sleep(0.05)
    raise AssertionError("no background service")


def _left(settings: Settings) -> list[str]:
    """What is half-made in the cache."""
    work = [str(p) for p in (settings.cache / "work").glob("*")]
    return work + [str(p) for p in settings.cache.rglob("*.partial")]


def test_five_jobs_come_out_right_and_unmixed(background: JobService, local: Settings) -> None:
    words = ("爸爸", "媽媽", "饅頭", "麵包", "跑步")
    jobs = {word: background.submit(spec_of(f"{word}來了。"), key=word) for word in words}
    supervisor = _supervisor(local)
    for word, job in jobs.items():
        assert wait_for(background, job.id).state is JobState.REVIEW
        files = dict(background.result(job.id))
        text = files["captions-srt"].read_text(encoding="utf-8")
        assert [w for w in words if w in text] == [word]
    # Nothing to do: it ends by itself, and its workers with it.
    everything = [supervisor, *supervisor.children(recursive=True)]
    _, alive = psutil.wait_procs(everything, timeout=20)
    assert not alive and _left(local) == []
    log = (local.data or local.cache) / "jobs.log"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {"job", "stage", "index", "seconds"} <= set().union(*lines)
    assert not any(word in log.read_text(encoding="utf-8") for word in words)


def test_cancel_ends_everything_and_leaves_nothing(background: JobService, local: Settings) -> None:
    job = background.submit(spec_of(*LONG))
    supervisor = _supervisor(local)
    wait_for(
        background, job.id, lambda _: any(dict(e.facts).get("stage") == "render" for e in background.events(job.id))
    )
    assert background.cancel(job.id).state is JobState.CANCELLING
    wait_for(background, job.id, lambda j: j.state is JobState.CANCELLED, most_s=10)
    encoders = [p for p in supervisor.children(recursive=True) if "ffmpeg" in p.name()]
    assert encoders == [] and _left(local) == []
    # It goes on where it stopped.
    background.retry(job.id)
    background.cancel(job.id)
    done = [dict(e.facts) for e in background.events(job.id) if e.kind == "unit" and dict(e.facts)["state"] == "done"]
    assert len({(d["stage"], d["index"]) for d in done}) == len(done)


@pytest.mark.slow
def test_killed_at_random_moments_every_job_ends_right_and_nothing_is_done_twice(
    background: JobService, local: Settings
) -> None:
    chance = random.Random(5)
    patient = JobService(replace(local, jobs=replace(local.jobs, losses=50)), NobodyWorks())
    dispatcher = InlineDispatcher(patient.settings)
    service = JobService(patient.settings, dispatcher)
    jobs = [service.submit(spec_of(f"第{n}則，爸爸買饅頭。", "媽媽跑步。")) for n in "一二三"]
    for turn in range(8):
        supervisor = _supervisor(patient.settings)
        time.sleep(chance.uniform(0.5, 3.0))
        with suppress(psutil.NoSuchProcess, IndexError):
            if turn % 2:
                chance.choice(
                    [p for p in supervisor.children() if "jobs.inline.worker" in " ".join(p.cmdline())]
                ).kill()
            else:
                supervisor.kill()
                supervisor.wait(10)
        dispatcher.wake()
        if not any(service.get(j.id).state in (JobState.QUEUED, JobState.RUNNING) for j in jobs):
            break
    for job in jobs:
        assert wait_for(service, job.id).state is JobState.REVIEW, service.get(job.id).fault
        units = [dict(e.facts) for e in service.events(job.id) if e.kind == "unit"]
        done = [(u["stage"], u["index"]) for u in units if u["state"] == "done"]
        assert len(done) == len(set(done))
        assert all(path.stat().st_size for _, path in service.result(job.id))
    _stop(patient.settings)
    assert _left(local) == []


@pytest.mark.slow
def test_a_stop_gives_units_back_and_the_next_command_goes_on(background: JobService, local: Settings) -> None:
    job = background.submit(spec_of("爸爸買饅頭。"))
    supervisor = _supervisor(local)
    wait_for(background, job.id, lambda j: j.done >= 1)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(20)
    stopped = background.get(job.id)
    assert stopped.state is JobState.RUNNING and _left(local) == []
    assert ready(local)
    background.dispatcher.wake()
    assert wait_for(background, job.id).state is JobState.REVIEW


def test_disk_full_fails_clearly_and_a_retry_resumes(local: Settings, tmp_path: Path, plates: Path) -> None:
    with TinyDisk(tmp_path / "disk", "200m") as disk:
        (disk.folder / "plates").symlink_to(plates)
        small = replace(local, cache=disk.folder)
        service = JobService(small, NobodyWorks())
        job = service.submit(spec_of())
        disk.leave(300)  # for its sound, not for its picture
        with Services(small) as services:
            work_off(small, services)
        failed = service.get(job.id)
        assert failed.state is JobState.FAILED and failed.fault is not None
        assert failed.fault.code == "storage" and failed.fault.retryable and "space" in failed.fault.hint
        assert _left(small) == []
        done = failed.done
        disk.grow("200m")
        service.retry(job.id)
        with Services(small) as services:
            made = work_off(small, services)
        assert service.get(job.id).state is JobState.REVIEW
        assert done >= 1 and len(made) == service.get(job.id).done - done


def test_the_commands_as_people_run_them(local: Settings, toy_shelf: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ANCHOR_CACHE": str(local.cache),
        "ANCHOR_DATA": str(tmp_path / "data"),
        "ANCHOR_SHELVES": str(toy_shelf),
        "ANCHOR_TEST_ENGINES": "1",
        "ANCHOR_JOBS_IDLE_S": "1",
    }

    def run(*arguments: str, status: int = 0) -> str:
        argv = (sys.executable, "-m", "anchor.cli.app", *arguments)
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    (tmp_path / "a.md").write_text("大家好。\n", encoding="utf-8")
    toys = ("--avatar", "doll", "--voice", "hum", "--rendition", "web-720p")
    job = run("jobs", "submit", "a.md", *toys, "--key", "k").strip()
    same = json.loads(run("jobs", "submit", "a.md", *toys, "--key", "k", "--wait", "--json"))["job"]
    assert (same["id"], same["state"], same["percent"]) == (job, "review", 100)
    assert {f["kind"] for f in same["files"]} >= {"video", "manifest"}
    assert job in run("jobs", "list") and job in run("jobs", "watch", job)
    shown = json.loads(run("jobs", "show", job[:14], "--json"))
    assert shown["audit"][0]["action"] == "submit" and shown["events"][0]["number"] == 1
    run("jobs", "result", job, "-o", "out", "--name", "clip")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        f"clip.{end}" for end in ("jpg", "json", "mp4", "srt", "vtt")
    ]
    assert json.loads(run("check", "out/clip.mp4", "--json"))["passed"] is True
    run("jobs", "approve", job, "--by", "chen")
    (tmp_path / "air").mkdir()
    error = json.loads(run("jobs", "publish", job, "--to", "nowhere", "--json", status=6))["error"]
    assert "no folder" in error["message"] and "mkdir" in error["hint"]
    sent = json.loads(run("jobs", "publish", job, "--to", "air", "--name", "evening", "--by", "chen", "--json"))
    assert sent["job"]["state"] == "published" and sent["files"][0] == {"kind": "video", "path": "air/evening.mp4"}
    assert sorted(p.suffix for p in (tmp_path / "air").iterdir()) == [".jpg", ".json", ".mp4", ".srt", ".vtt"]
    run("jobs", "result", job, "--final", "-o", "final")
    assert "publish by chen: to air" in run("jobs", "show", job)
    error = json.loads(run("jobs", "cancel", job, "--json", status=8))["error"]
    assert error["code"] == "conflict" and error["hint"]
    assert json.loads(run("gc", "--dry-run", "--keep-days", "0", "--json"))["jobs"] == [job]
    (tmp_path / "held.md").write_text("---\n解禁: 2999-01-01T18:00+08:00\n---\n大家好。\n", encoding="utf-8")
    held = json.loads(run("jobs", "submit", "held.md", *toys, "--wait", "--json"))["job"]
    assert held["embargo"] == "2999-01-01T18:00:00+08:00"
    assert "embargo: 2999-01-01 18:00 (UTC+08:00), for" in run("jobs", "show", held["id"])
    run("jobs", "approve", held["id"])
    for refused in (("result", held["id"], "--final"), ("publish", held["id"], "--to", "air")):
        error = json.loads(run("jobs", *refused, "--json", status=8))["error"]
        assert error["code"] == "conflict" and "2999-01-01 18:00 (UTC+08:00)" in error["message"]
    unknown = json.loads(run("jobs", "submit", "a.md", "--voice", "nobody", "--json", status=3))["error"]
    assert unknown["code"] == "pack" and "nobody" in unknown["message"]
    shape = ("--look", "breaking", "--rendition", "vertical-1080p")
    bad = json.loads(run("jobs", "submit", "a.md", *shape, "--wait", "--json", status=3))["job"]
    assert bad["fault"]["code"] == "pack" and "breaking" in bad["fault"]["message"]


@pytest.mark.slow
def test_units_run_by_hand_stop_when_the_job_does(local: Settings) -> None:
    """A unit of a job that is cancelled beside it ends by itself and leaves its workdir clean."""
    import threading

    service = JobService(local, NobodyWorks())
    job = service.submit(spec_of(*LONG))
    with Services(local) as services:
        while (waiting := ready(local)) and waiting[0][1].stage != "render":
            execute_unit(job.id, waiting[0][1].stage, waiting[0][1].index, services, local)
        chunk = waiting[0][1]
        runner = threading.Thread(target=execute_unit, args=(job.id, chunk.stage, chunk.index, services, local))
        runner.start()
        wait_for(service, job.id, lambda _: not ready(local) or ready(local)[0][1] != chunk)
        service.cancel(job.id)
        runner.join(30)
    assert not runner.is_alive()
    assert service.get(job.id).state is JobState.CANCELLED and _left(local) == []
