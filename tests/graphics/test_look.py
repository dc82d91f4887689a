"""Look packs: those on the shelf load; broken ones say where they are broken."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from graphics_samples import FULL_HD, SHELF

from anchor.core.errors import PackError, ScriptError
from anchor.core.layers import LAYERS
from anchor.graphics.aspects import aspect_of
from anchor.graphics.look import open_look
from anchor.packs import Shelf, load_pack, verify_pack

LABEL = 'text = { type = "text", label = "AI 標示", max = 8 }'


def test_looks_on_the_shelf_are_whole(look: Path) -> None:
    verify_pack(load_pack(look, Shelf.LOOKS))
    opened = open_look(look)
    assert set(LAYERS) - {"ticker"} <= set(opened.layers)
    assert opened.unknown == ()
    assert opened.background.is_file()
    for kind, layer in opened.layers.items():
        shown = {getattr(element, "field", "") for element in layer.elements} - {""}
        assert shown == set(opened.fields[kind]), f"{kind}: fields shown and fields declared differ"


def test_plate_reaches_the_bottom(look: Path) -> None:
    opened = open_look(look)
    for place in (opened.plain, opened.with_ots):
        assert place.scale * 1080 + place.y >= 1080


def test_presenter_stands_clear_of_the_picture(look: Path) -> None:
    # The house presenters' hair ends at plate column 1206.
    opened = open_look(look)
    assert opened.with_ots.scale * 1206 + opened.with_ots.x < opened.layer("ots").box[0]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("[palette]", '[palette]\nblush = "pink"', "palette.blush"),
        ("[motion]", "[motion]\nbounce = 3", "motion.bounce"),
        ("gap_frames = 8\n", "", "timing.gap_frames"),
        ("title = 0.90", "title = 9.0", "safe.title"),
        ("[layers.label]", "[layers.labels]", "layers.label"),
        ('style = "label"', 'style = "huge"', "layers.label.elements.2.style"),
        ('["accent", 1.0]', '["pink", 1.0]', "layers."),
        ("box = [96, 54, ", "box = [1900, 54, ", "layers.label.box"),
        ('hug = ["words"]', 'hug = ["nobody"]', "layers."),
        (LABEL, 'words = { type = "text", label = "AI 標示", max = 8 }', "layers.label.elements.2"),
        ("[placement.plain]", "[placement.wide]", "placement"),
    ],
)
def test_broken_looks_name_the_key(look: Path, tmp_path: Path, old: str, new: str, field: str) -> None:
    broken = tmp_path / look.name
    shutil.copytree(look, broken)
    manifest = broken / "template.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        open_look(broken)
    assert caught.value.place is not None
    assert re.match(re.escape(field), caught.value.place.field or "")
    assert caught.value.place.file == str(manifest)


def test_a_look_may_draw_fewer_kinds_and_kinds_of_a_later_version(look: Path, tmp_path: Path) -> None:
    other = tmp_path / look.name
    shutil.copytree(look, other)
    manifest = other / "template.toml"
    text = manifest.read_text(encoding="utf-8").replace("[layers.ots]", "[layers.hologram]")
    manifest.write_text(text.replace("[fields.bug]", "[fields.badge]"), encoding="utf-8")
    opened = open_look(other)
    assert set(opened.layers) == set(open_look(look).layers) - {"ots"}
    assert opened.unknown == ("badge", "hologram")
    assert opened.fields["bug"] == {}


def test_a_layout_has_its_own_geometry_and_the_looks_own_rest() -> None:
    wide, upright = (open_look(SHELF / "forum", aspect) for aspect in ("16x9", "9x16"))
    assert wide.aspects == upright.aspects == ("16x9", "9x16")
    assert (wide.size, upright.size) == ((1920, 1080), (1080, 1920))
    assert wide.palette == upright.palette and wide.motion == upright.motion and wide.fields == upright.fields
    assert wide.type.styles["display"].size > upright.type.styles["display"].size
    assert wide.type.styles["caption"] == upright.type.styles["caption"]
    assert wide.plain != upright.plain
    assert all(wide.layer(kind).box != upright.layer(kind).box for kind in upright.layers)
    assert open_look(SHELF / "breaking").aspects == ("16x9",)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("[layout.9x16.layers.label]", "[layout.9x16.layers.labels]", "layout.9x16.layers.label"),
        ("box = [698, 92, 328", "box = [798, 92, 328", "layout.9x16.layers.bug.box"),
        ("[layout.9x16.placement.plain]", "[layout.9x16.placement.tall]", "layout.9x16.placement"),
        ("[layout.9x16.type.styles]", "[layout.9x16.easing]", "layout.9x16.easing"),
        ("size = 84, floor = 52", 'size = 84, floor = "x"', "layout.9x16.type.styles.display.floor"),
        ("easing = [0.22", 'easing = ["x"', "motion.easing"),
    ],
)
def test_broken_layouts_name_the_key(tmp_path: Path, old: str, new: str, field: str) -> None:
    broken = tmp_path / "forum"
    shutil.copytree(SHELF / "forum", broken)
    manifest = broken / "template.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        open_look(broken, "9x16")
    assert caught.value.place is not None and (caught.value.place.field or "").startswith(field)


def test_a_shape_without_a_layout_is_refused_by_name() -> None:
    with pytest.raises(PackError, match="breaking has no layout for 9x16") as caught:
        open_look(SHELF / "breaking", "9x16")
    assert "16x9" in caught.value.hint


@pytest.mark.parametrize(
    ("size", "aspect"),
    [((1920, 1080), "16x9"), ((854, 480), "16x9"), ((1080, 1920), "9x16"), ((720, 720), "1x1"), ((3840, 1080), "32x9")],
)
def test_shapes_are_told_by_their_sides(size: tuple[int, int], aspect: str) -> None:
    assert aspect_of(replace(FULL_HD, width=size[0], height=size[1])) == aspect


def test_a_shape_that_no_look_has_is_refused() -> None:
    with pytest.raises(ScriptError, match="1440x1080, a shape that no look has"):
        aspect_of(replace(FULL_HD, name="old", width=1440))


def test_missing_background_is_told(look: Path, tmp_path: Path) -> None:
    broken = tmp_path / look.name
    shutil.copytree(look, broken)
    (broken / "studio.png").unlink()
    with pytest.raises(PackError, match=r"studio\.png is missing"):
        open_look(broken)


def test_another_pack_is_no_look(tmp_path: Path) -> None:
    voice = tmp_path / "v"
    voice.mkdir()
    common = 'schema = 1\nname = "v"\nlabel = "v"\nengine = "tone"\nlicence = "CC0-1.0"\n'
    (voice / "voice.toml").write_text(
        common + '[source]\nby = "a"\nwhat = "b"\ndate = "c"\n[files]\n', encoding="utf-8"
    )
    from anchor.graphics.look import load_look

    with pytest.raises(PackError, match="is a voice, not a look"):
        load_look(load_pack(voice, Shelf.VOICES))
