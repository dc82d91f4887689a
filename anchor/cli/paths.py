"""Files that a command is going to write: checked before the work, not after it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from anchor.core.errors import Place, StorageError

BESIDE_A_CLIP = (".srt", ".vtt", ".jpg", ".json")
"""What a render writes beside `OUT.mp4`."""


def check_output(path: Path, endings: tuple[str, ...], sources: Iterable[Path] = (), *, beside: bool = False) -> Path:
    """`path`, if it can be written.

    Args:
        path: the file to make.
        endings: allowed suffixes.
        sources: files that must not be overwritten.
        beside: the files of `BESIDE_A_CLIP` are made too.

    Raises:
        StorageError: another ending, a folder that is not there or not writable, or a source would be lost.
    """
    place = Place(file=str(path))
    if path.suffix.lower() not in endings:
        raise StorageError(f"{path.name!r} does not end in {' or '.join(endings)}", hint="name it so", place=place)
    if path.is_dir():
        raise StorageError("this is a directory", hint=f"name a file in it: {path / ('out' + endings[0])}", place=place)
    folder = path.parent
    if not folder.is_dir():
        raise StorageError(f"there is no folder {folder}", hint=f"make it first: mkdir -p {folder}", place=place)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"folder {folder} is not writable", hint="choose another with -o", place=place)
    made = [path, *(path.with_suffix(ending) for ending in BESIDE_A_CLIP if beside)]
    for source in sources:
        for target in made:
            if target.exists() and source.exists() and target.samefile(source):
                raise StorageError(f"this would overwrite {source}", hint="choose another name with -o", place=place)
    return path
