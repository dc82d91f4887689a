"""Whether a look shows the AI label: its own words alone, whole, uncovered, large, readable, from the first frame on.

`anchor looks check` tells all of it; a render refuses a look that fails (`require_label`), so that no pack can make the
label vanish.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.core.errors import PackError, Place
from anchor.core.time import VIDEO
from anchor.graphics.actors import Actor, OverlayInputs, actor_overlap, lay_actor, layer_actors
from anchor.graphics.motion import Score
from anchor.graphics.sheet import LookFault
from anchor.graphics.style import Look, Text
from anchor.messages import message
from anchor.packs import Shelf
from anchor.trust.label import AI_LABEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABEL_LAYER = "label"
LABEL_SHARE = 0.04
"""Least height of the label's letters, of the picture's shorter side."""
HAN_HEIGHT = 0.95
"""Of Han characters' ink, in em (Noto Sans CJK: ink from −.09 to .86)."""
_SOLID = 230
"""Alpha from which a pixel of the letters must show as it is."""
_NEAR = 32
"""Code values by which a shown letter may differ from its colour."""
_SHOWN_SHARE = 0.97
"""Of the letters' pixels must show."""


def label_faults(look: Look) -> Iterator[LookFault]:
    """What would keep viewers from seeing and reading the label, in what the layer itself draws."""
    key, layer = f"layers.{LABEL_LAYER}", look.layer(LABEL_LAYER)
    texts = [(n, e) for n, e in enumerate(layer.elements) if isinstance(e, Text)]
    words = [(n, e) for n, e in texts if e.field == "text"]
    if layer.moves:
        yield LookFault(f"{key}.elements", message("graphics.label-stands"))
    if not words:
        yield LookFault(f"{key}.elements", message("graphics.label-unseen"))
    if not 0 < len(AI_LABEL) <= (look.fields[LABEL_LAYER]["text"].max or len(AI_LABEL)):
        yield LookFault(f"fields.{LABEL_LAYER}.text.max", message("graphics.label-longer", label=AI_LABEL))
    least = LABEL_SHARE * min(look.size)
    for n, element in words:
        if look.type.styles[element.style].floor * HAN_HEIGHT < least:
            small = message("graphics.label-small", least=least, share=LABEL_SHARE)
            yield LookFault(f"{key}.elements.{n}.style", small)
    if len(words) != 1:
        yield LookFault(f"{key}.elements", message("graphics.label-once"))
        return
    for n, element in texts:
        if element.field != "text":
            yield LookFault(f"{key}.elements.{n}", message("graphics.label-other-words"))
    for n, each in enumerate(layer.elements):
        if each.delay or each.enter != "none":
            yield LookFault(f"{key}.elements.{n}", message("graphics.label-late"))
        if each.needs:
            yield LookFault(f"{key}.elements.{n}.needs", message("graphics.label-needs"))
    yield from _drawn_faults(look, words[0][0])


def _drawn_faults(look: Look, place: int) -> Iterator[LookFault]:
    """Of the letters as they come out of the layer's box."""
    import numpy as np

    key = f"layers.{LABEL_LAYER}"
    width, height = look.layer(LABEL_LAYER).box[2:]
    inputs = OverlayInputs(look, LABEL_LAYER, {"text": AI_LABEL}, 1.0, (width, height), Score(2, 0, 0), VIDEO)
    actors = layer_actors(inputs)
    letters = next((a for e, a in zip(_shown(look), actors, strict=True) if e is _element(look, place)), None)
    ink = None if letters is None else letters.sprite.pixels[..., 3] >= _SOLID
    if letters is None or ink is None or not ink.any():
        yield LookFault(f"{key}.elements.{place}", message("graphics.label-hidden", percent=0))
        return
    tall = int(np.ptp(np.nonzero(ink)[0])) + 1
    if tall < (least := LABEL_SHARE * min(look.size)):
        yield LookFault(
            f"{key}.elements.{place}.style", message("graphics.label-drawn-small", tall=tall, least=round(least))
        )
    shown = _shown_share(actors, letters, (width, height))
    if shown < _SHOWN_SHARE:
        yield LookFault(f"{key}.elements.{place}", message("graphics.label-hidden", percent=round(100 * shown)))


def _element(look: Look, place: int) -> object:
    return look.layer(LABEL_LAYER).elements[place]


def _shown(look: Look) -> list[object]:
    """The elements that draw something, as `layer_actors` gives them."""
    elements = look.layer(LABEL_LAYER).elements
    return [e for e in elements if not isinstance(e, Text) or (e.text.strip() or e.field == "text")]


def _shown_share(actors: tuple[Actor, ...], letters: Actor, size: tuple[int, int]) -> float:
    """How much of the letters shows inside the box when everything is laid over one another, 0–1."""
    import numpy as np

    width, height = size
    ground: NDArray[np.float32] = np.zeros((height, width, 3), np.float32)
    for actor in actors:
        lay_actor(ground, actor)
    box, own = actor_overlap(ground, letters)
    pixels = letters.sprite.pixels
    ink = pixels[..., 3] >= _SOLID
    seen = np.abs(ground[box] - pixels[own][..., :3]).max(axis=-1) <= _NEAR
    return float((seen & ink[own]).sum() / max(1, ink.sum()))


def require_label(look: Look) -> None:
    """Refuse a look that does not show the label; looked at once for each look and shape in a process.

    Raises:
        PackError: names the key and what is wrong with it.
    """
    fault = _first_fault(look.path, look.digest, look.aspect)
    if fault is not None:
        place = Place(file=str(look.path / Shelf.LOOKS.manifest), field=fault.key)
        raise PackError(
            message("graphics.label-refused", look=look.name, reason=fault.message),
            hint=message("graphics.label-refused-hint", path=str(look.path)),
            place=place,
        )


@cache
def _first_fault(path: Path, digest: str, aspect: str) -> LookFault | None:
    from anchor.graphics.check import label_layer_faults
    from anchor.graphics.look import open_look

    return next(label_layer_faults(open_look(path, aspect)), None)
