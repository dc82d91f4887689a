"""A look pack's manifest, read and checked."""

from __future__ import annotations

from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.core.plan import Grade, Placement
from anchor.graphics.sheet import LookFault, Sheet, aspects_of, key_of, read_sheet, sheet_faults, unknown_kinds
from anchor.graphics.style import Look
from anchor.messages import message, named
from anchor.packs import Pack, Shelf, load_pack


def load_look(pack: Pack, aspect: str | None = None) -> Look:
    """The look that a pack holds, laid out for one shape of picture; None: for the first that it has.

    Raises:
        PackError: the look has no layout for that shape; a key is missing, unknown or of another form, a name points
            nowhere, or a file is gone.
    """
    if pack.shelf is not Shelf.LOOKS:
        raise PackError(
            message("graphics.not-a-look", name=pack.name, noun=named("packs", pack.shelf.noun)),
            place=Place(file=str(pack.path)),
        )
    known = aspects_of(pack.manifest)
    aspect = aspect or known[0]
    if aspect not in known:
        raise PackError(
            message("graphics.no-layout", look=pack.name, aspect=aspect),
            hint=message("graphics.no-layout-hint", known=tuple(known), aspect=aspect),
            place=_place(pack, f"layout.{aspect}"),
        )
    sheet = read_sheet(pack.manifest, aspect)
    faults = sheet if isinstance(sheet, tuple) else tuple(sheet_faults(sheet, aspect))
    if faults or isinstance(sheet, tuple):
        raise _error(pack, aspect, faults, formal=isinstance(sheet, tuple))
    return _look(pack, sheet, aspect, known)


def _error(pack: Pack, aspect: str, faults: tuple[LookFault, ...], *, formal: bool) -> PackError:
    """The first fault, and how to see the others."""
    key = faults[0].key if formal else key_of(pack.manifest, aspect, faults[0].key)
    hint = message("graphics.see-looks", path=str(pack.path))
    if len(faults) > 1:
        hint = message("graphics.see-looks-more", more=len(faults) - 1, path=str(pack.path))
    return PackError(message("graphics.in-template", what=faults[0].message), hint=hint, place=_place(pack, key))


def _place(pack: Pack, key: str) -> Place:
    return Place(file=str(pack.path / pack.shelf.manifest), field=key)


def _look(pack: Pack, sheet: Sheet, aspect: str, aspects: tuple[str, ...]) -> Look:
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
        aspect=aspect,
        aspects=aspects,
        background=pack.file(sheet.background),
        palette=sheet.palette,
        type=sheet.type,
        motion=sheet.motion,
        safe=sheet.safe,
        timing=sheet.timing,
        plain=places["plain"],
        with_ots=places["with-ots"],
        fields={kind: sheet.fields_of(kind) for kind in sheet.layers},
        layers={kind: sheet.layer(kind) for kind in sheet.layers},
        unknown=unknown_kinds(pack.manifest),
    )


def open_look(directory: Path, aspect: str | None = None) -> Look:
    """`load_look` of the pack in a directory."""
    return load_look(load_pack(directory, Shelf.LOOKS), aspect)
