"""Golden frames of every look: ANCHOR_RENEW_GOLDEN=1 draws them anew; look at them before committing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from graphics_samples import FIELDS, FULL_HD, LONGEST, overlay
from numpy.typing import NDArray
from PIL import Image

from anchor.graphics.engines.layers import LayersEngine
from anchor.graphics.look import open_look

TOLERANCE = 3.0
"""Root mean square difference in code values: room for another version of FreeType or Noto, not for another layout."""
GOLDEN = Path(__file__).parent / "golden"
SIZE = (480, 270)
FRAMES = {
    "title": ({"title": 60, "bug": 60}),
    "title-enters": ({"title": 7, "bug": 60}),
    "title-longest": ({"title": 60, "bug": 60}),
    "reader": (dict.fromkeys(("bug", "label", "lower-third", "headline", "caption"), 60)),
    "enters": ({"bug": 60, "label": 60, "lower-third": 5, "headline": 5, "ots": 5}),
    "ots": (dict.fromkeys(("bug", "label", "headline", "ots", "caption"), 60)),
}


def _frame(look: Path, shown: dict[str, int], photo: Path, fields: dict[str, dict[str, str]]) -> NDArray[np.int16]:
    opened = open_look(look)
    picture = Image.open(opened.background).convert("RGBA")
    with LayersEngine() as engine:
        for kind in sorted(shown, key=opened.z):
            layer = engine.draw(look, overlay(kind, fields[kind], photo), FULL_HD)
            key = layer.key(shown[kind])
            assert key is not None
            picture.alpha_composite(Image.fromarray(layer.picture(key)), (layer.x, layer.y))
    return np.asarray(picture.convert("RGB").resize(SIZE, Image.Resampling.BOX), np.int16)


def _distance(a: NDArray[np.int16], b: NDArray[np.int16]) -> float:
    return float(np.sqrt(np.mean(np.square((a - b).astype(np.float64)))))


@pytest.mark.parametrize("name", FRAMES)
def test_frame_is_as_it_was(look: Path, photo: Path, tmp_path: Path, name: str) -> None:
    drawn = _frame(look, FRAMES[name], photo, LONGEST if name.endswith("longest") else FIELDS)
    path = GOLDEN / f"{look.name}-{name}.png"
    if os.environ.get("ANCHOR_RENEW_GOLDEN") == "1":
        Image.fromarray(drawn.astype(np.uint8)).save(path, optimize=True)
    golden = np.asarray(Image.open(path).convert("RGB"), np.int16)
    distance = _distance(drawn, golden)
    if distance > TOLERANCE:
        sheet = np.vstack([golden, drawn, np.clip(np.abs(drawn - golden) * 4, 0, 255)]).astype(np.uint8)
        Image.fromarray(sheet).save(tmp_path / "difference.png")
    assert distance <= TOLERANCE, f"golden, drawn and difference x4: {tmp_path / 'difference.png'}"


def test_another_caption_is_noticed(look: Path, photo: Path) -> None:
    golden = np.asarray(Image.open(GOLDEN / f"{look.name}-reader.png").convert("RGB"), np.int16)
    other = _frame(look, FRAMES["reader"], photo, {**FIELDS, "caption": {"text": "另一句完全不同的話"}})
    assert _distance(other, golden) > TOLERANCE
