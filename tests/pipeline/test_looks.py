"""A look's own engine and shape, over the whole line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import anchor.registry
from anchor.core.errors import EngineError
from anchor.core.plan import Overlay, Rendition
from anchor.core.ports import Layer
from anchor.core.script import Script
from anchor.graphics.engines.layers import LayersEngine
from anchor.pipeline.run import Choices, plan_script, preview_script
from anchor.pipeline.services import Services
from tests.pipeline.toys import ROOT, settings_for

Shelved = Callable[..., Services]


@pytest.fixture
def shelved(toy_shelf: Path, tmp_path: Path) -> Iterator[Shelved]:
    """Services whose look `own` is the forum's with parts of its manifest replaced."""
    opened: list[Services] = []

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
        opened.append(Services(settings_for(tmp_path / "cache", tmp_path / "own-shelf", toy_shelf, production=False)))
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
