"""One's own shelf: a pack goes on whole and checked, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from anchor.core.artifact import file_digest
from anchor.core.errors import PackError, Place, StorageError
from anchor.core.files import fsync
from anchor.messages import Message, message, os_reason
from anchor.packs import Pack, Shelf, load_pack

LARGEST_PACK = 16 << 30
"""Bytes; the largest neural voices have a third of it."""


def refuse_standing(name: str, shelf: Shelf, root: Path) -> Path:
    """Where a new pack of that name will stand.

    Raises:
        PackError: one stands there already.
    """
    target = root / shelf.value / name
    if target.exists():
        mend = "packs.take-away-or-replace" if shelf is Shelf.AVATARS else "packs.take-away"
        raise PackError(
            message("packs.standing", thing=_one(shelf), name=name),
            hint=message(mend, shelf=shelf.value, name=name),
            place=Place(file=str(target)),
        )
    return target


def add_pack(directory: Path, shelf: Shelf, root: Path, check: Callable[[Pack], object]) -> Pack:
    """Copy a pack onto the shelf in `root`, its hashes checked before and after.

    Args:
        directory: the pack.
        shelf: which one.
        root: the folder that holds the shelf.
        check: opens the pack as its trade does; raises what is wrong with it.

    Raises:
        PackError: no such pack, a file differs from its hash, or the shelf has one of that name.
        StorageError: the shelf cannot be written.
    """
    source = directory.resolve()
    pack = load_pack(source, shelf)
    check(pack)
    target = refuse_standing(pack.name, shelf, root)
    files = files_of(pack)
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
            message("core.cannot-write", path=str(target), reason=os_reason(error)),
            hint=message("packs.space-or-permission"),
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return load_pack(target, shelf)


def settle_pack(partial: Path, target: Path) -> None:
    """Move a finished pack to where it will stand; what stood there before goes.

    Every file is on the disk before the name is: a power cut leaves the old pack or the new one.

    Raises:
        StorageError: the disk is full or the shelf cannot be written.
    """
    gone = target.with_name(f".{target.name}.replaced-{os.getpid()}")
    try:
        for path in (*(p for p in partial.rglob("*") if p.is_file()), partial):
            fsync(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(gone)
        try:
            partial.rename(target)
        except OSError:
            if gone.exists():
                gone.rename(target)
            raise
        fsync(target.parent)
    except OSError as error:
        what = message("core.cannot-write", path=str(target), reason=os_reason(error))
        raise StorageError(what, hint=message("packs.free-space")) from error
    shutil.rmtree(gone, ignore_errors=True)


def remove_pack(name: str, shelf: Shelf, root: Path) -> Path:
    """Take a pack off one's own shelf; gives where it stood.

    Raises:
        PackError: it does not stand there.
        StorageError: it cannot be deleted.
    """
    target = own_pack(name, shelf, root)
    # Out of sight first, so that nobody meets half a pack.
    gone = target.with_name(f".{name}.removed-{os.getpid()}")
    try:
        target.rename(gone)
        if gone.is_symlink():
            gone.unlink()
        else:
            shutil.rmtree(gone)
    except OSError as error:
        what = message("packs.cannot-delete", path=str(target), reason=os_reason(error))
        raise StorageError(what, hint=message("packs.check-permissions")) from error
    return target


def own_pack(name: str, shelf: Shelf, root: Path) -> Path:
    """The directory of a pack on one's own shelf.

    Raises:
        PackError: it does not stand there.
    """
    folder = root / shelf.value
    target = folder / name
    if Path(name).name != name or not (target / shelf.manifest).is_file():
        own = tuple(sorted(path.parent.name for path in folder.glob(f"*/{shelf.manifest}")))
        empty = message("packs.own-shelf-empty", shelf=shelf.value)
        raise PackError(
            message("packs.not-on-own-shelf", noun=shelf.called, name=name, folder=str(folder)),
            hint=message("packs.there-are", names=own) if own else empty,
        )
    return target


def files_of(pack: Pack) -> tuple[str, ...]:
    """What makes a pack: manifest, licence, and every file that the manifest lists.

    Raises:
        PackError: a listed path leads out of the pack, or all together are too large.
    """
    manifest = Place(file=str(pack.path / pack.shelf.manifest), field="files")
    listed = tuple(dict.fromkeys((pack.shelf.manifest, "LICENSE", *pack.manifest["files"])))
    inside = pack.path.resolve()
    for relative in listed:
        if not (inside / relative).resolve().is_relative_to(inside):
            what = message("packs.leads-out", file=relative)
            raise PackError(what, hint=message("packs.keep-inside"), place=manifest)
    size = sum((pack.path / relative).stat().st_size for relative in listed)
    if size > LARGEST_PACK:
        what = message("packs.too-large", size=size >> 30, noun=pack.shelf.called)
        raise PackError(what, hint=message("packs.right-folder"), place=manifest)
    return listed


def _check_copy(pack: Pack, copy: Path) -> None:
    """The copy against the hashes that the pack was sealed with.

    Raises:
        PackError: a file changed while it was copied.
    """
    for relative, expected in pack.manifest["files"].items():
        if file_digest(copy / relative) != expected:
            raise PackError(
                message("packs.changed-while-copied", file=relative),
                hint=message("packs.try-again"),
                place=Place(file=str(pack.path / relative)),
            )


def _one(shelf: Shelf) -> Message:
    return message(
        {Shelf.VOICES: "packs.a-voice", Shelf.AVATARS: "packs.an-avatar", Shelf.LOOKS: "packs.a-look"}[shelf]
    )
