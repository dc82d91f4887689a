"""What the workshop measured once on a pack: colour offsets, frames of equal pose, blink pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from anchor.core.errors import PackError, Place
from anchor.core.validation import first_fault
from anchor.messages import message

FILE = "prepared.json"


class BlinkPicture(BaseModel):
    """One phase of a blink in the canonical pose: a PNG whose four channels are Y', Cb, Cr and mask."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    x: int
    y: int


class AvatarPrepared(BaseModel):
    """The value of prepared.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    figure: tuple[int, int, int, int]
    """x0, y0, x1, y1 (exclusive), plate pixels: the matte is 0 outside of it in every frame."""
    colour: tuple[tuple[float, float, float], ...]
    """Per plate frame: what to add to a canonical patch's Y', Cb, Cr."""
    twins: tuple[int | None, ...]
    """Per plate frame: another frame with the same head pose and open eyes, or None."""
    blinking: tuple[int, ...]
    """Plate frames with a blink baked in, ascending."""
    blinks: tuple[BlinkPicture, ...]
    """Phases of a blink in order; empty: none to paint."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    # `schema` is the house's word; BaseModel has an attribute of that name, hence the alias.
    schema_version: Literal["AvatarPrepared.1"] = Field(alias="schema")
    value: AvatarPrepared


def load_prepared(directory: Path) -> AvatarPrepared:
    """Read a pack's prepared.json.

    Raises:
        PackError: it is missing or of another form.
    """
    path = directory / FILE
    try:
        return _Document.model_validate(json.loads(path.read_text(encoding="utf-8"))).value
    except (OSError, ValueError) as error:
        what, _ = first_fault(error)
        raise PackError(
            message("face.prepared", reason=what),
            hint=message("face.prepare", folder=str(directory)),
            place=Place(file=str(path)),
        ) from error
