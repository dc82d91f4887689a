"""Renewing the hashes of a manifest without touching anything else in it."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, Place
from anchor.core.files import write_text_whole
from anchor.messages import message
from anchor.packs import Pack, Shelf, load_pack

_NOT_READ = ("LICENSE", "LICENCE", "README", "NOTICE")
"""Files that no engine reads; `--add` leaves them out."""


def shelf_of(directory: Path) -> Shelf:
    """Which kind of pack a directory is, by its manifest.

    Raises:
        PackError: it holds no manifest.
    """
    for shelf in Shelf:
        if (directory / shelf.manifest).is_file():
            return shelf
    hint = message("cli.pack-has-one-of", names=tuple(shelf.manifest for shelf in Shelf))
    raise PackError(message("cli.no-pack-here", path=str(directory)), hint=hint)


def opened_pack(directory: Path) -> Pack:
    """The pack in a directory."""
    directory = directory.resolve()
    return load_pack(directory, shelf_of(directory))


def seal_pack(directory: Path, *, add: bool = False) -> tuple[str, ...]:
    """Write the hash of every listed file into the manifest; gives the files whose hash changed.

    Raises:
        PackError: no manifest, not TOML, or a listed file is missing.
        StorageError: the manifest cannot be written.
    """
    directory = directory.resolve()
    path = directory / shelf_of(directory).manifest
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        what = message("packs.cannot-read-manifest", reason=str(error))
        raise PackError(what, place=Place(file=str(path))) from error
    files = document.setdefault("files", tomlkit.table())
    if not isinstance(files, Table):
        place = Place(file=str(path), field="files")
        raise PackError(message("cli.files-no-table"), hint=message("packs.see-docs"), place=place)
    wanted = [*files, *(name for name in _files_in(directory) if add and name not in files)]
    changed = []
    for name in wanted:
        if not (directory / name).is_file():
            raise PackError(
                message("packs.file-missing", file=name),
                hint=message("cli.restore-or-unlist"),
                place=Place(file=str(path), field=f"files.{name}"),
            )
        digest = file_digest(directory / name)
        if files.get(name) != digest:
            files[name] = digest
            changed.append(name)
    if changed:
        write_text_whole(path, tomlkit.dumps(document))
    load_pack(directory, shelf_of(directory))
    return tuple(changed)


def _files_in(directory: Path) -> list[str]:
    """Files that an engine may read, relative, sorted."""
    manifests = {shelf.manifest for shelf in Shelf}
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file()
        and path.name not in manifests
        and not path.name.startswith((".", *_NOT_READ))
        and not any(part.startswith(".") for part in path.relative_to(directory).parts)
    )
