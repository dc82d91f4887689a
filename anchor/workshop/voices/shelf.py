"""Voices on one's own shelf: opened as voices before they go on."""

from __future__ import annotations

from pathlib import Path

from anchor.packs import Pack, Shelf
from anchor.packs.own_shelf import add_pack, remove_pack
from anchor.speech.voice import resolve_voice


def add_voice(directory: Path, root: Path, roots: tuple[Path, ...]) -> Pack:
    """Copy a voice pack onto the shelf `root/voices`, its hashes checked before and after.

    Args:
        directory: the pack.
        root: the folder that holds `voices/`.
        roots: where voices that a chain names are looked for.

    Raises:
        PackError: no voice pack, a file differs from its hash, or the shelf has a voice of that name.
        StorageError: the shelf cannot be written.
    """
    return add_pack(directory, Shelf.VOICES, root, lambda pack: resolve_voice(pack, roots))


def remove_voice(name: str, root: Path) -> Path:
    """Take a voice off one's own shelf; gives where it stood.

    Raises:
        PackError: it does not stand there.
        StorageError: it cannot be deleted.
    """
    return remove_pack(name, Shelf.VOICES, root)
