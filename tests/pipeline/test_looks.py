"""A look's own engine and shape, over the whole line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import anchor.registry
from anchor.core.errors import EngineError, PackError
from anchor.core.events import Event, Notice
from anchor.core.plan import Overlay, Rendition
from anchor.core.ports import Layer
from anchor.core.script import Script
from anchor.core.time import Span
from anchor.graphics.engines.layers import LayersEngine
from anchor.intake.script import parse_script
from anchor.messages import Language, text_in
from anchor.pipeline.draw.chunks import part_of
from anchor.pipeline.draw.picture import PictureMaker, background_picture
from anchor.pipeline.run import Choices, plan_script, preview_script
from anchor.pipeline.services import Context, Services
from tests.pipeline.toys import ROOT, settings_for
from tests.workers.reference import own_cache

Shelved = Callable[..., Services]


@pytest.fixture
def shelved(toy_shelf: Path, tmp_path: Path, plates: Path) -> Iterator[Shelved]:
    """Services whose look `own` is the forum's with parts of its manifest replaced."""
    opened: list[Services] = []
    cache = own_cache(tmp_path / "cache", plates)

    def make(*changes: tuple[str, str]) -> Services:
        look = tmp_path / "own-shelf" / "templates" / "own"
        look.mkdir(parents=True)
        manifest = (ROOT / "templates" / "forum" / "template.toml").read_text(encoding="utf-8")
        for old, new in (('name = "forum"', 'name = "own"'), *changes):
            assert old in manifest
            manifest = manifest.replace(old, new, 1)
        (look / "template.toml").write_text(manifest, encoding="utf-8")
        for name in ("studio.png", "LICENSE"):
            (look / name).symlink_to(ROOT / "templates" / "forum" / name)
        opened.append(Services(settings_for(cache, tmp_path / "own-shelf", toy_shelf, production=False)))
        return opened[-1]

    yield make
    for services in opened:
        services.__exit__(None, None, None)


OWN = Choices(avatar="doll", look="own", rendition="web-720p")


class CountingEngine(LayersEngine):
    """The engine `layers` under another name, which remembers what it drew."""

    drawn: list[str] = []  # noqa: RUF012  # the line makes the engine itself

    def draw(self, look: Path, overlay: Overlay, rendition: Rendition) -> Layer:
        self.drawn.append(overlay.kind)
        return super().draw(look, overlay, rendition)


def test_the_look_names_its_engine(
    shelved: Shelved, short: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(anchor.registry.GRAPHICS, "counting", f"{__name__}:CountingEngine")
    CountingEngine.drawn.clear()
    services = shelved(('engine = "layers"', 'engine = "counting"'))
    preview_script(short, OWN, 5.0, tmp_path / "f.png", services)
    assert "label" in CountingEngine.drawn


def test_an_unknown_engine_is_refused_before_any_work(shelved: Shelved, short: Script) -> None:
    services = shelved(('engine = "layers"', 'engine = "oil"'))
    with pytest.raises(EngineError, match="no graphics engine 'oil'") as caught:
        plan_script(short, OWN, services)
    assert "layers" in caught.value.hint
    assert not (services.store.root / "results" / "speak").exists()


NAMED = """---
avatar: doll
title: 測試
---

{heading}[字卡: 林安瀾｜主播]大家好，[圖: examples/pictures/exports.png]這裡是新聞。
"""


def test_a_kind_that_the_look_lacks_is_told_and_the_nearest_stands_in(shelved: Shelved) -> None:
    services = shelved(("[layers.lower-third]", "[layers.hologram]"), ("[layers.ots]", "[layers.hologram2]"))
    plan = plan_script(parse_script(NAMED.format(heading=""), None, ROOT), OWN, services)
    (bar,) = [o for o in plan.overlays if o.kind == "headline"]
    assert bar.field("text") == "林安瀾　主播"
    assert not [o for o in plan.overlays if o.kind in ("lower-third", "ots")]
    assert {n.code for n in plan.notices} == {"layer-lacking"} and len(plan.notices) == 2
    assert all(n.place is not None and n.place.line == 6 for n in plan.notices)
    # No picture stands beside the presenter, so nobody steps aside.
    assert len({s.placement for s in plan.scenes if s.avatar}) == 1
    # Where a headline stands already, nothing covers it.
    both = plan_script(parse_script(NAMED.format(heading="# 頭條\n\n"), None, ROOT), OWN, services)
    assert [o.field("text") for o in both.overlays if o.kind == "headline"] == ["頭條"]


def test_a_text_longer_than_the_look_allows_is_told(shelved: Shelved) -> None:
    told: list[Event] = []
    script = parse_script(NAMED.format(heading=f"# {'字' * 27}\n\n"), None, ROOT)
    plan = plan_script(script, OWN, shelved(), told.append)
    (notice,) = [e for e in told if isinstance(e, Notice) and e.code == "text-too-long"]
    said = text_in(notice.text, Language.CHINESE)
    assert "27 字" in said and "26 字" in said and "27 characters" in notice.text
    assert plan.notices == (notice,)


def test_an_upright_rendition_takes_the_upright_layout(toys: Services, short: Script, tmp_path: Path) -> None:
    upright = Choices(avatar="doll", look="forum", rendition="vertical-1080p")
    plan = plan_script(short, upright, toys)
    look = toys.look("forum", plan.rendition)
    assert look.aspect == "9x16"
    placement = next(s.placement for s in plan.scenes if s.placement)
    assert (placement.scale, placement.x, placement.y) == (look.plain.scale, look.plain.x, look.plain.y)
    with PictureMaker(plan, toys, Context()) as pictures:
        layers = {o.kind: pictures._layer(o) for o in plan.overlays}
    for kind, layer in layers.items():
        assert (layer.x, layer.y, layer.width, layer.height) == look.layer(kind).box


def test_a_look_without_the_shape_is_refused_before_any_work(toys: Services, short: Script) -> None:
    with pytest.raises(PackError, match="breaking has no layout for 9x16"):
        plan_script(short, Choices(avatar="doll", look="breaking", rendition="vertical-1080p"), toys)
    assert not (toys.store.root / "results" / "speak").exists()


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080), (3840, 1080), (1920, 1080)])
def test_a_studio_of_another_shape_is_cut_and_never_stretched(tmp_path: Path, size: tuple[int, int]) -> None:
    y, x = np.mgrid[0:1080, 0:1920]
    disc = ((x - 960) ** 2 + (y - 540) ** 2 < 200**2).astype(np.uint8) * 255
    Image.fromarray(np.dstack([disc] * 3)).save(tmp_path / "studio.png")
    luma = background_picture(tmp_path / "studio.png", *size)[..., 0] > 125
    ys, xs = np.nonzero(luma)
    assert abs((xs.max() - xs.min()) - (ys.max() - ys.min())) <= 2
    assert abs(xs.mean() - size[0] / 2) < 2 and abs(ys.mean() - size[1] / 2) < 2


TICKER = """---
avatar: doll
look: breaking
---

[跑馬燈: 中央氣象署發布豪雨特報　全臺有雨]各位觀眾好，今天白天多雲，晚上會下雨，請大家帶傘。

爸爸媽媽帶著小朋友，到河邊的公園跑步、放風箏。[收跑馬燈]再見。
"""


def test_nothing_jumps_where_two_chunks_meet(toys: Services) -> None:
    plan = plan_script(parse_script(TICKER, None, ROOT), Choices(rendition="web-720p"), toys)
    (ticker,) = [o for o in plan.overlays if o.kind == "ticker"]
    seam = next(s.span.start for s in plan.scenes if s.segment == "s1.2")
    assert ticker.span.start < seam - 100 and seam < ticker.span.end < plan.frames
    part, span = part_of(plan, Span(seam, plan.frames))
    with PictureMaker(plan, toys, Context()) as whole, PictureMaker(part, toys, Context()) as alone:
        for frame in (seam, seam + 31):
            drawn = alone.frame(span.start + frame - seam).buffer
            assert np.array_equal(whole.frame(frame).buffer, drawn)
        # It is the running text that is compared.
        assert not np.array_equal(alone.frame(span.start).buffer, alone.frame(span.start + 31).buffer)
