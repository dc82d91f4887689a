"""Where the head of a plate is in each frame: `track.json` of an avatar pack."""

from __future__ import annotations

import json
import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from anchor.core.errors import PackError, Place
from anchor.core.face import Affine
from anchor.core.validation import first_fault
from anchor.messages import message

MatrixRow = tuple[float, float, float]


class Similarity(BaseModel):
    """p_t = scale · R(rotation) · p_0 + (tx, ty), R = [[cos, −sin], [sin, cos]], y down."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    scale: float = Field(gt=0)
    rotation_deg: float
    tx: float
    ty: float

    @property
    def affine(self) -> Affine:
        """The same map as a 2x3 matrix."""
        c = self.scale * math.cos(math.radians(self.rotation_deg))
        s = self.scale * math.sin(math.radians(self.rotation_deg))
        return (c, -s, self.tx, s, c, self.ty)


class TrackPoints(BaseModel):
    """Landmarks that idle motion and blinks need, plate pixels."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    eye_corners: tuple[tuple[float, float], ...] = Field(min_length=4, max_length=4)
    """Picture left to right."""
    nose_tip: tuple[tuple[float, float], ...] = Field(min_length=1, max_length=1)
    chin_tip: tuple[tuple[float, float], ...] = Field(min_length=1, max_length=1)

    @property
    def stable(self) -> tuple[tuple[float, float], ...]:
        """Points that tell the head's pose."""
        return (*self.eye_corners, *self.nose_tip, *self.chin_tip)


class TrackFrame(BaseModel):
    """One plate frame."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    points: TrackPoints
    similarity: Similarity
    affine_mouth: tuple[MatrixRow, MatrixRow]
    blink: float = 0.0
    """0 open … 1 closed."""

    @property
    def mouth(self) -> Affine:
        """Frame 0 → this frame at the mouth."""
        return (*self.affine_mouth[0], *self.affine_mouth[1])


class HeadTrack(BaseModel):
    """All frames."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    data: tuple[TrackFrame, ...]


def load_track(path: Path) -> HeadTrack:
    """Read a track.json.

    Raises:
        PackError: it is missing or of another form.
    """
    try:
        return HeadTrack.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        what, _ = first_fault(error)
        raise PackError(
            message("face.track", reason=what), hint=message("face.restore"), place=Place(file=str(path))
        ) from error
