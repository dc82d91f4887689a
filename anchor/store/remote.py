"""The shared part of a store: objects and results under one URL, reached through fsspec."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from anchor.core.errors import SettingsError, StorageError
from anchor.core.urls import public
from anchor.messages import Message, message

_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
"""File systems on which an object shows only when all of it is there."""
_FAULTS = ("botocore", "aiobotocore", "aiohttp", "gcsfs", "adlfs", "azure", "google", "s3fs", "fsspec", "ftplib")
"""Packages whose exceptions mean that the store failed, though they are no OSError."""
_CANNOT = {
    "read": "store.cannot-read",
    "write": "store.cannot-write",
    "delete": "store.cannot-delete",
    "list": "store.cannot-list",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a store."""

    path: str
    """Relative to the store's root."""
    size: int
    """Bytes."""
    changed_s: float
    """Seconds of UTC since 1970."""


class Remote:
    """Files under a URL; names appear only with all of their bytes."""

    def __init__(self, url: str, options: Sequence[tuple[str, str]] = ()) -> None:
        """Connect to nothing yet.

        Args:
            url: `s3://bucket/prefix`, `file:///folder` or any other of fsspec's.
            options: of the file system, (name, JSON value).

        Raises:
            SettingsError: no such protocol, or its package is missing.
        """
        self.url = url.rstrip("/")
        self._options = {name: json.loads(value) for name, value in options}
        self._open: tuple[int, Any, str] | None = None

    def exists(self, path: str, size: int | None = None) -> bool:
        """Whether a file is there, of that size."""
        with self._errors("read", path) as (fs, root):
            try:
                found = fs.info(f"{root}/{path}")
            except FileNotFoundError:
                return False
            return size is None or found["size"] == size

    def read(self, path: str) -> bytes | None:
        """All of a small file; None: it is not there."""
        with self._errors("read", path) as (fs, root):
            try:
                content: bytes = fs.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
            return content

    def fetch(self, path: str, to: Path) -> bool:
        """Copy a file to `to`; False: it is not there."""
        with self._errors("read", path) as (fs, root):
            try:
                fs.get_file(f"{root}/{path}", str(to))
            except FileNotFoundError:
                return False
            return True

    def send(self, file: Path, path: str) -> None:
        """Put a whole file under a name."""
        with self._errors("write", path) as (fs, root):
            target = f"{root}/{path}"
            if _is_atomic(fs):
                fs.put_file(str(file), target)
                return
            partial = f"{target}.{uuid.uuid4().hex}.partial"
            fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            try:
                fs.put_file(str(file), partial)
                fs.mv(partial, target)
            finally:
                with suppress(OSError):
                    if fs.exists(partial):
                        fs.rm_file(partial)

    def size(self, path: str) -> int | None:
        """Bytes of a file; None: it is not there."""
        with self._errors("read", path) as (fs, root):
            try:
                return int(fs.info(f"{root}/{path}")["size"])
            except FileNotFoundError:
                return None

    def send_all(self, files: Sequence[tuple[Path, str]]) -> None:
        """Put files under these names, which appear in this order once all bytes of all are there.

        Raises:
            StorageError: it cannot be written, or a file arrived short; nothing of it shows.
        """
        stage = f".{uuid.uuid4().hex}.partial"
        with self._errors("write", files[-1][1]) as (fs, root):
            if not _is_atomic(fs):
                fs.makedirs(f"{root}/{stage}", exist_ok=True)
            try:
                for file, path in files:
                    fs.put_file(str(file), f"{root}/{stage}/{path}")
                    arrived = fs.info(f"{root}/{stage}/{path}")["size"]
                    if arrived != (sent := file.stat().st_size):
                        raise OSError(message("store.arrived-short", arrived=arrived, sent=sent))
                for _, path in files:
                    fs.mv(f"{root}/{stage}/{path}", f"{root}/{path}")
            finally:
                with suppress(OSError):
                    if fs.exists(f"{root}/{stage}"):
                        fs.rm(f"{root}/{stage}", recursive=True)

    def remove(self, path: str) -> None:
        """Delete a file; it need not be there."""
        with self._errors("delete", path) as (fs, root), suppress(FileNotFoundError):
            fs.rm_file(f"{root}/{path}")

    def files(self, folder: str) -> Iterator[Stored]:
        """Every file under a folder."""
        with self._errors("list", folder) as (fs, root):
            fs.invalidate_cache()
            try:
                found = fs.find(f"{root}/{folder}", detail=True)
            except FileNotFoundError:
                found = {}
        for name, facts in found.items():
            yield Stored(name[name.index(f"{root}/") + len(root) + 1 :], facts["size"], _changed(facts))

    def _system(self) -> tuple[Any, str]:
        """The file system and the root's name in it; each process has its own."""
        if self._open is None or self._open[0] != os.getpid():
            from fsspec.core import url_to_fs

            options = {"use_listings_cache": False, **self._options}
            if self.url.startswith(("s3:", "s3a:")):
                options = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 60}, **options}
            try:
                fs, root = url_to_fs(self.url, **options)
            except (ValueError, ImportError) as error:
                what = message("store.no-file-system", url=public(self.url), reason=public(str(error)))
                raise SettingsError(what, hint=message("store.give-url")) from error
            self._open = (os.getpid(), fs, root.rstrip("/"))
        return self._open[1], self._open[2]

    @contextmanager
    def _errors(self, verb: str, path: str) -> Iterator[tuple[Any, str]]:
        """Whatever the file system's package raises, as StorageError."""
        try:
            yield self._system()
        except SettingsError:
            raise
        except Exception as error:
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _FAULTS:
                raise
            what = message(_CANNOT[verb], path=f"{public(self.url)}/{path}", reason=_said(error))
            raise StorageError(what, hint=message("store.see-store")) from error


def _said(error: Exception) -> str:
    """What an error says: ours as a message, a package's as it is, without the passwords of URLs in it."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Message) else public(str(error).strip()) or type(error).__name__


def _is_atomic(fs: Any) -> bool:
    return bool(_ATOMIC.intersection((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol))


def _changed(facts: dict[str, Any]) -> float:
    """When a file was written; 0 where the file system does not say."""
    when = facts.get("LastModified") or facts.get("mtime") or facts.get("updated") or 0.0
    return when.timestamp() if isinstance(when, datetime) else float(when)
