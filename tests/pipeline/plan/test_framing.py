"""An opaque plate fills the picture in every look and keeps the face clear of what stands beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anchor.core.face import Avatar
from anchor.face.paste import placement_screen
from anchor.graphics.look import load_look
from anchor.packs import Shelf, find_pack, pack_names
from anchor.pipeline.plan.framing import filling, scaled, side_by_side
from anchor.pipeline.plan.renditions import find_rendition
from anchor.pipeline.services import Services
from tests.pipeline.toys import ROOT, settings_for

LOOKS = pack_names(Shelf.LOOKS, (ROOT,))


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Avatar:
    with Services(settings_for(tmp_path_factory.mktemp("cache"), production=True)) as services:
        return services.avatar("lan")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("rendition", ["web-1080p", "web-720p"])
@pytest.mark.parametrize("framing", ["plain", "with-ots"])
@pytest.mark.parametrize(
    ("size", "eyes"), [((1920, 1080), (960, 390)), ((1920, 1080), (700, 300)), ((1280, 720), None)]
)
def test_no_edge_shows_a_gap(
    lan: Avatar, look: str, rendition: str, framing: str, size: tuple[int, int], eyes: tuple[float, float] | None
) -> None:
    opaque = replace(lan, matte=None, width=size[0], height=size[1], eyes=eyes)
    laid_out = load_look(find_pack(Shelf.LOOKS, look, (ROOT,)))
    design = laid_out.placement(framing)  # type: ignore[arg-type]
    made = find_rendition(rendition)
    screen = placement_screen(scaled(filling(opaque, design, laid_out.size), made), *size)
    assert screen.x <= 0 and screen.y <= 0
    assert screen.x + screen.width >= made.width and screen.y + screen.height >= made.height


@pytest.mark.parametrize("look", LOOKS)
def test_a_face_stays_beside_the_picture(lan: Avatar, look: str) -> None:
    loaded = load_look(find_pack(Shelf.LOOKS, look, (ROOT,)))
    opaque = replace(lan, matte=None, eyes=(960.0, 390.0))
    alone, aside = (filling(opaque, loaded.placement(p), loaded.size) for p in ("plain", "with-ots"))  # type: ignore[arg-type]
    assert (alone.scale, alone.x, alone.y) == (1, 0, 0)
    assert alone.shadow == 0 and alone.grade.gain == 1
    # Half a head is about 1.6 eye distances wide; house anchors have some 140 px between the eyes.
    right_cheek = aside.scale * (960 + 1.6 * 140) + aside.x
    assert right_cheek <= loaded.layer("ots").box[0]
    assert aside.scale <= 1.6


def test_opaque_plates_do_not_stand_side_by_side(lan: Avatar) -> None:
    look = load_look(find_pack(Shelf.LOOKS, LOOKS[0], (ROOT,)))
    assert side_by_side((lan, replace(lan, name="b")), look.plain, 1920)
    assert side_by_side((lan, replace(lan, name="b", matte=None)), look.plain, 1920) == {}


def test_an_avatar_knows_where_its_eyes_are(lan: Avatar) -> None:
    assert lan.eyes is not None
    corners = json.loads((lan.path / "track.json").read_text(encoding="utf-8"))["data"][0]["points"]["eye_corners"]
    assert np.allclose(lan.eyes, np.mean(corners, axis=0), atol=0.1)
    assert np.allclose(lan.eyes, (959.5, 370.0), atol=0.6), "where framing.py says she has them"
    assert Path(lan.plate).is_file()
