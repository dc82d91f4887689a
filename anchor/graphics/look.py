"""A look pack's manifest, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from anchor.core.errors import PackError, Place
from anchor.core.plan import Grade, Placement
from anchor.graphics.style import (
    DESIGN_HEIGHT,
    DESIGN_WIDTH,
    Colour,
    LayerKind,
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

KINDS: tuple[LayerKind, ...] = get_args(LayerKind)
_COMMON = {"schema", "name", "label", "engine", "licence", "source", "consent", "files"}


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
    fields: dict[LayerKind, dict[str, LookField]]
    layers: dict[LayerKind, LayerStyle]


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
        sheet = _SHEET.validate_python({k: v for k, v in pack.manifest.items() if k not in _COMMON})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PackError(
            f"template.toml: {first['msg']}", hint="see docs/packs.md", place=Place(file=file, field=field)
        ) from error
    for field, message in _faults(sheet):
        raise PackError(message, place=Place(file=file, field=field))
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
        fields={kind: dict(fields) for kind, fields in sheet.fields.items()},
        layers=sheet.layers,
    )


def open_look(directory: Path) -> Look:
    """`load_look` of the pack in a directory."""
    return load_look(load_pack(directory, Shelf.LOOKS))


def _faults(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    """Field and message of everything that the types alone cannot tell."""
    if set(sheet.placement) != {"plain", "with-ots"}:
        yield "placement", "needs exactly the tables `plain` and `with-ots`"
    for kind in KINDS:
        if kind not in sheet.layers:
            yield f"layers.{kind}", "the layer is missing"
        elif kind not in sheet.fields:
            yield f"fields.{kind}", "the fields of the layer are missing"
        else:
            yield from _layer_faults(kind, sheet)


def _layer_faults(kind: LayerKind, sheet: _Sheet) -> Iterator[tuple[str, str]]:
    layer, known = sheet.layers[kind], sheet.fields[kind]
    x, y, width, height = layer.box
    if min(x, y, width, height) < 0 or x + width > DESIGN_WIDTH or y + height > DESIGN_HEIGHT:
        yield f"layers.{kind}.box", f"leaves the {DESIGN_WIDTH}x{DESIGN_HEIGHT} picture"
    ids = {element.id for element in layer.elements if element.kind in ("rect", "text")}
    for n, element in enumerate(layer.elements):
        where = f"layers.{kind}.elements.{n}"
        for name in _colours(element):
            if name not in sheet.palette:
                yield where, f"no colour {name!r} in [palette]"
        if isinstance(element, Text) and element.style not in sheet.type.styles:
            yield f"{where}.style", f"no style {element.style!r} in [type.styles]"
        for field in {getattr(element, "field", ""), element.needs} - {""} - set(known):
            yield where, f"no field {field!r} in [fields.{kind}]"
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
