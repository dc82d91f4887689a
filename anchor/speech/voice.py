"""Voice packs: manifest → `Voice`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from anchor.core.artifact import digest_of
from anchor.core.errors import PackError, Place
from anchor.core.ports import Voice
from anchor.messages import message
from anchor.packs import Pack, Shelf, find_pack, verify_pack


def resolve_voice(pack: Pack, roots: tuple[Path, ...] = (), models: Path | None = None) -> Voice:
    """The voice of a pack, its files checked.

    Args:
        pack: of the shelf of voices.
        roots: where voices that its chain names are looked for; empty: on the pack's own shelf.
        models: the folder of fetched models.

    Raises:
        PackError: not a voice, a file is missing or differs, an option is no string or number, or its chain names a
            voice that there is not, or one with a chain of its own.
    """
    voice = _own_voice(pack, models)
    if pack.engines == (pack.engine,):
        return voice
    roots = roots or (pack.path.resolve().parent.parent,)
    members = tuple(_member(voice, pack, entry, roots) for entry in pack.engines)
    return replace(voice, digest=digest_of(pack.digest, *(m.digest for m in members)), members=members)


def other_packs(pack: Pack, roots: tuple[Path, ...]) -> tuple[Pack, ...]:
    """The voices that a pack's chain names beside itself.

    Raises:
        PackError: there is no such voice, or it has a chain of its own.
    """
    found = (_other_pack(pack, entry, roots) for entry in pack.engines)
    return tuple(other for other in found if other is not None)


def _member(voice: Voice, pack: Pack, entry: str, roots: tuple[Path, ...]) -> Voice:
    other = _other_pack(pack, entry, roots)
    return replace(voice, engine=entry.partition(":")[0]) if other is None else _own_voice(other, voice.models)


def _other_pack(pack: Pack, entry: str, roots: tuple[Path, ...]) -> Pack | None:
    """The voice that an entry of a chain names; None: the pack itself."""
    engine, _, name = entry.partition(":")
    if not name or name == pack.name:
        return None
    place = Place(file=str(pack.path / pack.shelf.manifest), field="engine")
    try:
        other = find_pack(Shelf.VOICES, name, roots)
    except PackError as error:
        what = message("speech.chain-member", entry=entry, reason=error.message)
        raise PackError(what, hint=error.hint, place=place) from error
    if other.engines != (engine,):
        raise PackError(
            message("speech.chain-engine", entry=entry, name=name, engines=tuple(other.engines)),
            hint=message("speech.chain-engine-hint"),
            place=place,
        )
    return other


def _own_voice(pack: Pack, models: Path | None) -> Voice:
    manifest = str(pack.path / pack.shelf.manifest)
    if pack.shelf is not Shelf.VOICES:
        what = message("speech.not-a-voice", name=pack.name, kind=pack.shelf.noun)
        raise PackError(what, place=Place(file=manifest))
    verify_pack(pack)
    options = pack.manifest.get("engine_options", {})
    if not isinstance(options, dict):
        place, hint = Place(file=manifest, field="engine_options"), message("speech.not-a-table-hint")
        raise PackError(message("speech.not-a-table"), hint=hint, place=place)
    for key, value in options.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            place = Place(file=manifest, field=f"engine_options.{key}")
            raise PackError(message("speech.engine-option"), place=place)
    return Voice(
        name=pack.name,
        label=pack.label,
        path=pack.path.resolve(),
        digest=pack.digest,
        engine=pack.engine,
        options=tuple(sorted(options.items())),
        licence=pack.licence,
        models=models,
    )
