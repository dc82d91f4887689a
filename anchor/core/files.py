"""Writing files whole: a name stands for all of a file or for what was there before, also after a power cut."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anchor.core.errors import StorageError
from anchor.messages import message, os_reason

_STEM = 40
"""Characters of the name that the partial file keeps: a file system takes 255 bytes, a character has up to four."""
_OWNER = re.compile(r"(?P<host>[0-9a-f]{6})-(?P<pid>\d+)-[0-9a-f]{8}(?:\.[^.]+)?")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the file system says into StorageError with the place and what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = message("core.cannot-write-full" if full else "core.cannot-write-permission")
        raise StorageError(message("core.cannot-write", path=str(path), reason=os_reason(error)), hint=hint) from error


@contextmanager
def write_whole(path: Path, *, folders: bool = False) -> Iterator[Path]:
    """A path to write to, of the same ending, that takes the name of `path` when all of it is on the disk.

    When the writing fails or is stopped, what was at `path` stays, and nothing else.

    Args:
        path: the file.
        folders: make the folders that are not there; else a folder that is not there is an error.

    Raises:
        StorageError: the file cannot be written.
    """
    mine = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    partial = path.with_name(f".{path.stem[:_STEM]}.partial-{mine}{path.suffix}")
    with storage_errors(path):
        try:
            if folders:
                path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            keep(partial, path)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def sweep_partials(path: Path) -> None:
    """Delete what processes of this machine that are gone have left half-written of this file."""
    begin = f".{path.stem[:_STEM]}.partial-"
    with suppress(OSError):
        for left in path.parent.iterdir():
            owner = _OWNER.fullmatch(left.name.removeprefix(begin)) if left.name.startswith(begin) else None
            if owner and owner["host"] == _host() and not _runs(int(owner["pid"])):
                left.unlink(missing_ok=True)


def _host() -> str:
    """This machine in a file's name."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def write_text_whole(path: Path, text: str, *, folders: bool = False) -> None:
    """UTF-8 without translation of line ends, all of it or nothing.

    Raises:
        StorageError: the file cannot be written.
    """
    with write_whole(path, folders=folders) as partial:
        partial.write_bytes(text.encode("utf-8"))


def keep(partial: Path, path: Path) -> None:
    """Force a file to the disk, then give it its name there."""
    fsync(partial)
    partial.replace(path)
    fsync(path.parent)


def fsync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
