"""`check_look`: the looks on the shelf can go on air; a broken one hears of every fault at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from graphics_samples import SHELF

from anchor.core.artifact import file_digest
from anchor.graphics.check import LookFinding, check_look
from anchor.graphics.contrast import contrast, luminance
from anchor.packs import Shelf, load_pack

Changed = Callable[..., tuple[LookFinding, ...]]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """What is found in a look after parts of its manifest were replaced."""

    def check(*changes: tuple[str, str], name: str = "evening-news") -> tuple[LookFinding, ...]:
        look = tmp_path / name
        shutil.copytree(SHELF / name, look)
        manifest = look / "template.toml"
        text = manifest.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        manifest.write_text(text, encoding="utf-8")
        return check_look(load_pack(look, Shelf.LOOKS))

    return check


def _faults(found: tuple[LookFinding, ...]) -> dict[str, str]:
    return {finding.key: finding.message for finding in found if finding.level == "fault"}


def test_looks_on_the_shelf_can_go_on_air(look: Path) -> None:
    assert _faults(check_look(load_pack(look, Shelf.LOOKS))) == {}


def test_every_fault_is_told_at_once(changed: Changed) -> None:
    found = _faults(changed(("gap_frames = 8", "gap_frames = -1"), ('label = "姓名", max', "label = 7, max")))
    assert set(found) == {"timing.gap_frames", "fields.lower-third.name.label"}


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ('"標題列", max = 26', '"標題列", max = 60', "layers.headline.elements.4", "60 characters do not fit"),
        ('"white", at = [150, 54]', '"royal", at = [150, 54]', "layers.headline.elements.4.colour", "3:1"),
        ("box = [384, 944, 1152, 82]", "box = [384, 944, 1152, 110]", "layers.caption.box", "action-safe"),
        ("box = [96, 54, 500, 76]", "box = [80, 54, 500, 76]", "layers.label.box", "title-safe"),
        ("box = [96, 54, 500, 76]", "box = [96, 54, 300, 76]", "layers.label.box", "beyond 300 x 76"),
        ("size = 50, floor = 50", "size = 50, floor = 30", "layers.label.elements.2.style", "43 px"),
        ("z = 70", "z = 5", "layers.label.z", "above everything"),
        ('at = [30, 38]', 'enter = "fade", at = [30, 38]', "layers.label.elements", "does not move"),
        ('picture = { type = "picture"', 'picture = { type = "text"', "fields.ots.picture.type", "must be 'picture'"),
        ('engine = "layers"', 'engine = "oil"', "engine", "layers"),
        ('"studio.png" = "a', '"studio.png" = "b', "files.studio.png", "sha256"),
    ],
)  # fmt: skip
def test_faults_name_their_key(changed: Changed, old: str, new: str, key: str, told: str) -> None:
    found = _faults(changed((old, new)))
    assert told in found[key], found


def test_a_layout_is_checked_like_the_rest(changed: Changed) -> None:
    found = changed(("box = [54, 1672, 972, 84]", "box = [4, 1672, 972, 84]"), name="forum")
    assert set(_faults(found)) == {"layout.9x16.layers.caption.box"}


def test_unknown_and_absent_kinds_are_told_and_no_fault(changed: Changed) -> None:
    found = changed(("[layers.ots]", "[layers.otz]"), ("[layers.lower-third]", "[layers.hologram]"))
    assert _faults(found) == {}
    told = {finding.key: finding.message for finding in found}
    assert "did you mean ots?" in told["otz"]
    assert "headline stands in" in told["layers.lower-third"] and "nothing shows" in told["layers.ots"]


def test_a_studio_of_another_file_is_told(changed: Changed, tmp_path: Path) -> None:
    digest = file_digest(SHELF / "evening-news" / "LICENSE")
    found = changed(
        ('background = "studio.png"', 'background = "LICENSE"'), ("[files]", f'[files]\nLICENSE = "{digest}"')
    )
    assert "background" in _faults(found)


def test_contrast_is_that_of_wcag() -> None:
    # Black on white is 21:1 by definition; #777 on white is the known 4.48:1.
    assert contrast(luminance((0, 0, 0)), luminance((255, 255, 255))) == pytest.approx(21)
    assert contrast(luminance((0x77,) * 3), luminance((255,) * 3)) == pytest.approx(4.48, abs=0.005)
