"""Whether a look can go on air: every fault at once, in its tables and in what it draws with the longest texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from anchor.core.errors import AnchorError, PackError
from anchor.core.layers import LAYERS, LayerKind
from anchor.core.time import VIDEO
from anchor.graphics.actors import Actor, OverlayInputs, actor_overlap, lay_actor, layer_actors
from anchor.graphics.aspects import ASPECTS
from anchor.graphics.captions import CAPTION_CHARS
from anchor.graphics.contrast import contrast, luminance
from anchor.graphics.label_proof import LABEL_LAYER, label_faults
from anchor.graphics.look import load_look
from anchor.graphics.motion import Score
from anchor.graphics.sheet import LookFault, Sheet, aspects_of, key_of, read_sheet, sheet_faults, unknown_kinds
from anchor.graphics.style import Look, PictureBox, Text
from anchor.media.stills import load_picture
from anchor.messages import Message, message, named
from anchor.packs import Pack, verify_pack
from anchor.registry import check_graphics_engine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INK = 64
"""Alpha from which a pixel counts as covered; soft shadows lie below."""
LARGE_PX, LARGE_BOLD_PX = 24.0, 18.66
"""From here on type is large: 18 point, bold 14 point (WCAG 2.2)."""
LARGE_RATIO, SMALL_RATIO = 3.0, 4.5
"""Least contrast of large and of other type (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True, slots=True)
class LookFinding:
    """Something about a look that its maker should know."""

    level: Literal["fault", "notice"]
    """A fault keeps the look off air, a notice does not."""
    key: str
    """In the manifest, parted by dots."""
    message: Message


def check_look(pack: Pack) -> tuple[LookFinding, ...]:
    """Everything that is wrong with a look or worth knowing of it, in all its shapes; empty: nothing."""
    found = [*_pack_findings(pack)]
    for aspect in aspects_of(pack.manifest):
        sheet = read_sheet(pack.manifest, aspect)
        if isinstance(sheet, tuple):
            found += [LookFinding("fault", fault.key, fault.message) for fault in sheet]
            continue
        faults = [*sheet_faults(sheet, aspect), *_field_faults(sheet)]
        if not faults:
            faults = [*_drawn_faults(pack, aspect)]
        found += [LookFinding("fault", key_of(pack.manifest, aspect, fault.key), fault.message) for fault in faults]
        found += _lacking(sheet, aspect)
    return tuple(dict.fromkeys(found))


def _pack_findings(pack: Pack) -> Iterator[LookFinding]:
    """Engine, hashes, licence, and kinds that this version does not know."""
    try:
        check_graphics_engine(pack.engine)
    except AnchorError as error:
        yield LookFinding("fault", "engine", message("graphics.with-hint", what=error.message, hint=error.hint))
    try:
        verify_pack(pack)
    except PackError as error:
        place = error.place.field if error.place and error.place.field else "files"
        yield LookFinding("fault", place, error.message)
    for name in unknown_kinds(pack.manifest):
        known = ASPECTS if name.startswith("layout.") else LAYERS
        close = get_close_matches(name.removeprefix("layout."), list(known), n=1, cutoff=0.5)
        unknown = message("graphics.unknown-kind")
        yield LookFinding("notice", name, message("graphics.meant-kind", close=close[0]) if close else unknown)


def _field_faults(sheet: Sheet) -> Iterator[LookFault]:
    """Fields that are not what the table of layers says."""
    for kind in (LAYERS[name] for name in sheet.layers):
        fields = sheet.fields_of(kind.id)
        for field in kind.fields:
            key = f"fields.{kind.id}.{field.name}"
            if field.name not in fields:
                if field.required:
                    yield LookFault(key, message("graphics.field-missing"))
                continue
            if fields[field.name].type != field.type:
                given = fields[field.name].type
                yield LookFault(f"{key}.type", message("graphics.other-type", given=given, wanted=field.type))
            shown = {getattr(element, "field", "") for element in sheet.layers[kind.id].elements}
            if field.required and field.name not in shown:
                what = message("graphics.required-unseen", field=field.name)
                yield LookFault(f"layers.{kind.id}.elements", what)


def _lacking(sheet: Sheet, aspect: str) -> Iterator[LookFinding]:
    """Kinds that the look does not draw, and what becomes of them; fields that nothing fills."""
    for kind in LAYERS.values():
        if kind.id not in sheet.layers and not kind.required:
            instead = next((name for name in kind.nearest if name in sheet.layers), None)
            what = message("graphics.not-drawn", label=kind.label, aspect=aspect)
            if instead:
                stands = named("layer", instead)
                what = message("graphics.stands-in", label=kind.label, aspect=aspect, instead=stands)
            yield LookFinding("notice", f"layers.{kind.id}", what)
    for name in sheet.layers:
        for field in set(sheet.fields_of(name)) - {f.name for f in LAYERS[name].fields}:
            yield LookFinding("notice", f"fields.{name}.{field}", message("graphics.unfilled-field"))


def longest_values(kind: LayerKind, look: Look) -> dict[str, str]:
    """The longest texts that a look promises to show, and its own studio as a picture."""
    values = {}
    for name, field in look.fields[kind.id].items():
        most = CAPTION_CHARS if kind.shows == "speech" else field.max or 1
        values[name] = str(look.background) if field.type == "picture" else "國" * most
    return values


def _drawn_faults(pack: Pack, aspect: str) -> Iterator[LookFault]:
    try:
        look = load_look(pack, aspect)
        studio = load_picture(look.background)[..., :3]
    except AnchorError as error:
        yield LookFault("background", error.message)
        return
    for name in look.layers:
        yield from _layer_faults(LAYERS[name], look, studio)
    yield from _order_faults(look)
    yield from label_faults(look)


def label_layer_faults(look: Look) -> Iterator[LookFault]:
    """All that keeps a look's AI label from being seen and read; its z is no matter, it is drawn over everything."""
    yield from label_faults(look)
    try:
        studio = load_picture(look.background)[..., :3]
    except AnchorError as error:
        yield LookFault("background", error.message)
        return
    yield from _layer_faults(LAYERS[LABEL_LAYER], look, studio)


def _layer_faults(kind: LayerKind, look: Look, studio: NDArray[np.uint8]) -> Iterator[LookFault]:
    """Of one layer, drawn with its longest texts at design size."""
    box = look.layer(kind.id).box
    inputs = OverlayInputs(look, kind.id, longest_values(kind, look), 1.0, (box[2], box[3]), Score(2, 0, 0), VIDEO)
    yield from _fit_faults(kind, look)
    try:
        actors = layer_actors(inputs)
    except AnchorError as error:
        yield LookFault(f"layers.{kind.id}", error.message)
        return
    yield from _place_faults(kind, look, actors)
    yield from _contrast_faults(kind, look, inputs, actors, studio)


def _fit_faults(kind: LayerKind, look: Look) -> Iterator[LookFault]:
    """Texts that are cut although they are no longer than the look allows."""
    from anchor.graphics.lettering import Letterer

    values = longest_values(kind, look)
    for n, element in enumerate(look.layer(kind.id).elements):
        if not isinstance(element, Text) or (kind.moves == "runs" and element.field == kind.running):
            continue
        words = values.get(element.field, "") or element.text
        lines = Letterer(look.type.family, look.type.styles[element.style], 1.0).fit(
            words, element.width, element.lines
        )
        if words and "".join(lines.lines) != words:
            floor = look.type.styles[element.style].floor
            place = {"width": element.width, "lines": element.lines, "floor": floor}
            what = message("graphics.words-do-not-fit", words=words, **place)
            if element.field:
                what = message("graphics.text-does-not-fit", count=len(words), **place)
            yield LookFault(f"layers.{kind.id}.elements.{n}", what)


def _ink(actor: Actor) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what an actor covers, in its layer; None: nothing."""
    import numpy as np

    ys, xs = np.nonzero(actor.sprite.pixels[..., 3] >= INK)
    if not len(ys):
        return None
    x, y = actor.sprite.x, actor.sprite.y
    return x + int(xs.min()), y + int(ys.min()), x + int(xs.max()) + 1, y + int(ys.max()) + 1


def _place_faults(kind: LayerKind, look: Look, actors: tuple[Actor, ...]) -> Iterator[LookFault]:
    """Boxes outside the action-safe area, ink outside its box or the title-safe area."""
    x, y, width, height = look.layer(kind.id).box
    if not _within((x, y, x + width, y + height), look.size, look.safe.action, 2):
        yield LookFault(f"layers.{kind.id}.box", message("graphics.leaves-action-safe", share=look.safe.action))
    inks = [ink for ink in (_ink(actor) for actor in actors if not actor.runs) if ink]
    if not inks:
        return
    left, top, right, bottom = (
        pick(edge) for pick, edge in zip((min, min, max, max), zip(*inks, strict=True), strict=True)
    )
    if left < 0 or top < 0 or right > width or bottom > height:
        edges = {"left": left, "top": top, "right": right, "bottom": bottom}
        what = message("graphics.drawn-beyond", **edges, width=width, height=height)
        yield LookFault(f"layers.{kind.id}.box", what)
    elif not _within((x + left, y + top, x + right, y + bottom), look.size, look.safe.title, 1):
        yield LookFault(f"layers.{kind.id}.box", message("graphics.leaves-title-safe", share=look.safe.title))


def _within(edges: tuple[int, int, int, int], size: tuple[int, int], share: float, play: int) -> bool:
    left, top, right, bottom = edges
    aside, above = size[0] * (1 - share) / 2 - play, size[1] * (1 - share) / 2 - play
    return left >= aside and top >= above and right <= size[0] - aside and bottom <= size[1] - above


def _contrast_faults(
    kind: LayerKind, look: Look, inputs: OverlayInputs, actors: tuple[Actor, ...], studio: NDArray[np.uint8]
) -> Iterator[LookFault]:
    """Texts against their outline, else against what lies behind: the layer's panels over the look's own studio."""
    ground = _studio_behind(look, kind.id, studio)
    elements = list(enumerate(look.layer(kind.id).elements))
    shown = [(n, e) for n, e in elements if not e.needs or inputs.fields.get(e.needs)]
    shown = [(n, e) for n, e in shown if not isinstance(e, Text) or (inputs.fields.get(e.field, "") or e.text).strip()]
    for (n, element), actor in zip(shown, actors, strict=False):
        if isinstance(element, Text):
            style = look.type.styles[element.style]
            large = style.floor >= (LARGE_BOLD_PX if style.weight == "Bold" else LARGE_PX)
            wanted = SMALL_RATIO if kind.id == LABEL_LAYER or not large else LARGE_RATIO
            ink = luminance(_rgb(look, element.colour))
            behind = luminance(_rgb(look, element.outline[0])) if element.outline else _light_under(ground, actor)
            ratio = contrast(ink, behind)
            if ratio < wanted:
                key = f"layers.{kind.id}.elements.{n}.colour"
                yield LookFault(key, message("graphics.low-contrast", ratio=ratio, wanted=wanted))
        if not isinstance(element, PictureBox):
            lay_actor(ground, actor)


def _rgb(look: Look, name: str) -> tuple[int, int, int]:
    code = look.palette[name]
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _studio_behind(look: Look, kind: str, studio: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The studio under a layer's box, as wide and high as the box: [h, w, 3]."""
    import numpy as np
    from PIL import Image, ImageOps

    x, y, width, height = look.layer(kind).box
    whole = ImageOps.fit(Image.fromarray(np.ascontiguousarray(studio)), look.size, Image.Resampling.BOX)
    return np.asarray(whole.crop((x, y, x + width, y + height)), np.float32).copy()


def _light_under(ground: NDArray[np.float32], actor: Actor) -> float:
    """Luminance of what lies behind most of a text."""
    import numpy as np

    box, own = actor_overlap(ground, actor)
    covered = actor.sprite.pixels[own][..., 3] >= INK
    under = ground[box][covered]
    return luminance(tuple(np.median(under, axis=0))) if len(under) else 0.0


def _order_faults(look: Look) -> Iterator[LookFault]:
    """Layers that a look puts above the AI label; it is drawn over them all the same."""
    layer = look.layer(LABEL_LAYER)
    above = [name for name, other in look.layers.items() if name != LABEL_LAYER and other.z >= layer.z]
    if above:
        yield LookFault(f"layers.{LABEL_LAYER}.z", message("graphics.label-above", layers=tuple(above)))
