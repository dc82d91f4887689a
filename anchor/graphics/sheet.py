"""The tables of `template.toml`, for one shape of picture, and every fault that can be seen in them alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from anchor.core.layers import LAYERS
from anchor.graphics.aspects import ASPECTS, WIDE
from anchor.graphics.style import Colour, LayerStyle, LookField, Motion, Safe, Text, Timing, TypeScale
from anchor.messages import Message, message

_COMMON = {"schema", "name", "label", "engine", "licence", "source", "consent", "files"}
_BY_KIND = ("layers", "fields")
"""Tables with one entry for each kind of layer."""
_PLACED = ("background", "placement", "layers")
"""What belongs to one shape of picture; outside [layout] to the wide one."""
_LAID_OUT = {*_PLACED, "fields", "safe", "type"}
"""What a layout may say: its own, or in place of what stands outside [layout]."""


@dataclass(frozen=True, slots=True)
class LookFault:
    """One thing that is wrong with a look."""

    key: str
    """In the manifest, parted by dots; elements of a list by their number from 0."""
    message: Message


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
class Sheet:
    """The tables beyond the common keys, as they are for one shape of picture."""

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

    def fields_of(self, kind: str) -> dict[str, LookField]:
        """What a layer takes: what the look says, else what the table of layers says."""
        ours = {f.name: LookField(f.type, f.label, f.max, f.required) for f in LAYERS[kind].fields}
        return self.fields.get(kind, ours)

    def layer(self, kind: str) -> LayerStyle:
        """The lower third's time stands in [timing]; of every other kind in the layer itself."""
        layer = self.layers[kind]
        timed = kind == "lower-third" and not layer.frames
        return replace(layer, frames=self.timing.lower_third_frames) if timed else layer


_SHEET = TypeAdapter(Sheet)


def aspects_of(manifest: dict[str, Any]) -> tuple[str, ...]:
    """The shapes that a look is laid out for; the wide one first, and alone where nothing is said."""
    layouts = _table(manifest, "layout")
    wide = "layers" in manifest or not set(layouts) & set(ASPECTS)
    return tuple(name for name in ASPECTS if name in layouts or (name == WIDE and wide))


def unknown_kinds(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Kinds of layer and shapes in a manifest that this version does not have, sorted: it may be of a later one."""
    layouts = _table(manifest, "layout")
    tables = [
        _table(each, name) for each in (manifest, *map(dict, filter(_is_table, layouts.values()))) for name in _BY_KIND
    ]
    kinds = {kind for table in tables for kind in table} - set(LAYERS)
    return tuple(sorted(kinds)) + tuple(f"layout.{name}" for name in sorted(set(layouts) - set(ASPECTS)))


def read_sheet(manifest: dict[str, Any], aspect: str) -> Sheet | tuple[LookFault, ...]:
    """The tables for one shape, or every fault of their form."""
    twice = [key for key in _PLACED if aspect == WIDE and key in manifest and key in _layout(manifest, aspect)]
    strange = [key for key in _layout(manifest, aspect) if key not in _LAID_OUT]
    if twice or strange:
        again = message("graphics.layout-twice")
        misplaced = message("graphics.not-in-layout", allowed=tuple(sorted(_LAID_OUT)))
        said = [(key, again) for key in twice] + [(key, misplaced) for key in strange]
        return tuple(LookFault(f"layout.{aspect}.{key}", what) for key, what in said)
    try:
        return _SHEET.validate_python(_laid_out(manifest, aspect))
    except ValidationError as error:
        found = [(".".join(map(str, _without_tags(each["loc"]))), each["msg"]) for each in error.errors()]
        return tuple(
            LookFault(key_of(manifest, aspect, key), message("graphics.form", reason=said)) for key, said in found
        )


def key_of(manifest: dict[str, Any], aspect: str, key: str) -> str:
    """Where a key of a sheet stands in the manifest."""
    layout, parts = _layout(manifest, aspect), key.split(".")
    own = parts[0] in layout or (aspect != WIDE and parts[0] in _PLACED)
    if own and parts[0] in ("fields", "type"):
        inner = layout[parts[0]]
        own = _is_table(inner) and len(parts) > 1 and parts[1] in inner
    return f"layout.{aspect}.{key}" if own else key


def _laid_out(manifest: dict[str, Any], aspect: str) -> dict[str, Any]:
    """The look's own tables with those of a layout in them, without kinds that this version does not have."""
    layout = _layout(manifest, aspect)
    own = {key: value for key, value in manifest.items() if key not in _COMMON and key != "layout"}
    if aspect != WIDE:
        own = {key: value for key, value in own.items() if key not in ("placement", "layers")}
    for key, value in layout.items():
        own[key] = _merged(own.get(key), value) if key in ("fields", "type") else value
    for table in _BY_KIND:
        if _is_table(own.get(table)):
            own[table] = {kind: value for kind, value in own[table].items() if kind in LAYERS}
    return own


def _merged(outer: Any, inner: Any) -> Any:
    """Tables within tables, the inner ones first."""
    if not (_is_table(outer) and _is_table(inner)):
        return inner
    return {**outer, **{key: _merged(outer.get(key), value) for key, value in inner.items()}}


def _layout(manifest: dict[str, Any], aspect: str) -> dict[str, Any]:
    return _table(_table(manifest, "layout"), aspect)


def _table(within: dict[str, Any], key: str) -> dict[str, Any]:
    found = within.get(key)
    return found if isinstance(found, dict) else {}


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _without_tags(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A place without the names of element kinds that the checker puts into it."""
    return tuple(
        part for at, part in enumerate(loc) if not (at and loc[at - 1] != "elements" and isinstance(loc[at - 1], int))
    )


def sheet_faults(sheet: Sheet, aspect: str) -> Iterator[LookFault]:
    """Everything that the types alone cannot tell."""
    if set(sheet.placement) != {"plain", "with-ots"}:
        yield LookFault("placement", message("graphics.placement-tables"))
    for kind in LAYERS.values():
        if kind.id in sheet.layers:
            yield from _layer_faults(kind.id, sheet, ASPECTS[aspect])
        elif kind.required:
            yield LookFault(f"layers.{kind.id}", message("graphics.layer-missing", label=kind.label))


def _layer_faults(kind: str, sheet: Sheet, size: tuple[int, int]) -> Iterator[LookFault]:
    layer, known = sheet.layers[kind], sheet.fields_of(kind)
    x, y, width, height = layer.box
    if min(x, y, width, height) < 0 or x + width > size[0] or y + height > size[1]:
        yield LookFault(f"layers.{kind}.box", message("graphics.leaves-picture", width=size[0], height=size[1]))
    if LAYERS[kind].moves == "runs" and not layer.speed:
        yield LookFault(f"layers.{kind}.speed", message("graphics.no-speed"))
    ids = {element.id for element in layer.elements if element.kind in ("rect", "text")}
    for n, element in enumerate(layer.elements):
        where = f"layers.{kind}.elements.{n}"
        for name in _colours(element):
            if name not in sheet.palette:
                yield LookFault(where, message("graphics.no-colour", name=name))
        if LAYERS[kind].moves == "runs" and isinstance(element, Text) and element.field and element.align != "left":
            yield LookFault(f"{where}.align", message("graphics.runs-at-left"))
        if isinstance(element, Text) and element.style not in sheet.type.styles:
            yield LookFault(f"{where}.style", message("graphics.no-style", name=element.style))
        for name in {getattr(element, "field", ""), element.needs} - {""} - set(known):
            yield LookFault(where, message("graphics.no-field-in", name=name, kind=kind))
        named = {getattr(element, "after", ""), *getattr(element, "hug", ())} - {""}
        for name in named - ids:
            yield LookFault(where, message("graphics.no-element", name=name))


def _colours(element: Any) -> Iterator[str]:
    """Palette names that an element uses."""
    yield from (name for name, _ in getattr(element, "fill", ()))
    yield from (getattr(element, key) for key in ("colour", "accent") if hasattr(element, key))
    if getattr(element, "outline", None):
        yield element.outline[0]
    if getattr(element, "shadow", None):
        yield element.shadow.colour
