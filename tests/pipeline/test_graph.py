"""One table of stages, walked by all: a row more is a stage more, and nobody makes a thing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.core.script import Script
from anchor.jobs import database as databases
from anchor.jobs.service import JobService
from anchor.pipeline.graph import STAGES, Per, Sizes, Stage, Unit, startable, units_of, up_to
from anchor.pipeline.programme import function_of
from anchor.pipeline.run import Choices, RenderResult, render_script
from anchor.pipeline.services import Services
from anchor.pipeline.spec import JobSpec
from tests.jobs.work import NobodyWorks, work_off
from tests.pipeline.toys import SHORT, settings_for
from tests.workers.reference import own_cache, run_all

TOYS = Choices(avatar="doll", voice="hum", rendition="web-720p")
WEIGH = Stage("weigh", 1, Per.SCRIPT, ("render",), "tests.pipeline.added_stage:weigh")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def farm(toy_shelf: Path, tmp_path: Path, plates: Path) -> Iterator[Services]:
    """Services that cut their pictures into short chunks."""
    cache = own_cache(tmp_path / "cache", plates)
    settings = replace(settings_for(cache, toy_shelf, production=False), chunk_frames=60)
    with Services(replace(settings, data=tmp_path / "data")) as services:
        yield services
    for database in databases._opened.values():
        database.close()
    databases._opened.clear()


def test_the_table_stands_in_order_and_names_what_there_is() -> None:
    names = list(STAGES)
    assert all(names.index(before) < names.index(row.name) for row in STAGES.values() for before in row.after)
    assert [name for name, row in STAGES.items() if name != row.name] == []
    assert all(callable(function_of(row)) for row in STAGES.values())
    assert up_to("compose") == ("prepare", "speak", "sync", "compose")
    assert up_to(*names) == tuple(names)


def test_every_unit_can_start_once_its_needs_are_done() -> None:
    sizes, done = Sizes(segments=3, chunks=4), set[Unit]()
    while ready := startable(done, sizes):
        done.update(ready)
    assert done == set(units_of(sizes)) and len(done) == sum(sizes.of(row.per) for row in STAGES.values())


def _stages(result: RenderResult) -> dict[str, bool]:
    return {record.name: record.cached for record in result.stages}


@pytest.mark.media
def test_a_stage_more_is_a_row_and_a_function(
    farm: Services, short: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STAGES, "weigh", WEIGH)
    result = render_script(short, TOYS, tmp_path / "clip.mp4", farm)
    assert _stages(result) == dict.fromkeys(STAGES, False) and "weigh" in STAGES
    rows = (tmp_path / "clip.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "frames\tbytes" and sum(int(row.split("\t")[0]) for row in rows[1:]) == result.frames
    told = json.loads((tmp_path / "clip.json").read_text(encoding="utf-8"))
    assert told["files"]["weights"]["name"] == "clip.tsv" and "weigh" in told["stages"]
    service = JobService(farm.settings, NobodyWorks())
    job = service.submit(JobSpec(short, TOYS)).id
    units = [unit for _, unit, _ in work_off(farm.settings, farm)]
    assert Unit("weigh") in units and service.get(job).state is JobState.REVIEW
    assert service.get(job).percent == 100
    outputs = {o.kind: farm.store.path(o.artifact) for o in service.get(job).outputs}
    assert outputs["weights"].read_text(encoding="utf-8").splitlines() == rows


@pytest.mark.media
def test_what_render_made_a_job_finds_and_the_other_way_round(farm: Services, short: Script, tmp_path: Path) -> None:
    first = render_script(short, TOYS, tmp_path / "a.mp4", farm)
    assert set(_stages(first).values()) == {False}
    assert all(done.cached for done in run_all(JobSpec(short, TOYS), farm))
    again = render_script(short, TOYS, tmp_path / "b.mp4", farm)
    assert set(_stages(again).values()) == {True} and again.check == first.check
    assert [n.text for n in again.notices] == [n.text for n in first.notices]
    for ending in (".mp4", ".srt", ".vtt", ".jpg"):
        assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
    other = replace(short, title="別的標題")
    made = {done.unit for done in run_all(JobSpec(other, TOYS), farm) if not done.cached}
    assert made
    assert set(_stages(render_script(other, TOYS, tmp_path / "c.mp4", farm)).values()) == {True}


@pytest.mark.media
def test_a_killed_render_goes_on_where_it_stopped(toy_shelf: Path, short: Script, tmp_path: Path, plates: Path) -> None:
    script, cache = tmp_path / "short.md", own_cache(tmp_path / "cache", plates)
    script.write_text(SHORT, encoding="utf-8")
    argv = [sys.executable, "-m", "anchor.cli.app", "render", str(script), "-o", str(tmp_path / "clip.mp4"), "--json"]
    argv += ["--avatar", "doll", "--voice", "hum", "--rendition", "web-720p"]
    environment = {
        **os.environ,
        "ANCHOR_CACHE": str(cache),
        "ANCHOR_SHELVES": str(toy_shelf),
        "ANCHOR_TEST_ENGINES": "1",
        "ANCHOR_CHUNK_FRAMES": "30",
    }

    def drawn() -> dict[str, int]:
        return {p.name: p.stat().st_ino for p in (cache / "results" / "render").rglob("*.json")}

    with subprocess.Popen(argv, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not drawn():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    before = drawn()
    assert not (tmp_path / "clip.mp4").exists()
    done = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    stages = json.loads(done.stdout)["stages"]
    assert stages["compose"]["cached"] and not stages["render"]["cached"] and not stages["join"]["cached"]
    after = drawn()
    assert {name: after[name] for name in before} == before, "chunks that were drawn are not drawn again"
    assert len(after) > len(before)
