"""Packs by content: every file of a pack in the store, and from there on the disk of whoever works with it.

So an edit to a pack, or its loss, changes nothing that was asked for before, and whoever does the work needs the store
and no shelf.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from anchor.core.artifact import Artifact, canonical, file_digest
from anchor.core.errors import PackError, Place, StorageError
from anchor.core.files import storage_errors
from anchor.messages import message
from anchor.packs import Pack, Shelf, verify_pack
from anchor.packs.paths import is_inside, pack_file
from anchor.store.store import Store

SCHEMA = "PackFiles.1"
LICENCE = "LICENSE"

_FILES = TypeAdapter(dict[str, Artifact])


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A pack in the store."""

    shelf: Shelf
    name: str
    listing: Artifact
    """Document that names each of its files by content; its digest is the pack's."""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A pack of the store that stands on this machine's disk."""

    root: Path
    listing: str
    """Path of its listing in the store."""
    bytes: int
    """Of files that the store's folder does not hold as well."""
    used_s: float
    """When it was asked for last: seconds of UTC since 1970."""


class PackStore:
    """The packs of a store. Each stands once on this machine, under its digest, for everybody who works with it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, pack: Pack) -> StoredPack:
        """A pack of a shelf with every file in the store.

        Raises:
            PackError: a file is missing, differs from its hash or lies outside of the pack.
            StorageError: the store cannot be written, or a file changes meanwhile.
        """
        verify_pack(pack)
        sealed = pack.manifest["files"]
        files: dict[str, Artifact] = {}
        for relative in dict.fromkeys((pack.shelf.manifest, LICENCE, *sealed)):
            source = pack_file(pack.path, relative, Place(file=str(pack.path / pack.shelf.manifest), field="files"))
            files[relative] = self._store.put_copy(source, sealed.get(relative) or file_digest(source))
        document = {"schema": SCHEMA, "value": canonical(files)}
        with self._store.workdir() as work:
            listing = work / "pack.json"
            with storage_errors(listing):
                listing.write_text(json.dumps(document, ensure_ascii=False, sort_keys=True), encoding="utf-8")
            return StoredPack(pack.shelf, pack.name, self._store.put(listing))

    def files(self, stored: StoredPack) -> dict[str, Artifact]:
        """Path in the pack → file of the store.

        Raises:
            StorageError: the listing is gone or damaged.
            PackError: it is of another schema.
        """
        path = self._store.path(stored.listing)
        try:
            document = json.loads(path.read_bytes())
            if document["schema"] != SCHEMA:
                what = message("store.other-schema", schema=str(document["schema"]))
                raise PackError(what, hint=message("store.this-schema", schema=SCHEMA))
            files = _FILES.validate_python(document["value"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            what = message("store.pack-unreadable", name=stored.name)
            raise StorageError(what, hint=message("store.submit-again")) from error
        if not all(map(is_inside, files)):
            raise PackError(message("store.stored-leads-out", name=stored.name), hint=message("store.submit-again"))
        return files

    def text(self, stored: StoredPack, relative: str) -> str:
        """A small file of a pack, such as its manifest.

        Raises:
            StorageError: it is gone or damaged.
        """
        return self._store.path(self.files(stored)[relative]).read_text(encoding="utf-8")

    def root(self, stored: StoredPack) -> Path:
        """A root of shelves that holds this pack alone; what is missing or damaged there is laid out anew.

        Raises:
            StorageError: a file is in no store, or the disk is full.
        """
        root = self._roots / stored.listing.digest
        folder = root / stored.shelf.value / stored.name
        for relative, artifact in self.files(stored).items():
            if not self._store.is_whole(artifact, folder / relative):
                self._lay_out(artifact, folder / relative)
        with suppress(OSError):
            os.utime(root)
        return root

    def laid_out(self) -> Iterator[LaidOut]:
        """Every pack that stands on this machine's disk."""
        for root in sorted(self._roots.glob("*")):
            with suppress(OSError):
                facts = [path.stat() for path in root.rglob("*") if path.is_file()]
                listing = f"objects/{root.name[:2]}/{root.name}.json"
                own = sum(fact.st_size for fact in facts if fact.st_nlink == 1)
                yield LaidOut(root, listing, own, root.stat().st_mtime)

    @property
    def _roots(self) -> Path:
        return self._store.root / "packs"

    def _lay_out(self, artifact: Artifact, target: Path) -> None:
        """Put one file where it belongs, whole; others may do the same beside it."""
        source = self._store.path(artifact)
        with storage_errors(target), self._store.workdir() as work:
            target.parent.mkdir(parents=True, exist_ok=True)
            made = work / "file"
            try:
                made.hardlink_to(source)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source, made)
            made.replace(target)


def remove_laid_out(pack: LaidOut) -> None:
    """Take a pack off this machine's disk; it is laid out anew when somebody asks for it."""
    shutil.rmtree(pack.root, ignore_errors=True)
