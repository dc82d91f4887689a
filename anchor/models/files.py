"""Whether models are here, and whether they are what they should be."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

from anchor.core.artifact import file_digest
from anchor.core.errors import EngineUnavailable, PackError, StorageError
from anchor.messages import Message, message, os_reason
from anchor.models.sets import RECORD, ModelFile, ModelSet, model_set

FileState = Literal["missing", "broken", "whole"]


def model_files(name: str, folder: Path) -> dict[str, Path]:
    """The files of a set in `folder` (the settings' folder of models), by role.

    A file is read once a process and remembered by path, size and time.

    Raises:
        EngineUnavailable: one is missing.
        PackError: no such set, or a file is not the one that the table names.
        StorageError: a file cannot be read.
    """
    return checked_files(model_set(name), folder / name)


def state_of(name: str, folder: Path) -> FileState:
    """The state of a set in `folder`; a file that cannot be read makes it `broken`."""
    try:
        model_files(name, folder)
    except EngineUnavailable:
        return "missing"
    except (PackError, StorageError):
        return "broken"
    return "whole"


def checked_files(wanted: ModelSet, place: Path) -> dict[str, Path]:
    """The files of a set that lie in the directory `place`; raises like `model_files`."""
    found: dict[str, Path] = {}
    for file in wanted.files:
        path = place / file.name
        if not path.is_file():
            raise EngineUnavailable(
                message("models.not-here", name=wanted.name, path=str(path)),
                hint=message("models.fetch-once", command=wanted.command),
            )
        if wrong := file_fault(file, path):
            what = message("models.not-the-file-since", file=str(path), reason=wrong)
            raise PackError(what, hint=message("models.fetch-again", command=wanted.command))
        found[file.role] = path
    return found | _derived_files(wanted, place)


def _derived_files(wanted: ModelSet, place: Path) -> dict[str, Path]:
    """The derived files of a set, by their names without suffix; raises like `model_files`."""
    if not wanted.derived:
        return {}
    hint = message("models.fetch-again", command=wanted.command)
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        states = {name: (place / name).stat() for name in wanted.derived}
        wrong = [n for n, s in states.items() if _digest(place / n, s.st_size, s.st_mtime_ns) != record.get(n)]
    except (OSError, ValueError, AttributeError) as error:
        what = message("models.derived-not-whole", name=wanted.name, folder=str(place))
        raise PackError(what, hint=hint) from error
    if wrong:
        raise PackError(message("models.not-the-file", file=str(place / wrong[0])), hint=hint)
    return {Path(name).stem: place / name for name in wanted.derived}


def file_fault(file: ModelFile, path: Path) -> Message | None:
    """What is wrong with the file at `path`; None: nothing."""
    try:
        state = path.stat()
        if state.st_size != file.bytes:
            return message("models.bytes-differ", found=state.st_size, expected=file.bytes)
        same = _digest(path, state.st_size, state.st_mtime_ns) == file.sha256
    except OSError as error:
        what = message("models.cannot-read", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("models.look-at-permissions")) from error
    return None if same else message("models.content-differs")


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    return file_digest(path)
