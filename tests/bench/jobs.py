"""Jobs measured on this machine: a farm of 1 and 2 workers on a Redis of its own, against the inline service.

python tests/bench/jobs.py [--long]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import psutil  # noqa: E402
import redis  # noqa: E402
from broker import broker  # noqa: E402
from scripts import long_script  # noqa: E402

from anchor.core.job import Job, JobState  # noqa: E402
from anchor.intake.script import parse_script  # noqa: E402
from anchor.jobs.database import open_database  # noqa: E402
from anchor.jobs.inline.dispatcher import running_service  # noqa: E402
from anchor.jobs.open_service import load_dispatcher  # noqa: E402
from anchor.jobs.rows import EventRow, HeldRow, JobRow, UnitRow  # noqa: E402
from anchor.jobs.service import JobService  # noqa: E402
from anchor.jobs.states import ACTIVE  # noqa: E402
from anchor.pipeline.plan.casting import Choices  # noqa: E402
from anchor.pipeline.units import JobSpec  # noqa: E402
from anchor.settings import Settings, settings_from  # noqa: E402

Row = tuple[str, str, str]
RENDITION = "web-1080p"
SHORT_MINUTES, EDIT_MINUTES, LONG_MINUTES = 2, 5, 10
CLIPS = 20
RUNS = 3
POLL_S = 0.05
CLIP = """---
slug: bench-clip
title: 快訊
look: evening-news
presenters:
  lan: {{name: 林安瀾, title: 主播}}
---

# 第{n}則快訊

[字卡]各位觀眾好，這是第{n}則快訊，河濱公園今天重新開放，歡迎前往。

公園管理單位表示，週六上午九點有健走活動，請搭乘公車。
"""
"""About ten seconds."""
SHORT = CLIP.partition("\n\n公園")[0] + "\n"


def spec_of(text: str) -> JobSpec:
    """A script as a job."""
    return JobSpec(parse_script(text, None, ROOT), Choices(rendition=RENDITION))


class Place:
    """A database, a store and a broker of their own under one folder; plates keyed once are shared."""

    def __init__(self, folder: Path, name: str, broker: str) -> None:
        self.folder = folder / name
        cache = self.folder / "cache"
        cache.mkdir(parents=True)
        (folder / "plates").mkdir(exist_ok=True)
        (cache / "plates").symlink_to(folder / "plates")
        settings = settings_from(os.environ)
        limits = replace(settings.jobs, processes=1, idle_s=5.0)
        self.settings: Settings = replace(
            settings, cache=cache, data=self.folder / "data", database="", store="", redis=broker, jobs=limits
        )
        self.service = JobService(self.settings, load_dispatcher("celery" if broker else "inline", self.settings))

    def environment(self) -> dict[str, str]:
        """For a worker."""
        return {
            **os.environ,
            "ANCHOR_CACHE": str(self.settings.cache),
            "ANCHOR_DATA": str(self.settings.data),
            "ANCHOR_REDIS": self.settings.redis,
        }

    def make(self, text: str) -> tuple[Job, float]:
        """A job made to its end, and the seconds from submit to review."""
        begun = time.perf_counter()
        job = self.service.submit(spec_of(text))
        return self.ended([job.id])[0], time.perf_counter() - begun

    def ended(self, jobs: list[str]) -> list[Job]:
        """The jobs once all have ended."""
        while any(self.service.get(job).state in ACTIVE for job in jobs):
            time.sleep(POLL_S)
        made = [self.service.get(job) for job in jobs]
        for found in made:
            if found.state is not JobState.REVIEW:
                raise SystemExit(f"job {found.id} is {found.state}: {found.fault}")
        return made

    def seconds_to(self, job: str, stage: str, state: str) -> float:
        """From submit to the first unit of a stage in a state."""
        of = self.service.get(job)
        for event in self.service.events(job):
            facts = dict(event.facts)
            if event.kind == "unit" and (facts.get("stage"), facts.get("state")) == (stage, state):
                return (event.at_ms - of.created_ms) / 1000
        raise SystemExit(f"no {stage} in job {job}")

    def programme_s(self, job: str) -> float:
        """How long the clip is."""
        files = dict(self.service.result(job))
        return float(json.loads(files["manifest"].read_text(encoding="utf-8"))["duration_s"])


@contextmanager
def workers(place: Place, count: int) -> Iterator[list[psutil.Process]]:
    """Workers of one unit at a time, ready: each has read its tables and started its engines."""
    running = []
    for n in range(count):
        with (place.folder / f"worker-{n}.log").open("wb") as log:
            argv = (sys.executable, "-m", "workers", "--concurrency", "1")
            running.append(subprocess.Popen(argv, cwd=ROOT, env=place.environment(), stdout=log, stderr=log))
    try:
        jobs = [place.service.submit(spec_of(SHORT.format(n=f"暖身{n}"))).id for n in range(3 * count)]
        place.ended(jobs)
        yield [psutil.Process(worker.pid) for worker in running]
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait(60)


def cpu_s(processes: list[psutil.Process]) -> float:
    """Processor seconds of processes and all that they have started, the ended ones too."""
    total = 0.0
    for process in processes:
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                spent = one.cpu_times()
                total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def long_rows(folder: Path, url: str, minutes: int) -> Iterator[Row]:
    """One long script on one and on two workers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    text, walls, length = long_script(minutes), {}, 0.0
    for count in (1, 2):
        place = Place(folder, f"long-{count}", f"{url}?db={count}")
        with workers(place, count) as processes:
            before = cpu_s(processes)
            job, walls[count] = place.make(text)
            busy = (cpu_s(processes) - before) / walls[count]
            length = place.programme_s(job.id)
            speed = f"{length / walls[count]:.2f} × real time"
            name = f"{length / 60:.1f} min on {count} worker{'s' if count > 1 else ''}"
            yield name, speed, f"{walls[count]:.0f} s; {busy:.1f} of {cores} cores busy"
    gain = walls[1] / walls[2]
    yield "2 workers ÷ 1", f"{gain:.2f} ×", f"efficiency {gain / 2:.0%}; one worker's encoder has threads on all cores"


def edit_rows(folder: Path, url: str, minutes: int) -> Iterator[Row]:
    """A sentence in the middle of a finished story, changed."""
    place = Place(folder, "edit", f"{url}?db=3")
    text = long_script(minutes)
    middle = minutes // 2 + 1
    edited = re.sub(rf"(吸引)(一千五百人參加.{{0,30}}第{middle}遍)", r"\1至少\2", text)
    if edited == text:
        raise SystemExit("nothing was edited")
    with workers(place, 2):
        job, whole = place.make(text)
        length = place.programme_s(job.id)
        again, seconds = place.make(edited)
        yield (
            f"an edited sentence in {length / 60:.1f} min",
            f"{seconds / whole:.0%} of the whole",
            f"{seconds:.1f} s after {whole:.0f} s; aim: ≤ 15 % of 5 min; {made_again(place, again.id)}",
        )


def made_again(place: Place, job: str) -> str:
    """Which units of a job were not found in the store."""
    found: dict[str, list[float]] = {}
    with open_database(place.settings).reading() as session:
        for unit in session.query(UnitRow).where(UnitRow.job == job):
            if not unit.cached:
                found.setdefault(unit.stage, []).append(unit.seconds)
    return ", ".join(f"{len(s)} {stage} {sum(s):.1f} s" for stage, s in found.items())


def clip_rows(folder: Path, url: str) -> Iterator[Row]:
    """Clips of about ten seconds: Celery against inline, and how soon something is there."""
    walls: dict[str, list[float]] = {}
    answers, starts, sounds = [], [], []
    for name, address in (("inline", ""), ("celery", f"{url}?db=4")):
        place = Place(folder, name, address)
        with workers(place, 1) if address else inline(place):
            for n in range(RUNS):
                begun = time.perf_counter()
                job = place.service.submit(spec_of(CLIP.format(n=n)))
                answers.append(time.perf_counter() - begun)
                place.ended([job.id])
                walls.setdefault(name, []).append(time.perf_counter() - begun)
                length = place.programme_s(job.id)
                if address:
                    starts.append(place.seconds_to(job.id, "prepare", "running"))
                    sounds.append(place.seconds_to(job.id, "speak", "done"))
    own, farm = (statistics.median(walls[name]) for name in ("inline", "celery"))
    yield (
        f"{length:.0f} s clip, inline",
        f"{length / own:.2f} × real time",
        f"{own:.2f} s, one process, median of {RUNS}",
    )
    yield (
        f"{length:.0f} s clip, Celery",
        f"{length / farm:.2f} × real time",
        f"{farm:.2f} s, one worker, median of {RUNS}",
    )
    yield "Celery ÷ inline", f"{farm / own - 1:+.0%}", "aim: ≤ +15 %"
    yield "submit answers", f"{1000 * statistics.median(answers):.0f} ms", "the job is in the database"
    yield "submit to the first unit's start", f"{1000 * statistics.median(starts):.0f} ms", "idle farm"
    yield (
        "submit to the first byte",
        f"{1000 * statistics.median(sounds):.0f} ms",
        "the first paragraph's sound is stored",
    )


@contextmanager
def inline(place: Place) -> Iterator[None]:
    """The background service, warm; it ends by itself."""
    place.ended([place.service.submit(spec_of(SHORT.format(n=f"暖身{n}"))).id for n in range(3)])
    yield
    while running_service(place.settings) is not None:
        time.sleep(POLL_S)


def many_rows(folder: Path, url: str) -> Iterator[Row]:
    """Twenty short clips at once on two workers, and what each leaves behind."""
    place = Place(folder, "many", f"{url}?db=5")
    with workers(place, 2) as processes, redis.Redis.from_url(url) as server:
        before, heard, busy = server.info(), _counts(place), cpu_s(processes)
        begun = time.perf_counter()
        jobs = [place.service.submit(spec_of(SHORT.format(n=n))).id for n in range(CLIPS)]
        place.ended(jobs)
        seconds = time.perf_counter() - begun
        after, length = server.info(), place.programme_s(jobs[0])
        per = {name: (count - heard[name]) / CLIPS for name, count in _counts(place).items()}
        busy = cpu_s(processes) - busy
        asked = after["total_commands_processed"] - before["total_commands_processed"]
        moved = sum(after[f"total_net_{way}_bytes"] - before[f"total_net_{way}_bytes"] for way in ("input", "output"))
    yield f"{CLIPS} clips of {length:.0f} s", f"{3600 * CLIPS / seconds:.0f} an hour", f"{seconds:.0f} s on 2 workers"
    yield "one such clip: work", f"{busy / CLIPS:.1f} core-seconds", f"{busy / CLIPS / length:.2f} a second of clip"
    yield "one such clip: Redis", f"{asked / CLIPS:.0f} commands", f"{moved / CLIPS / 1000:.1f} kB, polling included"
    rows = f"{per['units']:.0f} units, {per['events']:.0f} events, {per['held']:.0f} held"
    yield "one such clip: database", f"{sum(per[n] for n in ('jobs', 'units', 'events', 'held')):.0f} rows", rows
    yield (
        "one such clip: store",
        f"{per['bytes'] / 1e6:.2f} MB",
        f"{per['bytes'] / 1e6 / length:.2f} MB a second of clip",
    )


def _counts(place: Place) -> dict[str, float]:
    tables = {"jobs": JobRow, "units": UnitRow, "events": EventRow, "held": HeldRow}
    with open_database(place.settings).reading() as session:
        found: dict[str, float] = {name: session.query(row).count() for name, row in tables.items()}
    cache = place.settings.cache
    found["bytes"] = sum(
        f.stat().st_size for d in ("objects", "results") for f in (cache / d).rglob("*") if f.is_file()
    )
    return found


def job_rows(*, long: bool = False, small: bool = False) -> Iterator[Row]:
    """Every figure of jobs; none where Redis is not installed.

    Args:
        long: ten minutes on 1 and 2 workers, and five minutes edited, in place of two and two.
        small: one minute in place of two, to see that the bench itself works.
    """
    if shutil.which("redis-server") is None:
        yield "jobs on a farm", "not measured", "redis-server is not installed"
        return
    minutes = LONG_MINUTES if long else 1 if small else SHORT_MINUTES
    with tempfile.TemporaryDirectory(prefix="anchor-bench-") as name, broker(Path(name)) as url:
        folder = Path(name)
        yield from clip_rows(folder, url)
        yield from many_rows(folder, url)
        yield from long_rows(folder, url, minutes)
        yield from edit_rows(folder, url, EDIT_MINUTES if long else minutes)


def main() -> None:
    """These rows alone."""
    from rich.console import Console

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help=f"{LONG_MINUTES} and {EDIT_MINUTES} minutes")
    parser.add_argument("--small", action="store_true", help="one minute")
    options = parser.parse_args()
    console, begun = Console(highlight=False, soft_wrap=True), time.perf_counter()
    for row in job_rows(long=options.long, small=options.small):
        console.print(" | ".join(row))
    console.print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
