"""Fetching a voice that others publish: its licence first, then its files, then a pack that records who accepted."""

from __future__ import annotations

import errno
import http.client
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from anchor.core.artifact import file_digest
from anchor.core.errors import EngineUnavailable, PackError, StorageError
from anchor.core.events import ProgressCallback
from anchor.core.files import fsync
from anchor.messages import Message, message, os_reason
from anchor.packs import Pack, Shelf, load_pack
from anchor.speech.voice import resolve_voice

TIMEOUT_S = 30.0
"""Patience for a server that sends nothing."""
CHUNK = 1 << 20
FACTS = {
    "LicenseRef-CPML": (
        "voices.cpml-non-commercial",
        "voices.cpml-none-sold",
        "voices.cpml-passed-on",
        "voices.cpml-no-warranty",
    )
}
"""Licence → what it says, in messages."""
LONGEST_LICENCE = 200_000
"""Bytes; what is longer is no licence text."""


@dataclass(frozen=True, slots=True)
class VoiceDownload:
    """A voice that can be fetched."""

    name: str
    label: str
    licence: str
    licence_name: str
    licence_file: str
    by: str
    what: str
    about_mb: int
    base: str
    """Address before the file names."""
    files: tuple[tuple[str, str], ...]
    """File → sha256, empty where it is not known beforehand."""
    engine_options: tuple[tuple[str, str | int | float], ...]

    @property
    def summary(self) -> tuple[Message, ...]:
        """The licence in a few facts; its text rules."""
        return tuple(message(id) for id in FACTS.get(self.licence, ()))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted which text, and when."""

    by: str
    date: str
    """ISO 8601."""
    text: str


def load_recipe(name: str) -> VoiceDownload:
    """The voice of that name.

    Raises:
        PackError: there is none; the hint lists those there are.
    """
    table: dict[str, Any] = tomllib.loads(Path(__file__).with_name("pull.toml").read_text(encoding="utf-8"))
    if name not in table:
        hint = message("voices.there-are", names=tuple(sorted(table)))
        raise PackError(message("voices.no-such-recipe", name=name), hint=hint)
    row = table[name]
    row |= {key: tuple(row[key].items()) for key in ("files", "engine_options")}
    return VoiceDownload(name=name, **row)


def fetch_licence(recipe: VoiceDownload, base: str = "") -> str:
    """The licence's text from where the voice lies.

    Args:
        recipe: the voice.
        base: another address that holds the same files.

    Raises:
        EngineUnavailable: it cannot be reached.
    """
    with _opened(_address(recipe, recipe.licence_file, base)) as answer:
        return str(answer.read(LONGEST_LICENCE).decode("utf-8", "replace"))


def pull_voice(
    recipe: VoiceDownload, root: Path, accepted: Acceptance, *, base: str = "", progress: ProgressCallback | None = None
) -> Pack:
    """Fetch the files and make the pack; an interrupted fetch goes on where it stopped.

    Args:
        recipe: the voice.
        root: the folder that holds `voices/`.
        accepted: the licence's acceptance, written into the pack.
        base: another address that holds the same files.
        progress: told after every stretch.

    Raises:
        EngineUnavailable: the address cannot be reached, or stops sending.
        PackError: a pack of that name is there, or a file is not the one that the table names.
        StorageError: the disk is full or the folder not writable.
    """
    target = root / Shelf.VOICES.value / recipe.name
    if target.exists():
        hint = message("voices.fetch-anew-hint")
        raise PackError(message("voices.there-already", target=str(target)), hint=hint)
    partial = target.with_name(f".{recipe.name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        digests = {name: _fetch(recipe, name, expected, partial, base, progress) for name, expected in recipe.files}
        (partial / "LICENSE").write_text(accepted.text, encoding="utf-8")
        (partial / "voice.toml").write_text(_manifest(recipe, accepted, digests, partial), encoding="utf-8")
        for path in partial.iterdir():
            fsync(path)
        partial.rename(target)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        needed, another = message("voices.mb-needed", mb=recipe.about_mb), message("voices.name-another-folder")
        what = message("core.cannot-write", path=str(partial), reason=os_reason(error))
        raise StorageError(what, hint=needed if full else another) from error
    pack = load_pack(target, Shelf.VOICES)
    resolve_voice(pack)
    return pack


def _manifest(recipe: VoiceDownload, accepted: Acceptance, digests: dict[str, str], partial: Path) -> str:
    document = tomlkit.document()
    head = {"schema": 1, "name": recipe.name, "label": recipe.label, "engine": "coqui", "licence": recipe.licence}
    for key, value in head.items():
        document[key] = value
    document["source"] = {"by": recipe.by, "what": recipe.what, "date": accepted.date[:10]}
    document["acceptance"] = {
        "by": accepted.by,
        "date": accepted.date,
        "licence_sha256": file_digest(partial / "LICENSE"),
    }
    document["engine_options"] = dict(recipe.engine_options)
    document["files"] = digests
    return tomlkit.dumps(document)


def _address(recipe: VoiceDownload, name: str, base: str) -> str:
    return f"{(base or recipe.base).rstrip('/')}/{name}"


def _fetch(
    recipe: VoiceDownload, name: str, expected: str, folder: Path, base: str, progress: ProgressCallback | None
) -> str:
    """One file into `folder`, and its sha256."""
    path, part = folder / name, folder / f"{name}.part"
    if not path.exists():
        _download(_address(recipe, name, base), part, lambda done, total: progress and progress(name, done, total))
        digest = file_digest(part)
        if expected and digest != expected:
            part.unlink()
            raise PackError(
                message("voices.other-digest", name=name, digest=digest[:12], expected=expected[:12]),
                hint=message("voices.other-digest-hint"),
            )
        part.rename(path)
    return file_digest(path)


def _download(address: str, part: Path, progress: Callable[[int, int], object]) -> None:
    have = part.stat().st_size if part.exists() else 0
    with _opened(address, have) as answer:
        going_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        done = have if going_on else 0
        if answer.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here already
        length = int(answer.headers.get("Content-Length") or 0)
        total = done + length if length else 0
        with part.open("ab" if going_on else "wb") as f:
            while chunk := _read(answer, address):
                f.write(chunk)
                done += len(chunk)
                progress(done, total)
        if total and done != total:
            raise _unreachable(address, message("voices.stopped-after", done=done, total=total))


def _read(answer: Any, address: str) -> bytes:
    try:
        return bytes(answer.read(CHUNK))
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(address, str(error) or type(error).__name__) from error


def _opened(address: str, start: int = 0) -> Any:
    """An answer to read from; 416 is one, too."""
    headers = {"User-Agent": "anchor"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            return error
        why = message("voices.server-says", code=error.code, reason=str(error.reason))
        raise _unreachable(address, why) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _unreachable(address, str(getattr(error, "reason", error))) from error
    except ValueError as error:
        hint = message("voices.no-address-hint")
        raise PackError(message("voices.no-address", address=address), hint=hint) from error


def _unreachable(address: str, why: str) -> EngineUnavailable:
    what = message("voices.cannot-fetch", address=address, reason=why)
    return EngineUnavailable(what, hint=message("voices.cannot-fetch-hint"))
