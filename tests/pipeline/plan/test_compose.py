"""Plans: golden for a script with every kind of cue, and the rules that hold for any plan."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

from anchor.core.artifact import canonical
from anchor.core.plan import RenderPlan
from anchor.core.time import AUDIO
from anchor.intake.script import parse_script
from anchor.pipeline.assets import asset_of, name_of
from anchor.pipeline.plan.compose import DISSOLVE_FRAMES, LEAD_FRAMES
from anchor.pipeline.plan.overlays import shown_date
from anchor.pipeline.run import Choices, plan_script
from anchor.pipeline.services import Services
from tests.pipeline.toys import ROOT

GOLDEN = Path(__file__).parent / "golden" / "plan.json"
SCRIPT = """---
slug: cues
title: 每一種提示
subtitle: 副標
date: 2026-11-23
look: evening-news
presenters:
  a: {avatar: doll, voice: hum, name: 甲, title: 主播}
---

# 第一則

[主播: a][字卡: 甲｜主播]大家好，這裡是新聞。[停 0.5秒]請看。

[圖: examples/pictures/exports.png｜出口]第二段，有圖。[收圖]沒有圖。[標題: 換標題]最後一句。

# 第二則

再見。
"""


@pytest.fixture
def plan(toys: Services) -> RenderPlan:
    return plan_script(parse_script(SCRIPT, None, ROOT), Choices(), toys)


def _portable(plan: RenderPlan) -> object:
    """The plan without what changes with every version of a tool: digests."""

    def strip(value: object) -> object:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in {"digest", "size", "seed"} and "digest" not in k}
        if isinstance(value, list):
            return [strip(v) for v in value]
        assert not (isinstance(value, str) and value.startswith("/")), f"a path of this machine: {value}"
        if isinstance(value, str) and value.startswith("objects/"):
            return "objects/…" + Path(value).suffix
        if isinstance(value, str) and asset_of(value) is not None:
            return f"asset:…:{name_of(value)}"
        return value

    return strip(canonical(plan))


def test_golden_plan(plan: RenderPlan) -> None:
    text = json.dumps(_portable(plan), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("ANCHOR_RENEW_GOLDEN") == "1":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == json.loads(text)


def test_scenes_tile_the_programme(plan: RenderPlan) -> None:
    at = 0
    for scene in plan.scenes:
        assert scene.span.start == at
        at = scene.span.end
    assert at == plan.frames
    assert plan.samples == AUDIO.ticks_at(plan.frames, plan.rendition.timebase)


def test_label_stands_on_every_frame(plan: RenderPlan) -> None:
    (label,) = [o for o in plan.overlays if o.kind == "label"]
    assert (label.span.start, label.span.end) == (0, plan.frames)
    assert label.field("text") == "AI 生成主播"
    assert all(label.z > o.z for o in plan.overlays if o is not label)


def test_speech_starts_on_the_sample_of_its_frame(plan: RenderPlan) -> None:
    starts = sorted({s.clip_start for s in plan.scenes if s.clip})
    assert [c.start for c in plan.audio] == [AUDIO.ticks_at(f, plan.rendition.timebase) for f in starts]
    title = plan.scenes[0]
    assert title.avatar is None and starts[0] == title.span.end + LEAD_FRAMES
    assert plan.scenes[1].dissolve == DISSOLVE_FRAMES < LEAD_FRAMES


def test_picture_beside_the_presenter_moves_the_camera(plan: RenderPlan) -> None:
    (ots,) = [o for o in plan.overlays if o.kind == "ots"]
    for scene in plan.scenes[1:]:
        inside = ots.span.start <= scene.span.start < ots.span.end
        assert scene.placement is not None
        plain = plan.scenes[1].placement
        assert (scene.placement != plain) == inside


def test_headlines_follow_one_another_without_overlap(plan: RenderPlan) -> None:
    bars = sorted((o for o in plan.overlays if o.kind == "headline"), key=lambda o: o.span.start)
    assert [b.field("text") for b in bars] == ["第一則", "換標題", "第二則"]
    assert all(a.span.end <= b.span.start for a, b in pairwise(bars))


def test_captions_never_overlap_and_carry_all_that_is_read(plan: RenderPlan) -> None:
    assert all(a.span.end <= b.span.start for a, b in pairwise(plan.captions))
    text = "".join("".join(c.lines) for c in plan.captions).replace("　", "")
    assert text == "大家好這裡是新聞請看第二段有圖沒有圖最後一句再見"


@pytest.mark.parametrize(("given", "shown"), [("2026-11-23", "2026年11月23日 星期一"), ("十一月", "十一月"), ("", "")])
def test_title_shows_the_date_as_people_write_it(given: str, shown: str) -> None:
    assert shown_date(given) == shown


def test_accents_stand_where_stressed_words_begin(toys: Services) -> None:
    script = parse_script("---\nlook: forum\navatar: doll\n---\n\n今年**首度**突破，**史上****新高**。\n", None, ROOT)
    stressed = plan_script(script, Choices(), toys)
    (scene,) = [s for s in stressed.scenes if s.avatar]
    assert len(scene.accents) == 2 and scene.clip_start < scene.accents[0] < scene.accents[1] < scene.span.end
    plain = parse_script("---\nlook: forum\navatar: doll\n---\n\n今年首度突破，史上新高。\n", None, ROOT)
    assert all(s.accents == () for s in plan_script(plain, Choices(), toys).scenes)
