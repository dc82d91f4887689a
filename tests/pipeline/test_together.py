"""Two or three presenters in one picture: who stands where, who speaks and listens; what a script may say about it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anchor.core.errors import ScriptError
from anchor.core.plan import RenderPlan
from anchor.face.paste import placement_screen
from anchor.intake.script import parse_script
from anchor.media.planes import rgb_from_planes
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.plan.casting import Choices
from anchor.pipeline.plan.framing import side_by_side
from anchor.pipeline.programme import Programme
from anchor.pipeline.run import plan_script
from anchor.pipeline.services import Context, Services
from anchor.pipeline.spec import JobSpec
from anchor.pipeline.stages.picture import picture_key
from tests.pipeline.toys import ROOT

GOLDEN = Path(__file__).parent / "golden" / "together.png"
TOLERANCE = 3.0
"""Root mean square difference in code values, as for the looks."""
HEAD = """---
slug: two
title: 測試
date: 2026-11-23
look: forum
presenters: [lan, hao]
{together}
---

"""
BODY = """# 頭條

大家好。

[主播: hao]爸爸媽媽跑步。
"""


def _script(together: str, body: str = BODY) -> str:
    return HEAD.replace("{together}", together) + body


@pytest.mark.parametrize("written", ["together: [lan, hao]", "同框: lan hao", "同框: lan、hao", "together: lan, hao"])
def test_two_keys_in_any_form(written: str) -> None:
    assert parse_script(_script(written), None, ROOT).together == ("lan", "hao")


def test_nobody_is_together_unless_asked() -> None:
    assert parse_script(_script("subtitle: x"), None, ROOT).together == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("together: lan", "two to 3 different presenters"),
        ("together: [lan, lan]", "two to 3 different presenters"),
        ("together: [lan, hao, mei, bo]", "two to 3 different presenters"),
        ("together:", "two to 3 different presenters"),
        ("together: [lan, mei]", "'mei' in together is no presenter"),
    ],
)
def test_wrong_pairs_say_where_and_what(written: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message) as caught:
        parse_script(_script(written), "two.md", ROOT)
    assert caught.value.place is not None and caught.value.place.line == 7 and caught.value.hint


def test_pair_needs_presenters() -> None:
    with pytest.raises(ScriptError, match="no presenter"):
        parse_script("---\ntitle: x\ntogether: [lan, hao]\n---\n\n大家好。\n", None, ROOT)


@pytest.fixture
def plan(house: Services) -> RenderPlan:
    return plan_script(parse_script(_script("together: [lan, hao]"), None, ROOT), Choices(rendition="web-720p"), house)


def test_speaker_and_listener_keep_their_sides(plan: RenderPlan, house: Services) -> None:
    scenes = [s for s in plan.scenes if s.avatar]
    assert [(s.avatar, [o.avatar for o in s.others]) for s in scenes] == [("lan", ["hao"]), ("hao", ["lan"])]
    assert scenes[0].placement == scenes[1].others[0].placement
    assert scenes[1].placement == scenes[0].others[0].placement


def test_figures_stand_side_by_side_within_the_picture(house: Services) -> None:
    avatars = [house.avatar("lan"), house.avatar("hao")]
    alone = house.look("forum").plain
    sides = side_by_side(avatars, alone, 1920)
    boxes = []
    for avatar in avatars:
        screen = placement_screen(sides[avatar.name], avatar.width, avatar.height)
        x0, _, x1, _ = avatar.figure
        boxes.append((screen.x + x0 * screen.sx, screen.x + x1 * screen.sx))
        assert abs(screen.y + screen.height - (alone.y + 1080 * alone.scale)) <= 3
    assert boxes[0][0] > 0 and boxes[0][1] + 60 < boxes[1][0] and boxes[1][1] < 1920
    assert abs(boxes[0][0] - (1920 - boxes[1][1])) <= 4
    three = [*avatars, replace(avatars[0], name="third")]
    places = side_by_side(three, alone, 1920)
    edges = [places[a.name].x + places[a.name].scale * a.figure[k] for a in three for k in (0, 2)]
    assert edges == sorted(edges) and edges[0] > 0 and edges[-1] < 1920
    assert len({p.scale for p in places.values()}) == 1
    wide = [replace(avatar, figure=(0, 0, 1920, 1080)) for avatar in avatars]
    assert all(p.scale < 0.5 for p in side_by_side(wide, alone, 1920).values())
    assert side_by_side(avatars[:1], alone, 1920) == {}


def test_picture_beside_or_a_third_presenter_leaves_the_reader_alone(house: Services, tmp_path: Path) -> None:
    Image.new("RGB", (64, 36), "teal").save(tmp_path / "a.png")
    text = _script("together: [lan, hao]", "[圖: a.png]大家好。[收圖]再見。\n")
    scenes = [s for s in plan_script(parse_script(text, None, tmp_path), Choices(), house).scenes if s.avatar]
    assert {len(s.others) for s in scenes} == {0, 1}
    same = Choices(avatar="lan")
    for scene in plan_script(parse_script(_script("together: [lan, hao]"), None, ROOT), same, house).scenes:
        assert scene.others == ()


def test_a_listener_of_another_pack_is_drawn_anew(
    plan: RenderPlan, house: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = parse_script(_script("together: [lan, hao]"), None, ROOT)
    programme = Programme(JobSpec(script, Choices(rendition="web-720p")), house, Context())
    alone = replace(plan, scenes=tuple(s for s in plan.scenes if s.avatar == "lan"))
    before, opened = picture_key(programme, alone), house.avatar
    other = replace(opened("hao"), digest="0" * 64)
    monkeypatch.setattr(house, "avatar", lambda name, *_: other if name == "hao" else opened(name))
    again = Programme(programme.spec, house, Context())
    assert picture_key(again, alone) != before


def test_opaque_plate_cannot_share(house: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = house.avatar

    def opaque(name: str, *_: object) -> object:
        return replace(opened(name), matte=None) if name == "hao" else opened(name)

    monkeypatch.setattr(house, "avatar", opaque)
    with pytest.raises(ScriptError, match="hao has no matte"):
        plan_script(parse_script(_script("together: [lan, hao]"), None, ROOT), Choices(), house)


@pytest.mark.media
def test_listener_is_idle_and_only_the_speakers_mouth_moves(plan: RenderPlan, house: Services) -> None:
    """Against the same plan without speech: nothing differs in the half of who listens, something in the other."""
    bare = replace(plan, overlays=())
    # A clip of no frames: idle motion is drawn from what is said, and stays the same.
    scenes = (replace(s, clip=s.clip and replace(s.clip, frames=0)) for s in bare.scenes)
    mute = replace(bare, scenes=tuple(scenes))
    moved = {"lan": [0, 0], "hao": [0, 0]}
    with PictureMaker(bare, house, Context()) as one, PictureMaker(mute, house, Context()) as other:
        for index, (spoken, silent) in enumerate(zip(one.frames(), other.frames(), strict=True)):
            scene = next(s for s in plan.scenes if index in s.span)
            if scene.avatar is not None:
                differs = spoken.y != silent.y
                for half in (0, 1):
                    moved[scene.avatar][half] += int(differs[:, half * 640 : half * 640 + 640].sum())
    assert moved["lan"][0] > 10_000 and moved["lan"][1] == 0
    assert moved["hao"][1] > 10_000 and moved["hao"][0] == 0


@pytest.mark.media
def test_still_frame_is_the_film_s_and_as_it_was(plan: RenderPlan, house: Services, tmp_path: Path) -> None:
    frame = plan.scenes[1].clip_start + 12
    with PictureMaker(plan, house, Context()) as pictures:
        # First from a cold cache, where the plates of one frame alone are keyed, then from the kept ones.
        keyed = pictures.frame(frame).buffer.copy()
        pictures.prepare()
        drawn = pictures.frame(frame)
        assert np.abs(keyed.astype(int) - drawn.buffer).max() <= 1
        picture = Image.fromarray(rgb_from_planes(drawn)).resize((640, 360), Image.Resampling.BOX)
    if os.environ.get("ANCHOR_RENEW_GOLDEN") == "1":
        picture.save(GOLDEN, optimize=True)
    golden = np.asarray(Image.open(GOLDEN).convert("RGB"), float)
    distance = float(np.sqrt(np.mean((np.asarray(picture, float) - golden) ** 2)))
    if distance > TOLERANCE:
        picture.save(tmp_path / "drawn.png")
    assert distance <= TOLERANCE, f"drawn: {tmp_path / 'drawn.png'}"
