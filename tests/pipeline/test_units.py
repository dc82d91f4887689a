"""A job in units: the same pictures as in one pass, cut anywhere, and nothing made twice."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import JobError, ScriptError
from anchor.core.plan import RenderPlan
from anchor.core.script import Script
from anchor.core.time import Span
from anchor.intake.script import parse_script
from anchor.media import check
from anchor.media.check import check_file
from anchor.media.decode import read_frames
from anchor.media.detect import Detections
from anchor.media.probe import MediaFacts
from anchor.media.process import Cancelled
from anchor.media.tool import FFmpeg
from anchor.pipeline.deliver.expectation import expectation_of
from anchor.pipeline.draw.chunks import part_of, plan_chunks
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.graph import STAGES, Sizes, Unit, needs, startable
from anchor.pipeline.run import Choices, plan_script, render_script
from anchor.pipeline.services import Context, Services
from anchor.pipeline.units import JobSpec, job_result, run_unit, spec_document, spec_from
from tests.pipeline.toys import settings_for
from tests.workers.reference import own_cache, run_all

TOYS = Choices(avatar="doll", voice="hum", rendition="web-720p")
CHUNK_FRAMES = 60
pytestmark = pytest.mark.media


@pytest.fixture
def farm(toy_shelf: Path, tmp_path: Path, plates: Path) -> Iterator[Services]:
    """Services that cut their pictures into short chunks."""
    cache = own_cache(tmp_path / "cache", plates)
    settings = replace(settings_for(cache, toy_shelf, production=False), chunk_frames=CHUNK_FRAMES)
    with Services(settings) as services:
        yield services


def _pictures(plan: RenderPlan, services: Services, span: Span | None = None) -> list[str]:
    with PictureMaker(plan, services, Context()) as pictures:
        pictures.prepare(span)
        return [hashlib.sha256(p.buffer.tobytes()).hexdigest() for p in pictures.frames(span)]


def _times(ffmpeg: str, clip: Path) -> list[int]:
    """Presentation times of every picture, in ticks of the track."""
    argv = (ffmpeg, "-v", "error", "-i", str(clip), "-map", "0:v", "-c", "copy", "-f", "framecrc", "-")
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(int(line.split(",")[2]) for line in lines if not line.startswith("#"))


def test_joined_clip_is_the_single_pass(farm: Services, short: Script, tmp_path: Path) -> None:
    with Services(replace(farm.settings, chunk_frames=100_000)) as whole:
        single = render_script(short, TOYS, tmp_path / "single.mp4", whole)
    spec = JobSpec(short, TOYS)
    made = run_all(spec, farm)
    chunks = [d for d in made if d.unit.stage == "render"]
    assert len(chunks) == made[-1].sizes.chunks >= 3
    files = dict(job_result(spec, farm))
    assert list(files) == ["video", "captions-srt", "captions-vtt", "poster", "manifest"]
    joined = farm.store.path(files["video"])
    for kind, name in (("captions-srt", "single.srt"), ("captions-vtt", "single.vtt"), ("poster", "single.jpg")):
        assert farm.store.path(files[kind]).read_bytes() == (tmp_path / name).read_bytes()
    # The times are those of the one pass: no picture is missing, doubled or late at a seam.
    assert _times(farm.ffmpeg.path, joined) == _times(farm.ffmpeg.path, tmp_path / "single.mp4")
    assert check_file(farm.ffmpeg, joined, expectation_of(tmp_path / "single.mp4")).passed
    psnr = []
    for a, b in zip(
        read_frames(farm.ffmpeg, joined, "yuv420p"),
        read_frames(farm.ffmpeg, tmp_path / "single.mp4", "yuv420p"),
        strict=True,
    ):
        error = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
        psnr.append(10 * np.log10(255**2 / max(error, 1e-6)))
    assert len(psnr) == single.frames
    assert min(psnr) > 38, (int(np.argmin(psnr)), min(psnr))


def test_nothing_is_made_twice_and_what_is_lost_is_made_again(farm: Services, short: Script) -> None:
    spec = JobSpec(short, TOYS)
    first = {d.unit: d for d in run_all(spec, farm)}
    assert not any(d.cached for d in first.values())
    kept = {d.unit.stage for d in first.values() if farm.store.files_of(d.unit.stage, d.key)}
    assert kept == set(STAGES), "the files of every unit are found under its stage and key"
    again = {d.unit: d for d in run_all(spec, farm)}
    assert all(d.cached for d in again.values())
    assert {u: d.key for u, d in first.items()} == {u: d.key for u, d in again.items()}
    before = job_result(spec, farm)
    for stage in ("render", "join", "check"):
        for path in (farm.store.root / "results" / stage).rglob("*.json"):
            path.unlink()
    for kind, file in before:
        if kind == "video":
            farm.store.path(file).unlink()
    done = run_unit(spec, Unit("check"), farm, Context())
    assert not done.cached
    assert job_result(spec, farm) == before


def test_drawing_may_begin_at_any_frame(farm: Services, short: Script) -> None:
    plan = plan_script(short, TOYS, farm)
    whole = _pictures(plan, farm)
    dissolve = next(s for s in plan.scenes if s.dissolve)
    first = dissolve.span.start
    starts = {0, 1, first - 1, first, first + 1, first + dissolve.dissolve - 1, first + dissolve.dissolve}
    starts |= {s.span.start for s in plan.scenes} | set(range(7, plan.frames, 31))
    starts |= {f for o in plan.overlays for f in (o.span.start + 3, o.span.end - 3) if 0 <= f < plan.frames}
    for start in sorted(starts):
        span = Span(start, min(plan.frames, start + 4))
        assert _pictures(plan, farm, span) == whole[span.start : span.end], f"from frame {start}"


def test_a_part_drawn_alone_is_the_same_picture(farm: Services, short: Script) -> None:
    plan = plan_script(short, TOYS, farm)
    whole = _pictures(plan, farm)
    dissolve = next(s for s in plan.scenes if s.dissolve).span.start
    spans = [*plan_chunks(plan, 45), Span(dissolve, dissolve + 5), Span(dissolve + 3, dissolve + 9)]
    for span in spans:
        part, within = part_of(plan, span)
        assert _pictures(part, farm, within) == whole[span.start : span.end], span


def test_an_edited_segment_leaves_the_chunks_of_others(farm: Services, short: Script) -> None:
    text = "---\ntitle: 測試\n---\n\n# 一\n\n大家好。\n\n爸爸{}。\n\n# 二\n\n媽媽跑步，天氣很好。\n\n大家再見。\n"
    first, edited = (
        JobSpec(parse_script(text.format(said), None, Path()), TOYS) for said in ("買饅頭", "去買兩個饅頭")
    )
    made = {d.unit: d for d in run_all(first, farm)}
    again = {d.unit: d for d in run_all(edited, farm)}
    assert [again[Unit("sync", i)].cached for i in range(4)] == [True, False, True, True]
    rendered = [d for d in again.values() if d.unit.stage == "render"]
    assert sum(not d.cached for d in rendered) in (1, 2)
    assert rendered[0].cached and rendered[-1].cached, "what comes after the edit is later, and the same"
    plan = [plan_script(spec.script, TOYS, farm).frames for spec in (first, edited)]
    assert plan[0] != plan[1] and len(made) >= 10
    # Byte for byte what somebody makes who starts with nothing but the plates.
    fresh = farm.settings.cache.with_name("fresh")
    fresh.mkdir()
    (fresh / "plates").symlink_to(farm.settings.cache / "plates")
    with Services(replace(farm.settings, cache=fresh)) as other:
        assert not any(d.cached for d in run_all(edited, other))
        assert _media(edited, other) == _media(edited, farm)


def _media(spec: JobSpec, services: Services) -> list[tuple[str, str]]:
    return [(kind, file.digest) for kind, file in job_result(spec, services)]


def _forget(services: Services, *stages: str) -> None:
    for stage in stages:
        for path in (services.store.root / "results" / stage).rglob("*.json"):
            path.unlink()


def test_the_check_decodes_no_picture_that_was_looked_at(
    farm: Services, short: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = JobSpec(short, TOYS)
    before = run_all(spec, farm)
    files = _media(spec, farm)
    whole: list[bool] = []
    decoded = check._decoded

    def watched(ffmpeg: FFmpeg, path: Path, facts: MediaFacts, cancelled: Cancelled | None) -> Detections:
        whole.append(facts.video is not None)
        return decoded(ffmpeg, path, facts, cancelled)

    monkeypatch.setattr(check, "_decoded", watched)
    _forget(farm, "check")
    run_unit(spec, Unit("check"), farm, Context())
    assert whole == [False] and _media(spec, farm) == files
    # Where what was seen is gone, the file is measured as a whole, and the report is the same.
    _forget(farm, "check", "look")
    run_unit(spec, Unit("check"), farm, Context())
    assert whole == [False, True] and _media(spec, farm) == files
    assert {d.unit.stage for d in before} == set(STAGES)


def test_what_was_seen_is_looked_at_again_when_it_was_damaged(farm: Services, short: Script) -> None:
    spec = JobSpec(short, TOYS)
    run_all(spec, farm)
    files = _media(spec, farm)
    stored = sorted((farm.store.root / "results" / "look").rglob("*.json"))
    true = [path.read_text(encoding="utf-8") for path in stored]
    document = json.loads(true[0])
    document["value"]["seen"]["black"] = [[0.0, 1.5]]
    stored[0].write_text(json.dumps(document), encoding="utf-8")
    stored[1].write_text(true[1].replace('"frames"', '"fr'), encoding="utf-8")
    _forget(farm, "check")
    run_unit(spec, Unit("check"), farm, Context())
    assert _media(spec, farm) == files, "neither is believed"
    chunks = [d for d in run_all(spec, farm) if d.unit.stage == "look"]
    assert sum(not d.cached for d in chunks) == 2
    assert [json.loads(path.read_text(encoding="utf-8")) for path in stored] == [json.loads(text) for text in true]


@pytest.mark.parametrize("frames", [30, 60, 100, 149, 300, 900])
def test_chunks_tile_the_programme(farm: Services, short: Script, frames: int) -> None:
    plan = plan_script(short, TOYS, farm)
    chunks = plan_chunks(plan, frames)
    assert chunks[0].start == 0 and chunks[-1].end == plan.frames
    assert all(a.end == b.start for a, b in pairwise(chunks))
    assert all(len(c) <= frames * 3 // 2 + plan.rendition.gop_frames for c in chunks)
    scenes = {s.span.start for s in plan.scenes}
    assert all(len(c) % plan.rendition.gop_frames == 0 or c.end in scenes for c in chunks[:-1])
    assert len(chunks) == 1 or plan.frames > frames * Fraction(3, 2)


def test_a_spec_is_a_document(short: Script) -> None:
    spec = JobSpec(short, replace(TOYS, narration=(("s1.1", "/a.wav"),)))
    assert spec_from(spec_document(spec)) == spec
    assert spec_from(spec_document(spec)).digest == spec.digest
    with pytest.raises(JobError, match=r"stored as JobSpec\.9"):
        spec_from({"schema": "JobSpec.9", "value": {}})
    with pytest.raises(JobError, match="cannot be read"):
        spec_from({"schema": "JobSpec.1", "value": {"script": 3}})


def test_wrong_units_say_so(farm: Services, short: Script) -> None:
    spec = JobSpec(short, TOYS)
    with pytest.raises(JobError, match="no stage 'cook'"):
        run_unit(spec, Unit("cook"), farm, Context())
    with pytest.raises(ScriptError, match="nothing to read"):
        run_unit(JobSpec(replace(short, segments=()), TOYS), Unit("prepare"), farm, Context())
    sizes = Sizes(segments=2)
    assert startable((), sizes) == (Unit("prepare"),)
    assert startable({Unit("prepare")}, sizes) == (Unit("speak", 0), Unit("speak", 1))
    assert needs(Unit("compose"), sizes) == (Unit("sync", 0), Unit("sync", 1))
    assert Unit("render", 0) in needs(Unit("join"), sizes), "nothing is joined before it is known of how many chunks"
