"""A look pack's manifest, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from anchor.core.errors import PackError, Place
from anchor.core.layers import LAYERS
from anchor.core.plan import Grade, Placement
from anchor.graphics.style import (
    DESIGN_HEIGHT,
    DESIGN_WIDTH,
    Colour,
    LayerStyle,
    Look,
    LookField,
    Motion,
    Safe,
    Text,
    Timing,
    TypeScale,
)
from anchor.packs import Pack, Shelf, load_pack

_COMMON = {"schema", "name", "label", "engine", "licence", "source", "consent", "files"}
_BY_KIND = ("layers", "fields")
"""Tables of a manifest with one entry for each kind of layer."""


@dataclass(frozen=True, slots=True)
class _Place:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    scale: Annotated[float, Field(gt=0.1, le=4)]
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Light:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    gain: float
    lift: float
    cb: float
    cr: float
    shadow: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The tables of `template.toml` beyond the common keys."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    background: str
    palette: dict[str, Colour]
    type: TypeScale
    motion: Motion
    safe: Safe
    timing: Timing
    placement: dict[str, _Place]
    light: _Light
    layers: dict[str, LayerStyle]
    fields: dict[str, dict[str, LookField]] = field(default_factory=dict)


_SHEET = TypeAdapter(_Sheet)


def load_look(pack: Pack) -> Look:
    """The look that a pack holds.

    Raises:
        PackError: a key is missing, unknown or of another form, a name points nowhere, or a file is gone.
    """
    if pack.shelf is not Shelf.LOOKS:
        raise PackError(f"{pack.name} is a {pack.shelf.noun}, not a look", place=Place(file=str(pack.path)))
    file = str(pack.path / pack.shelf.manifest)
    try:
        sheet = _SHEET.validate_python(_known(pack.manifest))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PackError(
            f"template.toml: {first['msg']}", hint="see docs/packs.md", place=Place(file=file, field=key)
        ) from error
    for key, message in _faults(sheet):
        raise PackError(message, place=Place(file=file, field=key))
    grade = Grade(sheet.light.gain, sheet.light.lift, sheet.light.cb, sheet.light.cr)
    places = {
        name: Placement(place.scale, place.x, place.y, grade, sheet.light.shadow)
        for name, place in sheet.placement.items()
    }
    return Look(
        name=pack.name,
        label=pack.label,
        path=pack.path,
        digest=pack.digest,
        licence=pack.licence,
        engine=pack.engine,
        background=pack.file(sheet.background),
        palette=sheet.palette,
        type=sheet.type,
        motion=sheet.motion,
        safe=sheet.safe,
        timing=sheet.timing,
        plain=places["plain"],
        with_ots=places["with-ots"],
        fields={kind: _fields(kind, sheet) for kind in sheet.layers},
        layers={kind: _timed(kind, layer, sheet.timing) for kind, layer in sheet.layers.items()},
        unknown=unknown_kinds(pack.manifest),
    )


def unknown_kinds(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Kinds of layer in a manifest that the table does not have, sorted."""
    named = {kind for table in _BY_KIND if isinstance(manifest.get(table), dict) for kind in manifest[table]}
    return tuple(sorted(named - set(LAYERS)))


def _known(manifest: dict[str, Any]) -> dict[str, Any]:
    """The look's own tables, without kinds that the table does not have: they may be of a later version."""
    own = {key: value for key, value in manifest.items() if key not in _COMMON}
    for table in _BY_KIND:
        if isinstance(own.get(table), dict):
            own[table] = {kind: value for kind, value in own[table].items() if kind in LAYERS}
    return own


def _fields(kind: str, sheet: _Sheet) -> dict[str, LookField]:
    """What a layer takes: what the look says, else what the table says."""
    ours = {f.name: LookField(f.type, f.label, f.max, f.required) for f in LAYERS[kind].fields}
    return sheet.fields.get(kind, ours)


def _timed(kind: str, layer: LayerStyle, timing: Timing) -> LayerStyle:
    """The lower third's time stands in [timing]; of every other kind in the layer itself."""
    return replace(layer, frames=timing.lower_third_frames) if kind == "lower-third" and not layer.frames else layer


def open_look(directory: Path) -> Look:
    """`load_look` of the pack in a directory."""
    return load_look(load_pack(directory, Shelf.LOOKS))


def _faults(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    """Field and message of everything that the types alone cannot tell."""
    if set(sheet.placement) != {"plain", "with-ots"}:
        yield "placement", "needs exactly the tables `plain` and `with-ots`"
    for kind in LAYERS.values():
        if kind.id in sheet.layers:
            yield from _layer_faults(kind.id, sheet)
        elif kind.required:
            yield f"layers.{kind.id}", f"the layer is missing; every look has its {kind.label}"


def _layer_faults(kind: str, sheet: _Sheet) -> Iterator[tuple[str, str]]:
    layer, known = sheet.layers[kind], _fields(kind, sheet)
    x, y, width, height = layer.box
    if min(x, y, width, height) < 0 or x + width > DESIGN_WIDTH or y + height > DESIGN_HEIGHT:
        yield f"layers.{kind}.box", f"leaves the {DESIGN_WIDTH}x{DESIGN_HEIGHT} picture"
    if LAYERS[kind].moves == "runs" and not layer.speed:
        yield f"layers.{kind}.speed", "is missing: the text of this layer runs, so many design pixels a second"
    ids = {element.id for element in layer.elements if element.kind in ("rect", "text")}
    for n, element in enumerate(layer.elements):
        where = f"layers.{kind}.elements.{n}"
        for name in _colours(element):
            if name not in sheet.palette:
                yield where, f"no colour {name!r} in [palette]"
        if LAYERS[kind].moves == "runs" and isinstance(element, Text) and element.field and element.align != "left":
            yield f"{where}.align", "a text that runs has its window at the left of its place"
        if isinstance(element, Text) and element.style not in sheet.type.styles:
            yield f"{where}.style", f"no style {element.style!r} in [type.styles]"
        for name in {getattr(element, "field", ""), element.needs} - {""} - set(known):
            yield where, f"no field {name!r} in [fields.{kind}]"
        named = {getattr(element, "after", ""), *getattr(element, "hug", ())} - {""}
        for name in named - ids:
            yield where, f"no element with the id {name!r}"


def _colours(element: Any) -> Iterator[str]:
    """Palette names that an element uses."""
    yield from (name for name, _ in getattr(element, "fill", ()))
    yield from (getattr(element, key) for key in ("colour", "accent") if hasattr(element, key))
    if getattr(element, "outline", None):
        yield element.outline[0]
    if getattr(element, "shadow", None):
        yield element.shadow.colour
