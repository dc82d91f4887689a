"""Where finished clips go: a folder, or a place under a URL. All files are there in whole before the first shows."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from anchor.core.errors import JobConflict, StorageError
from anchor.core.files import storage_errors
from anchor.core.urls import public
from anchor.messages import message
from anchor.settings import Settings
from anchor.store.remote import Remote

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_S3 = ("s3", "s3a")

Files = tuple[tuple[str, Path], ...]
"""(kind, path) of each."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that is mounted."""

    path: Path

    def place(self, name: str) -> str:
        """What people call a file in it."""
        return str(self.path / name)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None: it is not there."""
        with storage_errors(self.path):
            target = self.path / name
            return target.stat().st_size if target.is_file() else None

    def put(self, files: Sequence[tuple[Path, str]]) -> None:
        """Copy files here under these names, which appear in this order once all bytes of all are on the disk."""
        with storage_errors(self.path), tempfile.TemporaryDirectory(prefix=".anchor-", dir=self.path) as work:
            for source, name in files:
                staged = Path(work) / name
                shutil.copyfile(source, staged)
                with staged.open("rb") as copied:
                    os.fsync(copied.fileno())
            for _, name in files:
                (Path(work) / name).replace(self.path / name)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place under a URL, reached through fsspec."""

    remote: Remote

    def place(self, name: str) -> str:
        """What people call a file there; without the password that the URL may hold."""
        return f"{public(self.remote.url)}/{name}"

    def size(self, name: str) -> int | None:
        """Bytes of a file; None: it is not there."""
        return self.remote.size(name)

    def put(self, files: Sequence[tuple[Path, str]]) -> None:
        """As `Folder.put`."""
        self.remote.send_all(files)


def destination(to: str, settings: Settings) -> Folder | Elsewhere:
    """The folder or the place that was asked for.

    Args:
        to: path of a folder that is there, or a URL of any file system that fsspec knows.
        settings: a URL of the store's own kind is reached with the store's options.

    Raises:
        StorageError: no such folder, or no such file system.
    """
    if _URL.match(to):
        kind, own = urlsplit(to).scheme, urlsplit(settings.store or "s3://").scheme
        alike = kind == own or {kind, own} <= {*_S3}
        return Elsewhere(Remote(to, settings.store_options if alike else ()))
    folder = Path(to)
    if not folder.is_dir():
        what = "jobs.is-a-file" if folder.exists() else "jobs.no-folder"
        raise StorageError(message(what, folder=str(folder)), hint=message("jobs.no-folder-hint", folder=str(folder)))
    return Folder(folder)


def send_out(files: Files, to: Folder | Elsewhere, name: str, *, replace: bool = False) -> tuple[tuple[str, str], ...]:
    """Copy a clip's files as NAME.mp4 and so on; the clip itself shows last, so that it is never alone.

    Sending the same once more is harmless.

    Returns:
        (kind, place) of each.

    Raises:
        JobConflict: another clip of this name is there, and it is not to be replaced.
        StorageError: no file name, or the place cannot be written; nothing half-written stays.
    """
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise StorageError(message("jobs.no-file-name", name=name), hint=message("jobs.no-file-name-hint"))
    named = [(kind, path, f"{name}{path.suffix}") for kind, path in files]
    for kind, path, target in named:
        there = to.size(target) if kind == "video" and not replace else None
        if there is not None and there != path.stat().st_size:
            what = message("jobs.another-clip", place=to.place(target))
            raise JobConflict(what, hint=message("jobs.another-clip-hint"))
    to.put([(path, target) for _, path, target in sorted(named, key=lambda row: row[0] == "video")])
    return tuple((kind, to.place(target)) for kind, _, target in named)
