"""Files made by stages, named by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

from anchor.messages import Message, message_document


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file in the store."""

    path: str
    """Relative to the store's root."""
    digest: str
    """sha256 of the bytes, hex."""
    size: int
    """Bytes."""


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, hex."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def canonical(value: object) -> object:
    """`value` as plain JSON types: dataclasses become objects, fractions "n/d", enums their value.

    Raises:
        TypeError: for a type that has no one JSON form.
    """
    if isinstance(value, Message):
        return message_document(value)
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return canonical(value.value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): canonical(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(v) for v in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")


def digest_of(*values: object) -> str:
    """sha256 over the canonical JSON of `values`, hex: the key of a stage's result."""
    text = json.dumps(canonical(list(values)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
