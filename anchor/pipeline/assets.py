"""Pictures, recordings and packs by content: what a script names is put into the store before any work.

So an edit to a file, or its loss, changes nothing that was asked for before, and whoever does the work needs the store
and neither the script's folder nor the shelves.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from anchor.core.artifact import Artifact
from anchor.core.errors import MediaError, Place, ScriptError
from anchor.core.layers import LAYERS
from anchor.core.script import Cue, Script
from anchor.messages import message, os_reason
from anchor.pipeline.plan.casting import packs_used
from anchor.pipeline.plan.rights import check_shelved, purpose_of
from anchor.pipeline.spec import JobSpec
from anchor.store.packs import PackStore
from anchor.store.store import Store

_MARK = "asset:"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the store that somebody gave."""

    file: Artifact
    name: str
    """Of the file that was given, for people."""

    @property
    def reference(self) -> str:
        """How scripts, choices and plans name it."""
        return f"{_MARK}{self.file.path}:{self.file.size}:{self.name}"


def picture_fields(kind: str) -> frozenset[str]:
    """Fields of a kind of cue or layer that name a picture."""
    fields = LAYERS[kind].fields if kind in LAYERS else ()
    return frozenset(field.name for field in fields if field.type == "picture")


def asset_of(reference: str) -> Asset | None:
    """The asset that is named; None: it is a path, as in a job that an older Anchor took in."""
    if not reference.startswith(_MARK):
        return None
    path, size, name = reference.removeprefix(_MARK).split(":", 2)
    return Asset(Artifact(path, Path(path).stem, int(size)), name)


def name_of(reference: str) -> str:
    """What people call the file."""
    asset = asset_of(reference)
    return asset.name if asset is not None else Path(reference).name


def path_of(reference: str, store: Store) -> Path:
    """Where the file is on this machine, fetched first where only the shared store has it.

    Raises:
        StorageError: it is gone.
    """
    asset = asset_of(reference)
    return store.path(asset.file) if asset is not None else Path(reference)


def assets_of(spec: JobSpec) -> tuple[Asset, ...]:
    """All that a job needs of what was given with it."""
    pictures = (v for cue in _cues(spec.script) for n, v in cue.fields if n in picture_fields(cue.kind))
    given = (*pictures, *(path for _, path in spec.choices.narration))
    found = (asset_of(reference) for reference in given)
    return tuple(dict.fromkeys(asset for asset in found if asset is not None))


def store_assets(spec: JobSpec, store: Store) -> JobSpec:
    """The same job with every picture and recording in the store, named by content.

    Raises:
        ScriptError: a picture is gone; with its place.
        MediaError: a recording is.
        StorageError: the store cannot be written.
    """

    def taken(cue: Cue) -> Cue:
        pictures = picture_fields(cue.kind)
        fields = tuple((n, _reference(v, store, cue.place) if n in pictures else v) for n, v in cue.fields)
        return replace(cue, fields=fields)

    segments = tuple(replace(s, cues=tuple(map(taken, s.cues))) for s in spec.script.segments)
    narration = tuple((segment, _reference(path, store)) for segment, path in spec.choices.narration)
    script, choices = replace(spec.script, segments=segments), replace(spec.choices, narration=narration)
    return replace(spec, script=script, choices=choices)


def take_in_packs(spec: JobSpec, shelves: tuple[Path, ...], store: PackStore, today: date) -> JobSpec:
    """The same job with every pack that it is made with in the store, as the shelves have it now.

    Raises:
        PackError: a pack is not there, or a file of it is missing or differs from its hash.
        ConsentError: a person's face or voice may not be used for this, or not today.
        StorageError: the store cannot be written.
    """
    used = packs_used(spec.script, spec.choices, shelves)
    check_shelved(used, purpose_of(spec.script), today)
    return replace(spec, packs=tuple(map(store.put, used)))


def _reference(given: str, store: Store, place: Place | None = None) -> str:
    if not given or asset_of(given) is not None:
        return given
    source = Path(given)
    if not source.is_file():
        if place is None:
            raise MediaError(
                message("pipeline.no-recording", path=str(source)), hint=message("pipeline.no-recording-hint")
            )
        what, hint = message("pipeline.no-picture", name=source.name), message("pipeline.no-picture-hint")
        raise ScriptError(what, hint=hint, place=place)
    with store.workdir() as work:
        copy = work / f"given{source.suffix.lower()}"
        try:
            shutil.copyfile(source, copy)
        except PermissionError as error:
            what = message("pipeline.cannot-read", path=str(source), reason=os_reason(error))
            raise MediaError(what, hint=message("pipeline.cannot-read-hint")) from error
        return Asset(store.put(copy), source.name).reference


def _cues(script: Script) -> Iterator[Cue]:
    for segment in script.segments:
        yield from segment.cues
