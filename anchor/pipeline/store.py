"""Where stages keep what they made: files named by content, results named by key."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from anchor.core.artifact import Artifact, file_digest
from anchor.core.errors import StorageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How much one part of the cache holds."""

    name: str
    files: int
    bytes: int


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the file system says into StorageError with the place and what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "no space left" if full else error.strerror or str(error)
        hint = "free some space or clear the cache: anchor cache clear" if full else "check the folder's permissions"
        raise StorageError(f"cannot write {path}: {what}", hint=hint) from error


class Store:
    """Stage results and artifacts in one folder; writes are atomic, readers never see half a file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, artifact: Artifact) -> Path:
        """Absolute path of an artifact."""
        return self.root / artifact.path

    @contextmanager
    def workdir(self) -> Iterator[Path]:
        """A folder of one's own inside the store, removed afterwards."""
        with storage_errors(self.root):
            parent = self.root / "work"
            parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def put(self, path: Path) -> Artifact:
        """Move a finished file into the store."""
        with storage_errors(self.root):
            digest = file_digest(path)
            relative = f"objects/{digest[:2]}/{digest}{path.suffix}"
            target = self.root / relative
            size = path.stat().st_size
            if target.is_file():
                path.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with path.open("rb") as f:
                    os.fsync(f.fileno())
                path.replace(target)
        return Artifact(path=relative, digest=digest, size=size)

    def result(self, stage: str, key: str, kind: type[T]) -> T | None:
        """The stored result of a key, or None: never made, of another schema, or one of its files is gone."""
        path = self._result_path(stage, key)
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if document["schema"] != _schema(kind):
                return None
            value = TypeAdapter(kind).validate_python(document["value"])
        except (FileNotFoundError, json.JSONDecodeError, KeyError, ValidationError):
            return None
        present = all((self.root / found).is_file() for found in document["artifacts"])
        return value if present else None

    def keep(self, stage: str, key: str, value: object) -> None:
        """Store a result under its key."""
        plain = TypeAdapter(type(value)).dump_python(value, mode="json")
        document = {"schema": _schema(type(value)), "artifacts": sorted(_artifact_paths(plain)), "value": plain}
        path = self._result_path(stage, key)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                with temporary.open("w", encoding="utf-8") as f:
                    json.dump(document, f, ensure_ascii=False)
                    f.flush()
                    os.fsync(f.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def plates(self, key: str) -> Path:
        """Where the keyed plates of a key are or will be."""
        path = self.root / "plates" / f"{key}.planes"
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def use(self) -> tuple[CacheUse, ...]:
        """What the cache holds, part by part."""
        if not self.root.is_dir():
            return ()
        parts = []
        for part in sorted(p for p in self.root.iterdir() if p.is_dir()):
            files = [f for f in part.rglob("*") if f.is_file()]
            parts.append(CacheUse(part.name, len(files), sum(f.stat().st_size for f in files)))
        return tuple(parts)

    def clear(self) -> int:
        """Delete everything Anchor put into the cache; gives the bytes freed."""
        freed = sum(part.bytes for part in self.use())
        for name in ("objects", "results", "plates", "work"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        return freed

    def _result_path(self, stage: str, key: str) -> Path:
        return self.root / "results" / stage / key[:2] / f"{key}.json"


def _schema(kind: type) -> str:
    return f"{kind.__name__}.1"


def _artifact_paths(plain: object) -> set[str]:
    """Paths of every artifact inside a plain value."""
    if isinstance(plain, dict):
        if set(plain) == {"path", "digest", "size"}:
            return {str(plain["path"])}
        return set().union(*(_artifact_paths(v) for v in plain.values()), set())
    if isinstance(plain, list):
        return set().union(*(_artifact_paths(v) for v in plain), set())
    return set()
