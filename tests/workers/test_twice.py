"""The same work in two places: delivered twice, of two versions, of fifty jobs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.job import JobState
from anchor.jobs.service import JobService
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import PATIENCE_S, Farm, ended, left_in, made_of, outputs_of, rig, units_in
from tests.workers.reference import digests_of, digests_of_newer, own_cache

pytestmark = [pytest.mark.media, pytest.mark.alone]
NUMBERS = "零一二三四五六七八九"


def _numbered(count: int) -> dict[str, str]:
    """Number in words → a text of its own."""
    words = [f"{NUMBERS[n // 10]}{NUMBERS[n % 10]}" for n in range(count)]
    return {word: f"第{word}則。" for word in words}


def test_every_unit_delivered_to_two_workers_at_once(
    service: JobService, settings: Settings, farm: Farm, plates: Path, tmp_path: Path
) -> None:
    met = tmp_path / "met"
    met.mkdir()
    for _ in range(2):
        farm.start(program=rig("twins", met))
    spec = spec_of("爸爸買饅頭，媽媽跑步。")
    job = service.submit(spec).id
    found = ended(service, job)
    assert found.state is JobState.REVIEW, found.fault
    assert set(made_of(service, job).values()) == {1}
    assert max(Counter(units_in(service, job, "running")).values()) == 1
    assert sum(len(list(place.iterdir())) == 2 for place in met.iterdir()) >= 5, "they hardly met"
    assert outputs_of(service, job) == digests_of(spec, settings, own_cache(tmp_path / "own", plates))
    assert not any("Traceback" in farm.log(n).read_text() for n in range(2))


@pytest.mark.slow
def test_two_versions_side_by_side_do_not_mix(
    service: JobService, settings: Settings, farm: Farm, plates: Path, tmp_path: Path
) -> None:
    farm.start()
    farm.start(program=rig("newer"))
    specs = [spec_of(f"第{n}則，爸爸買饅頭，媽媽跑步，大家好。") for n in NUMBERS[1:3]]
    jobs = [service.submit(spec).id for spec in specs]
    for n, (job, spec) in enumerate(zip(jobs, specs, strict=True)):
        found = ended(service, job)
        assert found.state is JobState.REVIEW, found.fault
        old = digests_of(spec, settings, own_cache(tmp_path / f"old{n}", plates))
        new = digests_of_newer(spec, settings, own_cache(tmp_path / f"new{n}", plates))
        assert old["video"] != new["video"]
        made = outputs_of(service, job)
        assert {kind: made[kind] for kind in ("video", "manifest")} in (
            {kind: of[kind] for kind in ("video", "manifest")} for of in (old, new)
        )
    # Both have taken part.
    assert all('"stage": "render"' in farm.log(n).read_text() for n in range(2))


@pytest.mark.slow
def test_fifty_jobs_on_two_workers(service: JobService, settings: Settings, farm: Farm) -> None:
    # Clips in one piece: fewer units, and as many that could be mixed.
    farm.settings = replace(settings, chunk_frames=900)
    for _ in range(2):
        farm.start()
    texts = _numbered(50)
    jobs = {word: service.submit(spec_of(text)).id for word, text in texts.items()}
    clips = set()
    for word, job in jobs.items():
        # All fifty go on side by side: the first is not ready much before the last.
        found = ended(service, job, 3 * PATIENCE_S)
        assert found.state is JobState.REVIEW, found.fault
        assert set(made_of(service, job).values()) == {1}, "made twice"
        files = dict(service.result(job))
        captions = files["captions-srt"].read_text(encoding="utf-8")
        assert [other for other in jobs if f"第{other}則" in captions] == [word]
        clips.add(outputs_of(service, job)["manifest"])
    assert len(clips) == 50
    assert not left_in(settings)
