"""Voice packs: manifest → `Voice`."""

from __future__ import annotations

from anchor.core.errors import PackError, Place
from anchor.core.ports import Voice
from anchor.packs import Pack, Shelf, verify_pack


def resolve_voice(pack: Pack) -> Voice:
    """The voice of a pack, its files checked.

    Raises:
        PackError: not a voice, a file is missing or differs, or an option is no string or number.
    """
    manifest = str(pack.path / pack.shelf.manifest)
    if pack.shelf is not Shelf.VOICES:
        raise PackError(f"{pack.name!r} is a {pack.shelf.noun}, not a voice", place=Place(file=manifest))
    verify_pack(pack)
    options = pack.manifest.get("engine_options", {})
    if not isinstance(options, dict):
        raise PackError(
            "not a table", hint="write [engine_options]", place=Place(file=manifest, field="engine_options")
        )
    for key, value in options.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            place = Place(file=manifest, field=f"engine_options.{key}")
            raise PackError("an engine option is a string or a number", place=place)
    return Voice(
        name=pack.name,
        label=pack.label,
        path=pack.path.resolve(),
        digest=pack.digest,
        engine=pack.engine,
        options=tuple(sorted(options.items())),
        licence=pack.licence,
    )
