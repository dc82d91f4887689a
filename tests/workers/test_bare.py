"""A worker that shares nothing with whoever submits but store, database and broker."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from anchor.core.job import JobState
from anchor.intake.script import parse_script
from anchor.jobs.service import JobService
from anchor.pipeline.assets import store_assets
from anchor.pipeline.spec import JobSpec
from anchor.settings import Settings
from anchor.store.store import Store
from tests.jobs.work import TOYS
from tests.workers.farm import ROOT, Farm, ended, outputs_of
from tests.workers.reference import digests_of, own_cache
from workers.dispatcher import CeleryDispatcher

pytestmark = [pytest.mark.media, pytest.mark.alone]


def _script(desk: Path) -> JobSpec:
    desk.mkdir()
    Image.new("RGB", (640, 360), (200, 30, 30)).save(desk / "flood.png")
    text = "---\ntitle: 測試\nlook: evening-news\n---\n\n# 一\n\n[圖: flood.png｜說明]大家好，這裡是測試。\n"
    return JobSpec(parse_script(text, str(desk / "a.md"), desk), TOYS)


def _code_alone(folder: Path) -> Path:
    """The packages as they are installed, without the checkout's shelves."""
    for package in ("anchor", "workers"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_a_worker_needs_neither_shelves_nor_the_scripts_folder(
    settings: Settings, toy_shelf: Path, plates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = shutil.copytree(toy_shelf, tmp_path / "shelf")
    own = replace(
        settings,
        shelves=(shelf,),
        database=f"sqlite:///{tmp_path}/jobs.sqlite3",
        store=f"file://{tmp_path}/store",
    )
    spec = _script(tmp_path / "desk")
    one = own_cache(tmp_path / "one", plates)
    wanted = digests_of(store_assets(spec, Store(one)), replace(own, store=""), one)
    service = JobService(own, CeleryDispatcher(own))
    job = service.submit(spec).id
    for mine in (shelf, tmp_path / "desk", own.cache):
        mine.rename(mine.with_name(f"gone-{mine.name}"))
    there = tmp_path / "there"
    there.mkdir()
    bare = replace(own, shelves=(), cache=own_cache(there / "cache", plates), data=there / "data")
    home = {name: str(there / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with Farm(bare, tmp_path, _code_alone(there / "code")) as farm:
        farm.start("--concurrency", "2", **home)
        found = ended(service, job)
        assert found.state is JobState.REVIEW, (found.fault, farm.log(0).read_text())
    assert outputs_of(service, job) == wanted
    manifests = (bare.cache / "packs").glob("*/*/*/*.toml")
    laid_out = sorted(path.parent.relative_to(bare.cache / "packs").parts[1:] for path in manifests)
    assert laid_out == [("avatars", "doll"), ("templates", "evening-news"), ("voices", "hum")]
