"""Paths that packs name: one rule for every one of them, whoever wrote the pack.

A pack reads its own files and no others: what its manifest, its mouth bank or any other of its documents names lies in
the pack's folder.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from anchor.core.errors import PackError, Place
from anchor.messages import message

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
"""What a pack may be called, so that a name is never a path."""


def is_inside(relative: str) -> bool:
    """Whether a path, relative to a pack's folder, names something in it; nothing is looked up."""
    path = PurePosixPath(relative)
    odd = "\\" in relative or "\0" in relative or relative != path.as_posix()
    return bool(path.parts) and not odd and not path.is_absolute() and ".." not in path.parts


def pack_file(folder: Path, relative: str, place: Place) -> Path:
    """The file that a pack's document means.

    Args:
        folder: that the path begins at.
        relative: as the document has it.
        place: of the document, for the error.

    Raises:
        PackError: the path leads out of the folder.
    """
    if not is_inside(relative):
        said = relative if len(relative) <= 100 else f"{relative[:100]}…"
        raise PackError(message("packs.leads-out", file=said), hint=message("packs.keep-inside"), place=place)
    return folder / relative
