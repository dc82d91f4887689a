"""What a presenter says to the `musetalk` engine, and whether the terms of the weights were accepted."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchor.core.errors import ConsentError, PackError, Place
from anchor.core.face import Avatar
from anchor.face.engines.musetalk.files import ModelFiles, config_problems, find_model
from anchor.messages import message

MANIFEST = "avatar.toml"
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class MuseTalkPack:
    """The engine's options, read."""

    files: ModelFiles
    digest: str
    """Of the weights."""
    batch: int
    """Frames that go through the network together."""
    device: str
    """`auto`, `cpu` or `cuda`."""
    threads: int
    """Of the CPU; 0: as torch sees fit."""


def at(avatar: Avatar, field: str = "") -> Place:
    """A place in the presenter's manifest."""
    return Place(file=str(avatar.path / MANIFEST), field=field or None)


def read_pack(avatar: Avatar) -> MuseTalkPack:
    """The engine's options, the model's files found and its terms accepted.

    Raises:
        PackError: an option is of the wrong form, a file is missing, or the parts do not fit each other.
        ConsentError: nobody has accepted the terms of these weights.
    """
    if not avatar.option("model", ""):
        raise PackError(
            message("musetalk.no-model"),
            hint=message("musetalk.no-model-hint"),
            place=at(avatar, "engine_options.model"),
        )
    device = avatar.option("device", "auto")
    if device not in DEVICES:
        what, hint = message("musetalk.device", device=repr(device)), message("musetalk.devices", known=DEVICES)
        raise PackError(what, hint=hint, place=at(avatar, "engine_options.device"))
    batch, threads = _number(avatar, "batch", 8, least=1), _number(avatar, "threads", 0, least=0)
    accepted = _acceptance(avatar)
    files = find_model(avatar.path / str(avatar.option("model", "")))
    problems = config_problems(files)
    if problems:
        raise PackError(problems[0], place=at(avatar, "engine_options.model"))
    digest = files.digest
    if accepted != digest:
        raise ConsentError(
            message("musetalk.other-weights", digest=digest[:12], accepted=accepted[:12]),
            hint=message("musetalk.other-weights-hint"),
            place=at(avatar, "acceptance.model"),
        )
    return MuseTalkPack(files, digest, batch, str(device), threads)


def acceptance_lines(folder: Path, digest: str) -> str:
    """The tables that a manifest needs before its last one, `[files]`; name and day are left to the person."""
    return (
        f'engine = "musetalk"\n\n[engine_options]\nmodel = "{folder}"\nbatch = 8\ndevice = "auto"\n\n'
        f'[acceptance]\nby = ""\ndate = ""\nmodel = "{digest}"\n'
    )


def _acceptance(avatar: Avatar) -> str:
    """The digest of the weights that somebody accepted.

    Raises:
        ConsentError: nobody has.
    """
    try:
        manifest: dict[str, Any] = tomllib.loads((avatar.path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(message("musetalk.manifest-unreadable", reason=str(error)), place=at(avatar)) from error
    accepted = manifest.get("acceptance")
    said = {key: str(accepted.get(key) or "") if isinstance(accepted, dict) else "" for key in ("by", "date", "model")}
    if not all(said.values()):
        raise ConsentError(
            message("musetalk.terms", avatar=avatar.name),
            hint=message("musetalk.terms-hint"),
            place=at(avatar, "acceptance"),
        )
    return said["model"]


def _number(avatar: Avatar, name: str, default: int, *, least: int) -> int:
    value = avatar.option(name, default)
    if not isinstance(value, int) or value < least:
        what, hint = (
            message("musetalk.number", name=name, value=repr(value)),
            message("musetalk.number-hint", least=least),
        )
        raise PackError(what, hint=hint, place=at(avatar, f"engine_options.{name}"))
    return value
