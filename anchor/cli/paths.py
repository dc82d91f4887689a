"""Files that a command is going to write: checked before the work, not after it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from anchor.cli.language import any_of
from anchor.core.errors import Place, StorageError
from anchor.messages import message

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
        what = message("cli.wrong-ending", name=path.name, endings=any_of(endings))
        raise StorageError(what, hint=message("cli.name-it-so"), place=place)
    if path.is_dir():
        hint = message("cli.name-a-file", path=str(path / f"out{endings[0]}"))
        raise StorageError(message("cli.is-directory"), hint=hint, place=place)
    folder = path.parent
    if not folder.is_dir():
        hint = message("cli.make-folder", folder=str(folder))
        raise StorageError(message("cli.no-folder", folder=str(folder)), hint=hint, place=place)
    if not os.access(folder, os.W_OK | os.X_OK):
        what = message("cli.folder-not-writable", folder=str(folder))
        raise StorageError(what, hint=message("cli.choose-another"), place=place)
    made = [path, *(path.with_suffix(ending) for ending in BESIDE_A_CLIP if beside)]
    for source in sources:
        for target in made:
            if target.exists() and source.exists() and target.samefile(source):
                what = message("cli.would-overwrite", path=str(source))
                raise StorageError(what, hint=message("cli.choose-another-name"), place=place)
    return path
