"""The AI label: no look can make it vanish, and the finished file is asked whether it shows it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.core.plan import RenderPlan
from anchor.graphics.label_proof import LABEL_LAYER
from anchor.intake.script import parse_script
from anchor.media.decode import read_frames
from anchor.pipeline.deliver.label import label_item
from anchor.pipeline.run import Choices, plan_script, preview_script, render_script
from anchor.pipeline.services import Context, Services
from tests.pipeline.toys import ROOT, SHORT, settings_for

pytestmark = pytest.mark.media

HEAD = "[layers.label]\nbox = [96, 54, 500, 76]\nz = 70\nelements = [\n"
PANEL = (
    '  { kind = "rect", at = [0, 0], size = [120, 76], fill = [["navy", 1.0]], slant = 18, hug = ["words"], '
    "pad = 64 },\n"
)
EDGE = '  { kind = "rect", at = [0, 0], size = [8, 76], fill = [["accent", 1.0]] },\n'
WORDS = (
    '  { kind = "text", id = "words", field = "text", text = "AI 生成主播", style = "label", colour = "white", '
    "at = [30, 38], width = 420 },\n"
)
WHOLE = HEAD + PANEL + EDGE + WORDS
COVER = '  { kind = "rect", at = [0, 0], size = [500, 76], fill = [["navy", 1.0]] },\n'
OTHER = '  { kind = "text", text = "真人主播", style = "label", colour = "white", at = [30, 38], width = 420 },\n'

HIDING = {
    "no elements": (WHOLE, HEAD),
    "no words": (WHOLE, HEAD + PANEL + EDGE),
    "a tiny box": ("box = [96, 54, 500, 76]", "box = [96, 54, 2, 2]"),
    "a box that cuts the words": ("box = [96, 54, 500, 76]", "box = [96, 54, 120, 76]"),
    "other words": (WORDS, OTHER),
    "other words beside": (WORDS, WORDS + OTHER.replace("[30, 38]", "[300, 38]")),
    "the panel's colour": ('style = "label", colour = "white"', 'style = "label", colour = "navy"'),
    "a width of one": ("at = [30, 38], width = 420", "at = [30, 38], width = 1"),
    "covered by its own panel": (WORDS, WORDS + COVER),
    "letters outside the box": ("at = [30, 38], width = 420", "at = [30, 900], width = 420"),
    "outside the picture": ("box = [96, 54, 500, 76]", "box = [96, -200, 500, 76]"),
    "letters too small": (
        'label = { weight = "Bold", size = 50, floor = 50',
        'label = { weight = "Bold", size = 12, floor = 12',
    ),
    "late": ("at = [30, 38], width = 420 },", "at = [30, 38], width = 420, delay = 5000 },"),
    "fading in": ("at = [30, 38], width = 420 },", 'at = [30, 38], width = 420, enter = "fade" },'),
    "waiting for a field": ("at = [30, 38], width = 420 },", 'at = [30, 38], width = 420, needs = "text" },'),
    "no letters allowed": ('label = "AI 標示", max = 8', 'label = "AI 標示", max = 1'),
}  # fmt: skip
OVER = '\n[layers.bug]\nbox = [0, 0, 1920, 1080]\nz = 999\nelements = [{ kind = "rect", at = [0, 0], size = [1920, 1080], fill = [["navy", 1.0]] }]\n'  # noqa: E501


@pytest.fixture
def crafted(toy_shelf: Path, tmp_path: Path) -> Callable[[str, str], Services]:
    """Services over a shelf with `evening-news` changed."""

    def make(old: str, new: str) -> Services:
        look = tmp_path / "shelf" / "templates" / "evening-news"
        shutil.copytree(ROOT / "templates" / "evening-news", look)
        manifest = look / "template.toml"
        text = manifest.read_text("utf-8")
        assert old in text
        manifest.write_text(text.replace(old, new, 1), "utf-8")
        return Services(settings_for(tmp_path / "cache", tmp_path / "shelf", toy_shelf, production=False))

    return make


CHOICES = Choices(avatar="doll", voice="hum", rendition="web-720p", look="evening-news")


@pytest.mark.parametrize(("old", "new"), HIDING.values(), ids=HIDING)
def test_a_look_that_hides_the_label_is_refused(
    crafted: Callable[[str, str], Services], tmp_path: Path, old: str, new: str
) -> None:
    script = parse_script(SHORT, None, tmp_path)
    with crafted(old, new) as services:
        with pytest.raises(PackError) as caught:
            render_script(script, CHOICES, tmp_path / "clip.mp4", services)
        assert "label" in str(caught.value) and "evening-news" in str(caught.value)
        with pytest.raises(PackError):
            preview_script(script, CHOICES, 1.0, tmp_path / "frame.png", services)
    assert not (tmp_path / "clip.mp4").exists()


def test_a_layer_above_the_label_is_drawn_below_it(crafted: Callable[[str, str], Services], tmp_path: Path) -> None:
    bug = (ROOT / "templates" / "evening-news" / "template.toml").read_text("utf-8")
    begin = bug.index("[layers.bug]")
    after = bug.index("\n[", begin)
    script = parse_script(SHORT, None, tmp_path)
    with crafted(bug[begin:after], OVER.strip() + "\n") as services:
        result = render_script(script, CHOICES, tmp_path / "clip.mp4", services)
        (item,) = (i for i in result.check.items if i.name == "ai-label")
        assert item.passed, item
        plan = plan_script(script, CHOICES, services)
        label = next(o for o in plan.overlays if o.kind == LABEL_LAYER)
        assert all(o.z < label.z for o in plan.overlays if o.kind != LABEL_LAYER)


@pytest.fixture(scope="module")
def clip(toy_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RenderPlan, Services]:
    folder = tmp_path_factory.mktemp("labelled")
    services = Services(settings_for(folder / "cache", toy_shelf, production=False))
    script = parse_script(SHORT, None, folder)
    render_script(script, CHOICES, folder / "clip.mp4", services)
    return folder / "clip.mp4", plan_script(script, CHOICES, services), services


def test_a_finished_clip_shows_the_label(clip: tuple[Path, RenderPlan, Services]) -> None:
    path, plan, services = clip
    item = label_item(plan, services, Context(), path)
    assert item.passed and "of" in item.measured


SPOILT = {
    "covered": "drawbox=x=60:y=30:w=360:h=60:color=navy:t=fill",
    "half covered": "drawbox=x=60:y=30:w=180:h=60:color=navy:t=fill",
    "gone for some seconds": "drawbox=x=60:y=30:w=360:h=60:color=navy:t=fill:enable='between(t,2,5)'",
    "moved": "scroll=h=0:v=0:hpos=0.01:vpos=0",
    "blurred": "boxblur=12",
    "another look's": "drawbox=x=64:y=36:w=300:h=50:color=red:t=fill,drawbox=x=90:y=50:w=200:h=20:color=white:t=fill",
}


@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT)
def test_a_clip_whose_label_was_spoilt_is_found(
    clip: tuple[Path, RenderPlan, Services], tmp_path: Path, change: str
) -> None:
    path, plan, services = clip
    spoilt = tmp_path / "spoilt.mp4"
    argv = ("ffmpeg", "-v", "error", "-i", str(path), "-vf", change, "-g", "15", "-pix_fmt", "yuv420p", "-an")
    subprocess.run((*argv, str(spoilt)), check=True)
    assert next(read_frames(services.ffmpeg, spoilt, "gray", 0, 1)).any()
    assert not label_item(plan, services, Context(), spoilt).passed
