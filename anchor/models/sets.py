"""The sets of models: which files, of which digest, out of which published wheels."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from anchor.core.errors import PackError
from anchor.messages import message

_TABLES = Path(__file__).parent
TEXTS = _TABLES / "texts"
"""Texts of licences that come with Anchor."""
RECORD = "derived.json"
"""In a set's folder: name → sha256 of each derived file."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A published wheel, downloaded and never installed."""

    package: str
    version: str
    file: str
    """Its published name."""
    bytes: int
    sha256: str
    """Of the wheel, for who carries it over by hand; what is kept of it is held to the digests of its parts."""
    platform: str = ""
    """Of the wheel that is picked, whatever machine this is: the models are the same in all; empty: of any."""
    python: str = ""


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A member of a wheel: a file, or a stretch of one."""

    wheel: str
    """Package of the wheel."""
    member: str
    """Path inside the wheel."""
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a set: its parts joined in their order, or a text that comes with Anchor."""

    role: str
    """What it is to who uses it: `detector`, `model`, `licence` …"""
    name: str
    bytes: int
    sha256: str
    parts: tuple[WheelMember, ...] = ()
    text: str = ""
    """Name in `TEXTS`."""


@dataclass(frozen=True, slots=True)
class ModelSet:
    """Models that are fetched and used together."""

    name: str
    licence: str
    what: str
    """What it is for, in a line."""
    what_zh: str
    wheels: tuple[Wheel, ...]
    files: tuple[ModelFile, ...]
    derived: tuple[str, ...] = ()
    """Files made of the others when they are fetched; `RECORD` beside them holds their digests."""

    @property
    def bytes(self) -> int:
        """Of all its files on disk."""
        return sum(file.bytes for file in self.files)

    @property
    def wheel_bytes(self) -> int:
        """Of all its wheels: what is downloaded."""
        return sum(wheel.bytes for wheel in self.wheels)

    @property
    def source(self) -> str:
        """The wheels, in words."""
        return ", ".join(f"{wheel.package} {wheel.version}" for wheel in self.wheels)

    @property
    def command(self) -> str:
        """What fetches it."""
        return f"anchor models pull {self.name}"


def set_names() -> tuple[str, ...]:
    """The names of all sets."""
    return tuple(sorted(path.stem for path in _TABLES.glob("*.toml")))


@cache
def model_set(name: str) -> ModelSet:
    """The set called `name`.

    Raises:
        PackError: there is none of that name.
    """
    if name not in set_names():
        raise PackError(message("models.no-set", name=name), hint=message("models.there-are", names=set_names()))
    table: dict[str, Any] = tomllib.loads((_TABLES / f"{name}.toml").read_text(encoding="utf-8"))
    wheels = tuple(Wheel(**row) for row in table.pop("wheels"))
    files = tuple(_file(role, row) for role, row in table.pop("files").items())
    derived = tuple(table.pop("derived", ()))
    return ModelSet(name=name, wheels=wheels, files=files, derived=derived, **table)


def _file(role: str, row: dict[str, Any]) -> ModelFile:
    parts = tuple(WheelMember(**part) for part in row.pop("parts", ()))
    if "member" in row:
        parts = (WheelMember(row.pop("wheel"), row.pop("member"), row["sha256"]),)
    return ModelFile(role=role, parts=parts, **row)
