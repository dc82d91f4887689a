"""Where stages keep what they made: files named by content, results named by key.

One folder is the whole store on one machine. With a URL the store is there, shared by many machines, and the folder is
a cache in front of it: what is made goes to both, what others made is fetched when it is asked for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

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
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,16}")
_NAME = re.compile(rf"objects/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}(?:{_ENDING.pattern})?")
"""What a file of the store is called: nothing outside the store's folder, whoever wrote the result that names it."""
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
        self._whole: dict[tuple[int, int], tuple[str, int, int]] = {}
        """A file (device, inode) → digest that it was found to have, and size and time then: it is not read again."""

    def path(self, artifact: Artifact) -> Path:
        """Absolute path of an artifact, fetched first where the folder has it not, or not whole.

        Raises:
            StorageError: it is in neither, or damaged, or cannot be fetched; or its name is none that a store gives.
        """
        _check_name(artifact)
        path = self.root / artifact.path
        if self.is_whole(artifact):
            return path
        if self.remote is None:
            raise _damaged(artifact.path) if path.is_file() else _missing(artifact.path, str(self.root))
        self._fetch(self.remote, artifact, path)
        return path

    def is_whole(self, artifact: Artifact, at: Path | None = None) -> bool:
        """Whether the folder has an artifact with all its bytes, of its digest; `at`: whether this copy of it is so."""
        path = at or self.root / artifact.path
        with suppress(OSError):
            facts = path.stat()
            file, now = (facts.st_dev, facts.st_ino), (artifact.digest, facts.st_size, facts.st_mtime_ns)
            if self._whole.get(file) == now:
                return True
            if facts.st_size == artifact.size and file_digest(path) == artifact.digest:
                self._whole[file] = now
                return True
        return False

    def share(self, artifact: Artifact) -> None:
        """See that the shared store has an artifact, for whoever fetches it from another machine.

        Raises:
            StorageError: it cannot be asked or sent.
        """
        if self.remote is not None:
            self._share(self.path(artifact), artifact.path, artifact.size)

    def drop_damaged(self, artifact: Artifact) -> bool:
        """Delete an artifact of the folder that has not its bytes: it is made or fetched anew. Gives whether."""
        _check_name(artifact)
        path = self.root / artifact.path
        if self.is_whole(artifact) or not path.is_file():
            return False
        with storage_errors(path):
            path.unlink(missing_ok=True)
        return True

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
            artifact = _artifact_of(path, file_digest(path))
            self._share(path, artifact.path, artifact.size)
            target = self.root / artifact.path
            if self.is_whole(artifact):
                path.unlink()
                self._use(artifact.path)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with path.open("rb") as f:
                    os.fsync(f.fileno())
                path.replace(target)
        return artifact

    def put_copy(self, source: Path, digest: str) -> Artifact:
        """A file that stays where it is, in the store; copied only where the store does not have it.

        Args:
            source: the file.
            digest: sha256 of its bytes, hex.

        Raises:
            StorageError: the store cannot be written, or the file is another one by now.
        """
        with storage_errors(self.root):
            kept = _artifact_of(source, digest)
            if self.is_whole(kept):
                self._share(self.root / kept.path, kept.path, kept.size)
                self._use(kept.path)
                return kept
            with self.workdir() as work:
                copy = work / f"copy{source.suffix}"
                shutil.copyfile(source, copy)
                made = self.put(copy)
        if made != kept:
            raise StorageError(message("store.changed", file=str(source)), hint=message("store.try-again"))
        return kept

    def result(self, stage: str, key: str, kind: type[T]) -> T | None:
        """The stored result of a key, or None: never made, of another schema, or a file of it is gone or damaged."""
        document = self._document(stage, key)
        try:
            if document is None or document["schema"] != _schema(kind):
                return None
            value: T = _adapter(kind).validate_python(document["value"])
            artifacts = _artifacts(document["value"])
        except (KeyError, ValueError):
            return None
        if not all(_is_name(found) and self._present(found) for found in artifacts):
            return None
        # What is used stays: `anchor gc` goes by age.
        for used in (_result_name(stage, key), *(found.path for found in artifacts)):
            self._use(used)
        return value

    def keep(self, stage: str, key: str, value: object) -> None:
        """Store a result under its key."""
        plain = _adapter(type(value)).dump_python(value, mode="json")
        artifacts = sorted({found.path for found in _artifacts(plain)})
        document = {"schema": _schema(type(value)), "artifacts": artifacts, "value": plain}
        self._write(_result_name(stage, key), json.dumps(document, ensure_ascii=False).encode(), shared=True)

    def files_of(self, stage: str, key: str) -> tuple[Stored, ...]:
        """The result of a key and every file that it names; none: there is no such result."""
        document = self._document(stage, key)
        if document is None:
            return ()
        sizes = {found.path: found.size for found in _artifacts(document["value"])}
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

    def clear(self, held: Container[str] = ()) -> tuple[int, int]:
        """Delete what Anchor put into the folder, but for what is held. A shared store is left as it is.

        Args:
            held: paths that stay, relative to the folder.

        Returns:
            Bytes freed, and bytes that stay because they are held.
        """
        freed = stay = 0
        for name in (*SHARED, "plates", *(() if held else ("packs",))):
            for path in [*(self.root / name).rglob("*")]:
                with suppress(FileNotFoundError):
                    if not path.is_file():
                        continue
                    size = path.stat().st_size
                    if path.relative_to(self.root).as_posix() in held:
                        stay += size
                        continue
                    path.unlink()
                    freed += size
            folders = [p for p in (self.root / name).rglob("*") if p.is_dir()]
            for folder in (*sorted(folders, reverse=True), self.root / name):
                with suppress(OSError):  # not empty
                    folder.rmdir()
        return freed + self.sweep_work(), stay

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

    def _use(self, path: str) -> None:
        """Note that a file is used."""
        with suppress(OSError):
            before = (self.root / path).stat()
            os.utime(self.root / path)
            digest, *looked = self._whole.get(file := (before.st_dev, before.st_ino), ("", 0, 0))
            if looked == [before.st_size, before.st_mtime_ns]:
                self._whole[file] = (digest, before.st_size, (self.root / path).stat().st_mtime_ns)

    def _present(self, artifact: Artifact) -> bool:
        # Asked anew each time: what a shared store has lost must be made again, whatever this process remembers.
        return self.is_whole(artifact) or (self.remote is not None and self.remote.exists(artifact.path, artifact.size))

    def _share(self, file: Path, path: str, size: int) -> None:
        if self.remote is not None and not self.remote.exists(path, size):
            self.remote.send(file, path)

    def _fetch(self, remote: Remote, artifact: Artifact, target: Path) -> None:
        with storage_errors(target), self._partial(target) as partial:
            there = remote.fetch(artifact.path, partial)
            if not there or partial.stat().st_size != artifact.size or file_digest(partial) != artifact.digest:
                if there:  # whoever makes it again finds its place free
                    remote.remove(artifact.path)
                raise _damaged(artifact.path) if there else _missing(artifact.path, remote.url)
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


def _artifacts(plain: object) -> tuple[Artifact, ...]:
    """Every artifact inside a plain value."""
    if isinstance(plain, dict):
        if set(plain) == {"path", "digest", "size"}:
            return (Artifact(str(plain["path"]), str(plain["digest"]), int(plain["size"])),)
        plain = list(plain.values())
    if isinstance(plain, list):
        return tuple(found for part in plain for found in _artifacts(part))
    return ()


def _artifact_of(file: Path, digest: str) -> Artifact:
    """What a file is in the store; an ending that is no plain one is left out."""
    ending = file.suffix if _ENDING.fullmatch(file.suffix) else ""
    return Artifact(f"objects/{digest[:2]}/{digest}{ending}", digest, file.stat().st_size)


def _is_name(artifact: Artifact) -> bool:
    return _NAME.fullmatch(artifact.path) is not None and Path(artifact.path).name.startswith(artifact.digest)


def _check_name(artifact: Artifact) -> None:
    if not _is_name(artifact):
        raise StorageError(
            message("store.odd-name", path=repr(artifact.path)[:200]), hint=message("store.odd-name-hint")
        )


def _missing(path: str, where: str) -> StorageError:
    return StorageError(message("store.not-there", path=path, store=where), hint=message("store.made-anew"))


def _damaged(path: str) -> StorageError:
    return StorageError(message("store.damaged", path=path), hint=message("store.made-anew"))
