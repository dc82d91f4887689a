"""Where stages keep what they made: files named by content, results named by key.

One folder is the whole store on one machine. With a URL the store is there, shared by many machines, and the folder is
a cache in front of it: what is made goes to both, what others made is fetched when it is asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from anchor.core.artifact import Artifact, file_digest
from anchor.core.errors import StorageError
from anchor.core.files import storage_errors
from anchor.messages import message
from anchor.settings import Settings
from anchor.store.owners import is_left, owner_mark
from anchor.store.remote import Remote, Stored

T = TypeVar("T")

SHARED = ("objects", "results")
"""Folders that a shared store has, too; the others belong to one machine."""
STALE_WORK_S = 24 * 3600
"""After so long what is being made by a process that cannot be seen from here is taken for abandoned."""


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How much one part of the cache holds."""

    name: str
    files: int
    bytes: int


def open_store(settings: Settings) -> Store:
    """The store of the settings.

    Raises:
        StorageError: its URL names no file system there is.
    """
    return Store(settings.cache, Remote(settings.store, settings.store_options) if settings.store else None)


class Store:
    """Stage results and artifacts; writes are atomic, readers never see half a file."""

    def __init__(self, root: Path, remote: Remote | None = None) -> None:
        self.root = root
        self.remote = remote
        self._there: set[str] = set()
        """Artifacts that the shared store is known to have."""

    def path(self, artifact: Artifact) -> Path:
        """Absolute path of an artifact, fetched first where only the shared store has it.

        Raises:
            StorageError: it is in neither, or cannot be fetched.
        """
        path = self.root / artifact.path
        if self.remote is not None and not path.is_file():
            self._fetch(self.remote, artifact, path)
        return path

    @contextmanager
    def workdir(self) -> Iterator[Path]:
        """A folder of one's own inside the store, removed afterwards."""
        with storage_errors(self.root):
            made = Path(tempfile.mkdtemp(prefix=owner_mark(), dir=self._work()))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def put(self, path: Path) -> Artifact:
        """Move a finished file into the store."""
        with storage_errors(self.root):
            digest = file_digest(path)
            artifact = Artifact(f"objects/{digest[:2]}/{digest}{path.suffix}", digest, path.stat().st_size)
            self._share(path, artifact.path, artifact.size)
            target = self.root / artifact.path
            if target.is_file():
                path.unlink()
                os.utime(target)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with path.open("rb") as f:
                    os.fsync(f.fileno())
                path.replace(target)
        return artifact

    def result(self, stage: str, key: str, kind: type[T]) -> T | None:
        """The stored result of a key, or None: never made, of another schema, or one of its files is gone."""
        document = self._document(stage, key)
        try:
            if document is None or document["schema"] != _schema(kind):
                return None
            value: T = _adapter(kind).validate_python(document["value"])
        except (KeyError, ValidationError):
            return None
        if not all(self._present(found) for found in document["artifacts"]):
            return None
        # What is used stays: `anchor gc` goes by age.
        for used in (_result_name(stage, key), *document["artifacts"]):
            with suppress(OSError):
                os.utime(self.root / used)
        return value

    def keep(self, stage: str, key: str, value: object) -> None:
        """Store a result under its key."""
        plain = _adapter(type(value)).dump_python(value, mode="json")
        artifacts = sorted(_artifact_paths(plain))
        document = {"schema": _schema(type(value)), "artifacts": artifacts, "value": plain}
        self._write(_result_name(stage, key), json.dumps(document, ensure_ascii=False).encode(), shared=True)

    def files_of(self, stage: str, key: str) -> tuple[Stored, ...]:
        """The result of a key and every file that it names; none: there is no such result."""
        document = self._document(stage, key)
        if document is None:
            return ()
        sizes = _artifact_sizes(document["value"])
        own = len(json.dumps(document, ensure_ascii=False).encode())
        return (
            Stored(_result_name(stage, key), own, 0.0),
            *(Stored(path, sizes.get(path, 0), 0.0) for path in document["artifacts"]),
        )

    def files(self) -> Iterator[Stored]:
        """Every object and result: of the shared store where there is one, else of the folder."""
        for folder in SHARED:
            yield from self.remote.files(folder) if self.remote is not None else self._local_files(folder)

    def remove(self, path: str) -> None:
        """Delete an object or result, here and in the shared store."""
        if self.remote is not None:
            self.remote.remove(path)
        with storage_errors(self.root / path):
            (self.root / path).unlink(missing_ok=True)
        self._there.discard(path)

    def plates(self, key: str) -> Path:
        """Where the keyed plates of a key are or will be; every machine keys its own."""
        path = self.root / "plates" / f"{key}.planes"
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def use(self) -> tuple[CacheUse, ...]:
        """What the folder holds, part by part."""
        if not self.root.is_dir():
            return ()
        parts = []
        for part in sorted(p for p in self.root.iterdir() if p.is_dir()):
            files = [f for f in part.rglob("*") if f.is_file()]
            parts.append(CacheUse(part.name, len(files), sum(f.stat().st_size for f in files)))
        return tuple(parts)

    def clear(self) -> int:
        """Delete everything Anchor put into the folder; gives the bytes freed. A shared store is left as it is."""
        names = ("objects", "results", "plates", "work")
        freed = sum(part.bytes for part in self.use() if part.name in names)
        for name in names:
            shutil.rmtree(self.root / name, ignore_errors=True)
        return freed

    def sweep_work(self, *, dry: bool = False) -> int:
        """Delete what killed processes left half-written; gives the bytes freed."""
        freed = 0
        for left in self._abandoned():
            inside = [left] if left.is_file() else list(left.rglob("*"))
            with suppress(OSError):
                freed += sum(f.stat().st_size for f in inside if f.is_file())
            if not dry:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        return freed

    def _abandoned(self) -> Iterator[Path]:
        for made in (self.root / "work").glob("*"):
            left = is_left(made.name)
            with suppress(OSError):
                if time.time() - made.stat().st_mtime > STALE_WORK_S if left is None else left:
                    yield made

    def _work(self) -> Path:
        """Where things are that are not whole."""
        parent = self.root / "work"
        parent.mkdir(parents=True, exist_ok=True)
        return parent

    @contextmanager
    def _partial(self, path: Path) -> Iterator[Path]:
        """A file to be renamed to `path` when it is whole; gone afterwards in any case."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=owner_mark(), suffix=".partial", dir=self._work())
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _document(self, stage: str, key: str) -> dict[str, Any] | None:
        """A stored result; from the shared store it comes into the folder."""
        name = _result_name(stage, key)
        with suppress(OSError, ValueError):
            found = json.loads((self.root / name).read_bytes())
            return found if isinstance(found, dict) else None
        content = self.remote.read(name) if self.remote is not None else None
        if content is None:
            return None
        try:
            found = json.loads(content)
        except ValueError:
            return None
        self._write(name, content, shared=False)
        return found if isinstance(found, dict) else None

    def _present(self, path: str) -> bool:
        if (self.root / path).is_file() or path in self._there:
            return True
        if self.remote is None or not self.remote.exists(path):
            return False
        self._there.add(path)
        return True

    def _share(self, file: Path, path: str, size: int) -> None:
        if self.remote is not None and path not in self._there:
            if not self.remote.exists(path, size):
                self.remote.send(file, path)
            self._there.add(path)

    def _fetch(self, remote: Remote, artifact: Artifact, target: Path) -> None:
        with storage_errors(target), self._partial(target) as partial:
            if not remote.fetch(artifact.path, partial) or partial.stat().st_size != artifact.size:
                self._there.discard(artifact.path)
                raise StorageError(
                    message("store.not-in-store", artifact=artifact.path, url=remote.url),
                    hint=message("store.run-again"),
                )
            partial.replace(target)

    def _write(self, name: str, content: bytes, *, shared: bool) -> None:
        path = self.root / name
        with storage_errors(path), self._partial(path) as partial:
            with partial.open("wb") as f:
                f.write(content)
                f.flush()
                os.fsync(f.fileno())
            if shared and self.remote is not None:
                self.remote.send(partial, name)
            partial.replace(path)

    def _local_files(self, folder: str) -> Iterator[Stored]:
        for found in (self.root / folder).rglob("*"):
            with suppress(FileNotFoundError):
                if found.is_file() and not found.name.startswith("."):
                    facts = found.stat()
                    yield Stored(found.relative_to(self.root).as_posix(), facts.st_size, facts.st_mtime)


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
"""Made once for each class: it costs more than reading a result."""


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _result_name(stage: str, key: str) -> str:
    return f"results/{stage}/{key[:2]}/{key}.json"


def _schema(kind: type) -> str:
    return f"{kind.__name__}.1"


def _artifact_paths(plain: object) -> set[str]:
    """Paths of every artifact inside a plain value."""
    return set(_artifact_sizes(plain))


def _artifact_sizes(plain: object) -> dict[str, int]:
    """Path and size of every artifact inside a plain value."""
    if isinstance(plain, dict):
        if set(plain) == {"path", "digest", "size"}:
            return {str(plain["path"]): int(plain["size"])}
        plain = list(plain.values())
    if isinstance(plain, list):
        return {path: size for part in plain for path, size in _artifact_sizes(part).items()}
    return {}
