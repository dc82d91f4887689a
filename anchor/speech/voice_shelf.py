"""One's own shelf of voices: a pack goes on whole and checked, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, Place, StorageError
from anchor.packs import Pack, Shelf, load_pack
from anchor.speech.voice import resolve_voice

LARGEST_PACK = 16 << 30
"""Bytes; the largest neural voices have a third of it."""


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
    source = directory.resolve()
    pack = load_pack(source, Shelf.VOICES)
    resolve_voice(pack, roots)
    target = root / Shelf.VOICES.value / pack.name
    if target.exists():
        raise PackError(
            f"there is a voice {pack.name!r} on your shelf already",
            hint=f"take it away first: anchor voices remove {pack.name}",
            place=Place(file=str(target)),
        )
    files = _files_of(pack)
    partial = target.with_name(f".{pack.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        for relative in files:
            (partial / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / relative, partial / relative)
        _check_copy(pack, partial)
        partial.rename(target)
    except OSError as error:
        raise StorageError(
            f"cannot write {target}: {error.strerror}", hint="free some space, or check the folder's permissions"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return load_pack(target, Shelf.VOICES)


def remove_voice(name: str, root: Path) -> Path:
    """Take a voice off one's own shelf; gives where it stood.

    Raises:
        PackError: it does not stand there.
        StorageError: it cannot be deleted.
    """
    shelf = root / Shelf.VOICES.value
    target = shelf / name
    if Path(name).name != name or not (target / Shelf.VOICES.manifest).is_file():
        own = sorted(path.parent.name for path in shelf.glob(f"*/{Shelf.VOICES.manifest}"))
        there = f"there are: {', '.join(own)}" if own else "it is empty; voices that come with Anchor stay"
        raise PackError(f"no voice {name!r} on your own shelf {shelf}", hint=there)
    # Out of sight first, so that nobody meets half a voice.
    gone = target.with_name(f".{name}.removed-{os.getpid()}")
    try:
        target.rename(gone)
        if gone.is_symlink():
            gone.unlink()
        else:
            shutil.rmtree(gone)
    except OSError as error:
        raise StorageError(f"cannot delete {target}: {error.strerror}", hint="check its permissions") from error
    return target


def _files_of(pack: Pack) -> tuple[str, ...]:
    """What is copied: manifest, licence, and every file that the manifest lists.

    Raises:
        PackError: a listed path leads out of the pack, or all together are too large.
    """
    manifest = Place(file=str(pack.path / pack.shelf.manifest), field="files")
    listed = tuple(dict.fromkeys((pack.shelf.manifest, "LICENSE", *pack.manifest["files"])))
    for relative in listed:
        if not (pack.path / relative).resolve().is_relative_to(pack.path):
            raise PackError(f"{relative} leads out of the pack", hint="keep every file inside it", place=manifest)
    size = sum((pack.path / relative).stat().st_size for relative in listed)
    if size > LARGEST_PACK:
        raise PackError(f"{size >> 30} GiB is no voice", hint="is this the right folder?", place=manifest)
    return listed


def _check_copy(pack: Pack, copy: Path) -> None:
    """The copy against the hashes that the pack was sealed with.

    Raises:
        PackError: a file changed while it was copied.
    """
    for relative, expected in pack.manifest["files"].items():
        if file_digest(copy / relative) != expected:
            raise PackError(
                f"{relative} changed while it was copied", hint="try again", place=Place(file=str(pack.path / relative))
            )
