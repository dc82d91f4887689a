"""Packs on shelves: directories with a manifest that name an engine and hold its files.

A manifest (`voice.toml`, `avatar.toml`, `template.toml`) begins with the keys of `Manifest`; every further table
belongs to the trade that reads the pack. `[files]` maps each file that the engine reads to its sha256.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from anchor.core.artifact import digest_of, file_digest
from anchor.core.errors import PackError, Place
from anchor.core.validation import first_fault
from anchor.messages import Message, message
from anchor.packs.paths import NAME, pack_file


class Shelf(StrEnum):
    """The three shelves; the value is the directory's name."""

    VOICES = "voices"
    AVATARS = "avatars"
    LOOKS = "templates"

    @property
    def manifest(self) -> str:
        """File name of the manifest."""
        return {"voices": "voice.toml", "avatars": "avatar.toml", "templates": "template.toml"}[self.value]

    @property
    def noun(self) -> str:
        """What one pack is called in documents and commands."""
        return {"voices": "voice", "avatars": "avatar", "templates": "look"}[self.value]

    @property
    def called(self) -> Message:
        """What people call one pack."""
        return message({"voices": "packs.voice", "avatars": "packs.avatar", "templates": "packs.look"}[self.value])


EngineName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*(:[a-z0-9][a-z0-9-]*)?$")]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Source(BaseModel):
    """Who made the pack, from what, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by: str
    what: str
    date: str
    """ISO 8601."""
    training: str = ""
    """Of a neural pack: what is known of the recordings or pictures that it learnt from."""


class Manifest(BaseModel):
    """The keys that every manifest has."""

    model_config = ConfigDict(extra="allow", frozen=True)
    # `schema` is the house's word; BaseModel has an attribute of that name, hence the alias.
    schema_version: int = Field(alias="schema", ge=1, le=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    label: str
    engine: Annotated[tuple[EngineName, ...], Field(min_length=1), BeforeValidator(_as_list)]
    """One engine; in a voice also a chain of `engine[:voice]`, of which the first that can speaks."""
    licence: str
    """SPDX expression; the licence's text lies in the pack as LICENSE."""
    source: Source
    consent: str = ""
    """Path of the consent record in the pack; empty: `kind = "synthetic"` or nothing that needs consent."""
    files: dict[str, str]
    """Relative path → sha256."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack found on a shelf and read."""

    shelf: Shelf
    name: str
    label: str
    engine: str
    """The first one's name."""
    engines: tuple[str, ...]
    """As the manifest has them: `engine` or `engine:voice`."""
    licence: str
    path: Path
    digest: str
    """Over the manifest and the hashes in it; does not read the files."""
    manifest: dict[str, Any]
    """The whole manifest as parsed."""

    def file(self, relative: str) -> Path:
        """Absolute path of a file named in `[files]`.

        Raises:
            PackError: the manifest does not name it, or it is not there.
        """
        place = Place(file=str(self.path / self.shelf.manifest), field=f"files.{relative}")
        path = pack_file(self.path, relative, place)
        if relative not in self.manifest["files"]:
            raise PackError(message("packs.not-listed", file=relative), hint=message("packs.list-it"), place=place)
        if not path.is_file():
            hint = message("packs.restore-or-install")
            raise PackError(message("packs.file-missing", file=relative), hint=hint, place=place)
        return path


def load_pack(directory: Path, shelf: Shelf) -> Pack:
    """Read one pack's manifest.

    Raises:
        PackError: no manifest, not TOML, or a key is missing or of another form; names file and field.
    """
    path = directory / shelf.manifest
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = message("packs.no-manifest", manifest=shelf.manifest, folder=str(directory))
        raise PackError(what, hint=message("packs.pack-has-manifest")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        what = message("packs.cannot-read-manifest", reason=str(error))
        raise PackError(what, place=Place(file=str(path))) from error
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as error:
        fault, field = first_fault(error)
        raise PackError(
            message("packs.manifest-fault", what=fault),
            hint=message("packs.see-docs"),
            place=Place(file=str(path), field=field),
        ) from error
    for relative in (*manifest.files, *([manifest.consent] if manifest.consent else ())):
        field = "consent" if relative == manifest.consent else "files"
        pack_file(directory, relative, Place(file=str(path), field=field))
    if manifest.name != directory.name:
        raise PackError(
            message("packs.name-differs", name=manifest.name, folder=directory.name),
            hint=message("packs.name-as-directory"),
            place=Place(file=str(path), field="name"),
        )
    if shelf is not Shelf.VOICES and (len(manifest.engine) > 1 or ":" in manifest.engine[0]):
        raise PackError(
            message("packs.no-chain", shelf=shelf.value),
            hint=message("packs.one-engine"),
            place=Place(file=str(path), field="engine"),
        )
    return Pack(
        shelf=shelf,
        name=manifest.name,
        label=manifest.label,
        engine=manifest.engine[0].partition(":")[0],
        engines=manifest.engine,
        licence=manifest.licence,
        path=directory,
        digest=digest_of(raw),
        manifest=raw,
    )


def verify_pack(pack: Pack) -> None:
    """Check every file of the pack against its hash, and that the licence is there.

    Raises:
        PackError: the first file that is missing or differs.
    """
    for relative, expected in pack.manifest["files"].items():
        found = file_digest(pack.file(relative))
        if found != expected:
            raise PackError(
                message("packs.hash-differs", file=relative, found=found[:12], expected=expected[:12]),
                hint=message("packs.restore-or-seal"),
                place=Place(file=str(pack.path / pack.shelf.manifest), field=f"files.{relative}"),
            )
    if not (pack.path / "LICENSE").is_file():
        raise PackError(message("packs.no-licence"), place=Place(file=str(pack.path)))


def pack_names(shelf: Shelf, roots: tuple[Path, ...]) -> tuple[str, ...]:
    """Names of all packs on a shelf, sorted; a name in an earlier root hides the same in a later one."""
    names = {path.parent.name for root in roots for path in (root / shelf.value).glob(f"*/{shelf.manifest}")}
    return tuple(sorted(names))


def pack_directory(shelf: Shelf, name: str, roots: tuple[Path, ...]) -> Path | None:
    """Where the pack of that name stands in the first root that has it; None: none has."""
    places = (root / shelf.value / name for root in roots if NAME.fullmatch(name))
    return next((place for place in places if (place / shelf.manifest).is_file()), None)


def find_pack(shelf: Shelf, name: str, roots: tuple[Path, ...]) -> Pack:
    """The pack of that name in the first root that has it.

    Raises:
        PackError: none has it (the message lists the names there are), or it cannot be read.
    """
    directory = pack_directory(shelf, name, roots)
    if directory is not None:
        return load_pack(directory, shelf)
    known = pack_names(shelf, roots) or (message("packs.none"),)
    raise PackError(
        message("packs.no-pack", noun=shelf.called, name=name), hint=message("packs.there-are", names=known)
    )
