"""What every layer of every look must keep."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graphics_samples import DRAWN, FIELDS, FULL_HD, HD, LONGEST, overlay
from numpy.typing import NDArray

from anchor.core.errors import EngineError, ScriptError
from anchor.core.plan import Overlay, Rendition
from anchor.core.ports import Layer
from anchor.core.time import Span
from anchor.graphics.actors import OverlayClip, layer_actors
from anchor.graphics.engines.layers import LayersEngine
from anchor.graphics.lettering import Letterer
from anchor.graphics.look import open_look
from anchor.graphics.style import Element, Logo, Look, Rect, Text
from anchor.graphics.ticker import run_of

STILL = ("bug", "label", "caption")
MIDDLE = 60
TOGETHER = ("lower-third", "headline", "bug", "label", "ots", "caption", "ticker")
HAN_INK = 0.95
"""Height of Han characters in em (Noto Sans CJK: ink from −.09 to .86)."""
DISTANCE = 0.18
"""Least air above and below several lines, in em: more than stands between them."""
INK = 64
"""Alpha from which a pixel counts as covered; soft shadows lie below."""


def _picture(layer: Layer, frame: int) -> NDArray[np.uint8]:
    key = layer.key(frame)
    assert key is not None
    return layer.picture(key)


def _covered(layer: Layer, frame: int, rendition: Rendition = FULL_HD) -> NDArray[np.bool_]:
    """Where in the programme's picture the layer lies."""
    canvas = np.zeros((rendition.height, rendition.width), bool)
    canvas[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width] = _picture(layer, frame)[..., 3] >= INK
    return canvas


@pytest.mark.parametrize(("look", "kind"), [d for d in DRAWN if d.values[1] != "ticker"], indirect=["look"])
def test_keys_settle_and_end(look: Path, engine: LayersEngine, photo: Path, kind: str) -> None:
    layer = engine.draw(look, overlay(kind, FIELDS[kind], photo), FULL_HD)
    keys = [layer.key(frame) for frame in range(100)]
    assert layer.key(-1) is None
    assert layer.key(100) is None
    assert None not in keys
    assert len(set(keys[40:80])) == 1
    runs = [key for key, _ in itertools.groupby(keys)]
    assert len(runs) == len(set(runs)), "a key comes back after another"
    assert (len(runs) == 1) == (kind in STILL)


@pytest.mark.parametrize("rendition", [FULL_HD, HD], ids=["1080", "720"])
@pytest.mark.parametrize(("look", "kind"), DRAWN, indirect=["look"])
def test_box_is_even_and_safe(look: Path, engine: LayersEngine, photo: Path, kind: str, rendition: Rendition) -> None:
    layer = engine.draw(look, overlay(kind, FIELDS[kind], photo), rendition)
    assert [n % 2 for n in (layer.x, layer.y, layer.width, layer.height)] == [0, 0, 0, 0]
    picture = _picture(layer, MIDDLE)
    assert picture.shape == (layer.height, layer.width, 4)
    assert picture.dtype == np.uint8
    safe = open_look(look).safe
    ys, xs = np.nonzero(_covered(layer, MIDDLE, rendition))
    for low, high, size in ((xs.min(), xs.max() + 1, rendition.width), (ys.min(), ys.max() + 1, rendition.height)):
        assert size * (1 - safe.title) / 2 - 1 <= low
        assert high <= size * (1 + safe.title) / 2 + 1
    for at, length, size in ((layer.x, layer.width, rendition.width), (layer.y, layer.height, rendition.height)):
        assert size * (1 - safe.action) / 2 - 2 <= at
        assert at + length <= size * (1 + safe.action) / 2 + 2


@pytest.mark.parametrize(("look", "kind"), [d for d in DRAWN if d.values[1] not in STILL], indirect=["look"])
def test_comes_and_goes(look: Path, engine: LayersEngine, photo: Path, kind: str) -> None:
    layer = engine.draw(look, overlay(kind, FIELDS[kind], photo), FULL_HD)
    ink = {frame: float(_picture(layer, frame)[..., 3].mean()) for frame in (0, MIDDLE, 99)}
    assert 0 < ink[0] < 0.6 * ink[MIDDLE]
    assert ink[99] < 0.2 * ink[MIDDLE]


@pytest.mark.parametrize(("look", "kind"), DRAWN, indirect=["look"])
def test_same_overlay_same_pictures(look: Path, photo: Path, kind: str) -> None:
    drawn = []
    for _ in range(2):
        with LayersEngine() as engine:
            layer = engine.draw(look, overlay(kind, FIELDS[kind], photo), FULL_HD)
            drawn.append([(layer.key(frame), _picture(layer, frame).tobytes()) for frame in (5, MIDDLE)])
    assert drawn[0] == drawn[1]


def test_other_text_other_key(look: Path, engine: LayersEngine, photo: Path) -> None:
    layers = [engine.draw(look, overlay("caption", {"text": text}, photo), FULL_HD) for text in ("早安", "晚安")]
    assert layers[0].key(MIDDLE) != layers[1].key(MIDDLE)


@pytest.mark.parametrize("fields", [FIELDS, LONGEST], ids=["usual", "longest"])
def test_nothing_covers_anything(
    look: Path, engine: LayersEngine, photo: Path, fields: dict[str, dict[str, str]]
) -> None:
    shown = [kind for kind in TOGETHER if kind in open_look(look).layers]
    layers = {kind: engine.draw(look, overlay(kind, fields[kind], photo), FULL_HD) for kind in shown}
    for frame in (4, MIDDLE, 96):
        covered = {kind: _covered(layer, frame) for kind, layer in layers.items()}
        for a, b in itertools.combinations(shown, 2):
            assert not (covered[a] & covered[b]).any(), f"{a} and {b} meet at frame {frame}"
    title = _covered(engine.draw(look, overlay("title", fields["title"], photo), FULL_HD), MIDDLE)
    assert not any((title & _covered(layers[kind], MIDDLE)).any() for kind in ("bug", "label"))


def _luminance(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance, WCAG 2 / IEC 61966-2-1."""
    s = rgb.astype(np.float64) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("words", ["AI", "生成主播"])
def test_label_is_large_and_clear(look: Path, engine: LayersEngine, photo: Path, words: str) -> None:
    layer = engine.draw(look, overlay("label", {"text": words}, photo), FULL_HD)
    # Left of the words stands the accent rule.
    picture = _picture(layer, MIDDLE)[:, 20:]
    panel = picture[..., 3] == 255
    light = _luminance(picture[..., :3])
    ground = float(np.median(light[panel]))
    ink = float(np.percentile(light[panel], 99.5))
    assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5
    rows = np.nonzero((np.abs(light - ground) > abs(ink - ground) / 2).any(axis=1))[0]
    assert rows.max() - rows.min() + 1 >= 0.04 * 1080


def test_longest_label_is_not_cut(look: Path) -> None:
    opened = open_look(look)
    words = next(e for e in opened.layer("label").elements if isinstance(e, Text))
    longest = "標" * opened.fields["label"]["text"].max
    setting = Letterer(opened.type.family, opened.type.styles[words.style], 1.0).fit(longest, words.width, 1)
    assert setting.lines == (longest,)


def test_label_names_the_machine_by_itself(look: Path, engine: LayersEngine, photo: Path) -> None:
    pictures = [
        _picture(engine.draw(look, overlay("label", f, photo), FULL_HD), 0) for f in ({}, {"text": "AI 生成主播"})
    ]
    assert np.array_equal(*pictures)


def test_headline_is_replaced_in_a_standing_bar(look: Path, engine: LayersEngine, photo: Path) -> None:
    first = engine.draw(look, overlay("headline", {"text": "第一則", "next": "第二則"}, photo), FULL_HD)
    second = engine.draw(look, overlay("headline", {"text": "第二則", "previous": "第一則"}, photo), FULL_HD)
    end, begin, settled = _picture(first, 99), _picture(second, 0), _picture(second, MIDDLE)
    bar = np.s_[:, 1000:]
    assert np.array_equal(end[bar], begin[bar])
    assert np.array_equal(begin[bar], settled[bar])
    assert not np.array_equal(begin, settled)
    assert np.abs(end.astype(int) - begin).mean() < np.abs(settled.astype(int) - begin).mean()


def _rows(element: Element, look: Look) -> tuple[float, float]:
    """First and last row of an element in its layer, design pixels; a text with all the lines that it may have."""
    if isinstance(element, Text):
        em = look.type.styles[element.style].size
        ink = ((element.lines - 1) * element.leading + HAN_INK) * em
        middle = (
            element.at[1]
            + {"down": 0.5, "both": 0.0, "up": -0.5}[element.grow] * (element.lines - 1) * element.leading * em
        )
        return middle - ink / 2, middle + ink / 2
    height = element.height if isinstance(element, Logo) else element.size[1]
    return element.at[1], element.at[1] + height


@pytest.mark.parametrize(("look", "kind"), DRAWN, indirect=["look"])
def test_lines_keep_their_distance(look: Path, kind: str) -> None:
    """Text of several lines touches neither the edge of its panel nor what stands above and below."""
    opened = open_look(look)
    elements = opened.layer(kind).elements
    for text in (e for e in elements if isinstance(e, Text) and e.lines > 1):
        top, bottom = _rows(text, opened)
        air = DISTANCE * opened.type.styles[text.style].size
        for other in (e for e in elements if e is not text):
            first, last = _rows(other, opened)
            if (
                isinstance(other, Rect)
                and other.at[0] + other.size[0] <= text.at[0] - text.width * (text.align == "centre") / 2
            ):
                continue  # a rule beside the text
            holds = isinstance(other, Rect) and first <= text.at[1] <= last
            edges = (top - first, last - bottom) if holds else (max(first - bottom, top - last),)
            assert min(edges) >= air, (text.field, other)


@pytest.mark.parametrize("length", [1, 3, 12])
@pytest.mark.parametrize(("look", "kind"), DRAWN, indirect=["look"])
def test_short_overlays_still_draw(look: Path, engine: LayersEngine, photo: Path, kind: str, length: int) -> None:
    layer = engine.draw(look, overlay(kind, FIELDS[kind], photo, length), FULL_HD)
    # The last frame of a fade may round to nothing.
    assert all(_picture(layer, frame)[..., 3].any() for frame in range(max(1, length - 1)))
    assert layer.key(length) is None


def test_caption_lines_stand_on_one_baseline(look: Path, engine: LayersEngine, photo: Path) -> None:
    bottoms = set()
    for text in ("今天天氣晴", "今年的天氣一直都是晴天"):
        picture = _picture(engine.draw(look, overlay("caption", {"text": text}, photo), FULL_HD), 0)
        rows = np.nonzero((picture[..., :3].min(axis=2) > 200) & (picture[..., 3] > 250))[0]
        bottoms.add(int(rows.max()))
    assert len(bottoms) == 1


def test_unknown_names_are_refused(look: Path, engine: LayersEngine, photo: Path) -> None:
    with pytest.raises(EngineError, match="no layer 'hologram'"):
        engine.draw(look, Overlay("hologram", Span(0, 10)), FULL_HD)
    with pytest.raises(EngineError, match="no field 'colour'"):
        engine.draw(look, overlay("headline", {"colour": "red"}, photo), FULL_HD)


def test_missing_picture_is_refused_before_drawing(look: Path, engine: LayersEngine, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="no picture at"):
        engine.draw(look, overlay("ots", {}, tmp_path / "none.png"), FULL_HD)


RUNNING = [d for d in DRAWN if d.values[1] == "ticker"]


@pytest.mark.parametrize(("look", "kind"), RUNNING, indirect=["look"])
@pytest.mark.parametrize("rendition", [FULL_HD, HD], ids=["1080", "720"])
@pytest.mark.parametrize("words", ["短訊", "中央氣象署發布豪雨特報　全臺有雨　" * 4], ids=["short", "long"])
def test_running_text_moves_evenly_and_comes_again(
    look: Path, engine: LayersEngine, kind: str, rendition: Rendition, words: str
) -> None:
    layer = engine.draw(look, Overlay(kind, Span(0, 3000), (("text", words),)), rendition)
    run = run_of(open_look(look), kind, {"text": words}, rendition.width / 1920, rendition.timebase)
    assert run is not None
    keys = [layer.key(frame) for frame in range(3000)]
    assert len(set(keys)) < 1200
    window = np.s_[:, 40:-40]
    enter = open_look(look).motion.enter_frames
    for frame in range(enter, 2900, 211):
        now, then = _picture(layer, frame)[window], _picture(layer, frame + 1)[window]
        # The panel shades off by less than a code value in so few pixels.
        moved = now[:, run.step :, 1].astype(int) - then[:, : -run.step, 1]
        assert np.abs(moved).max() <= 3, f"frame {frame} jumps"
        # The picture of a key that comes back is the one that would have been drawn.
        same = keys.index(keys[frame])
        fresh = OverlayClip(layer._inputs, layer_actors(layer._inputs))  # type: ignore[attr-defined]
        assert np.array_equal(fresh.picture(frame), _picture(layer, same))


@pytest.mark.parametrize(("look", "kind"), RUNNING, indirect=["look"])
def test_running_text_goes_on_where_a_part_begins(look: Path, engine: LayersEngine, kind: str) -> None:
    fields = (("text", "中央氣象署發布豪雨特報　全臺有雨"),)
    whole = engine.draw(look, Overlay(kind, Span(0, 1000), fields), FULL_HD)
    part = engine.draw(look, Overlay(kind, Span(0, 400), fields, age=600), FULL_HD)
    assert [part.key(frame) for frame in range(400)] == [whole.key(frame) for frame in range(600, 1000)]
    assert part.key(400) is None and part.key(-1) is None


def test_front_doors_stay_light() -> None:
    modules = "anchor.graphics.engines.layers, anchor.graphics.captions, anchor.graphics.sidecar, anchor.graphics.look"
    heavy = "{'moviepy', 'PIL', 'jieba', 'cv2', 'numpy'}"
    code = f"import sys, {modules}; found = {heavy} & set(sys.modules); assert not found, found"
    subprocess.run([sys.executable, "-c", code], check=True)
