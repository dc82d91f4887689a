"""What a job was given, by content: it is the job's own from the submit on, and travels by the store alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from anchor.core.errors import MediaError, ScriptError
from anchor.core.job import JobState
from anchor.intake.script import parse_script
from anchor.jobs.retention import references
from anchor.jobs.service import JobService
from anchor.pipeline.assets import asset_of, assets_of, name_of, path_of, store_assets
from anchor.pipeline.graph import Unit
from anchor.pipeline.run import speak_text
from anchor.pipeline.services import Services
from anchor.pipeline.spec import JobSpec
from anchor.settings import Settings
from anchor.store.store import Store
from tests.jobs.work import TOYS, NobodyWorks, work_off

pytestmark = pytest.mark.media
SAID = "大家好，這裡是測試。"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder of an editor: a picture, and a script that shows it."""
    folder = tmp_path / "desk"
    folder.mkdir()
    Image.new("RGB", (640, 360), (200, 30, 30)).save(folder / "flood.png")
    return folder


def _spec(desk: Path, *narration: tuple[str, str]) -> JobSpec:
    text = f"---\ntitle: 測試\n---\n\n# 一\n\n[圖: flood.png｜說明]{SAID}\n"
    return JobSpec(parse_script(text, str(desk / "a.md"), desk), replace(TOYS, narration=narration))


def test_another_machine_needs_the_store_alone(
    local: Settings, desk: Path, tmp_path: Path, plates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(local, store=f"file://{tmp_path}/shared")
    with Services(settings) as services:
        speak_text(SAID, "lan-espeak", desk / "read.wav", services)
    service = JobService(settings, NobodyWorks())
    spec = _spec(desk, ("", str(desk / "read.wav")))
    job = service.submit(spec).id
    # A key that was used is used again for the same content, wherever the files lie.
    moved = shutil.copytree(desk, tmp_path / "moved")
    assert assets_of(store_assets(_spec(moved), services.store)) == assets_of(store_assets(_spec(desk), services.store))
    Image.new("RGB", (640, 360), (0, 0, 0)).save(desk / "flood.png")
    shutil.rmtree(desk)
    given = assets_of(store_assets(_spec(moved, ("", str(moved / "read.wav"))), services.store))
    held = set(references(settings))
    cache = tmp_path / "elsewhere" / "cache"
    cache.mkdir(parents=True)
    (cache / "plates").symlink_to(plates)
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    shutil.rmtree(settings.cache / "objects")
    there = replace(settings, cache=cache, shelves=())
    with Services(there) as other:
        units = [unit for _, unit, _ in work_off(there, other)]
        found = service.get(job)
        assert found.state is JobState.REVIEW, found.fault
        assert Unit("render", 0) in units
        plans = [p.read_text(encoding="utf-8") for p in (cache / "results" / "compose").rglob("*.json")]
        assert plans and not any(str(desk) in plan for plan in plans)
    assert len(given) == 2 and {asset.file.path for asset in given} < held, (
        "a picture and a recording are the job's own before anybody works on it"
    )


def test_a_reference_says_what_and_what_it_was_called(desk: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    spec = store_assets(_spec(desk), store)
    (asset,) = assets_of(spec)
    assert (asset.name, asset_of(asset.reference)) == ("flood.png", asset)
    assert path_of(asset.reference, store).read_bytes() == (desk / "flood.png").read_bytes()
    assert store_assets(spec, store) == spec, "taken in once"
    assert asset_of("/a/b.wav") is None and name_of("/a/b.wav") == "b.wav"
    assert path_of("/a/b.wav", store) == Path("/a/b.wav"), "of a job that an older Anchor took in"


def test_what_is_gone_is_said_with_its_place(desk: Path, tmp_path: Path) -> None:
    spec = _spec(desk)
    (desk / "flood.png").unlink()
    with pytest.raises(ScriptError, match=r"a\.md:7.*flood\.png is missing"):
        store_assets(spec, Store(tmp_path / "store"))
    gone = replace(spec, script=replace(spec.script, segments=()), choices=replace(TOYS, narration=(("", "no.wav"),)))
    with pytest.raises(MediaError, match=r"no recording no\.wav"):
        store_assets(gone, Store(tmp_path / "store"))
