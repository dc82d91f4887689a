"""A presenter as one file: a ZIP of what its manifest lists, written the same way every time and read with care."""

from __future__ import annotations

import stat
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

from anchor.core.errors import PackError, Place, StorageError
from anchor.core.files import write_whole
from anchor.face.mouthbank import load_bank
from anchor.media.process import raise_if
from anchor.messages import Message, message, os_reason
from anchor.packs import Pack, Shelf, load_pack, verify_pack
from anchor.packs.own_shelf import files_of

ENDING = ".avatar.zip"
_MANIFEST = Shelf.AVATARS.manifest
_LARGEST = 8 << 30
"""Bytes of all files together, unpacked."""
_LARGEST_MANIFEST = 1 << 20
_MOST_FILES = 5000
_BLOCK = 1 << 20
_STORED = (".mp4", ".png", ".jpg", ".pdf")
"""Packed already."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""One date for all, so that equal packs make equal files."""


def export_pack(pack: Pack, out: Path, cancelled: Callable[[], bool]) -> None:
    """Write a presenter into one file, its hashes checked first.

    Raises:
        PackError: a file differs from its hash.
        StorageError: the file cannot be written.
        JobCancelled: `cancelled` said so; nothing is left then.
    """
    verify_pack(pack)
    names = [*files_of(pack), *(["README.md"] if (pack.path / "README.md").is_file() else [])]
    with write_whole(out) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name in names:
            raise_if(cancelled)
            entry = zipfile.ZipInfo(f"{pack.name}/{name}", _DATE)
            entry.external_attr = 0o644 << 16
            stored = name.endswith(_STORED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            with (pack.path / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(_BLOCK):
                    target.write(block)


def archived_name(file: Path) -> str:
    """The name of the presenter in a file, everything about its directory checked.

    Raises:
        PackError: no such archive, or one that holds anything but one presenter.
    """
    with _opened(file) as archive:
        return _entries(archive, file)[0]


def unpack(file: Path, into: Path, cancelled: Callable[[], bool]) -> Pack:
    """Unpack a presenter into the empty folder `into`, whose name is the presenter's, and check it whole.

    Raises:
        PackError: damaged, larger than it says, or with files that its manifest does not name.
        StorageError: the disk is full.
        JobCancelled: `cancelled` said so.
    """
    with _opened(file) as archive:
        name, entries = _entries(archive, file)
        left = _LARGEST
        try:
            for relative, entry in entries.items():
                raise_if(cancelled)
                target = into / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _copied(archive, entry, target, left, file)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise _bad(file, message("presenters.archive-damaged", reason=str(error))) from error
        except OSError as error:
            what = message("core.cannot-write", path=str(into), reason=os_reason(error))
            raise StorageError(what, hint=message("presenters.free-space")) from error
    if into.name != name:
        raise _bad(file, message("presenters.archive-other", name=name, wanted=into.name))
    pack = load_pack(into, Shelf.AVATARS)
    verify_pack(pack)
    load_bank(pack.file("bank/bank.json"))
    return pack


def _opened(file: Path) -> zipfile.ZipFile:
    if not file.is_file():
        raise PackError(
            message("presenters.no-file"), hint=message("presenters.check-path"), place=Place(file=str(file))
        )
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _bad(file, message("presenters.archive-closed", reason=str(error))) from error


def _entries(archive: zipfile.ZipFile, file: Path) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The presenter's name, and path in the pack → entry, for the files that the manifest lists."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES:
        raise _bad(file, message("presenters.archive-files", count=len(entries)))
    if sum(entry.file_size for entry in entries) > _LARGEST:
        raise _bad(file, message("presenters.archive-large", most=_LARGEST >> 30))
    found: dict[str, zipfile.ZipInfo] = {}
    names = set()
    for entry in entries:
        name, _, relative = entry.filename.partition("/")
        parts = relative.split("/")
        if not relative or {"", ".", ".."} & {name, *parts} or "\\" in entry.filename or ":" in entry.filename:
            raise _bad(file, message("presenters.archive-leads-out", name=entry.filename))
        if stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 1:
            raise _bad(file, message("presenters.archive-link", name=entry.filename))
        if relative in found:
            raise _bad(file, message("presenters.archive-twice", name=entry.filename))
        found[relative] = entry
        names.add(name)
    if len(names) != 1 or _MANIFEST not in found:
        raise _bad(file, message("presenters.archive-folder", manifest=_MANIFEST))
    listed = _listed(archive, found[_MANIFEST], file)
    strange = sorted(set(found) - listed)
    if strange:
        raise _bad(file, message("presenters.archive-strange", name=strange[0]))
    return names.pop(), found


def _listed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: Path) -> set[str]:
    if entry.file_size > _LARGEST_MANIFEST:
        raise _bad(file, message("presenters.archive-manifest-large"))
    try:
        with archive.open(entry) as content:
            manifest = tomllib.loads(content.read(_LARGEST_MANIFEST + 1).decode())
        return {_MANIFEST, "LICENSE", "README.md", *manifest["files"]}
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError) as error:
        raise _bad(file, message("presenters.archive-manifest", reason=str(error))) from error


def _copied(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int, file: Path) -> int:
    """Unpack one file; gives its bytes. The sizes that the archive states are not believed."""
    done = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while block := source.read(_BLOCK):
            done += len(block)
            if done > min(left, entry.file_size):
                raise _bad(file, message("presenters.archive-larger", name=entry.filename))
            out.write(block)
    return done


def _bad(file: Path, why: Message) -> PackError:
    return PackError(
        message("presenters.no-archive", why=why),
        hint=message("presenters.no-archive-hint"),
        place=Place(file=str(file)),
    )
