"""The presenter's picture: packs resolved, patches, clips, idle motion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.core.artifact import Artifact
from anchor.core.time import Timebase

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Affine = tuple[float, float, float, float, float, float]
"""Row-major 2x3: x' = a x + b y + c, y' = d x + e y + f; pixel centres at +0.5."""


@dataclass(frozen=True, slots=True)
class PlateFrame:
    """Where the head is in one frame of the plate, against frame 0 (the canonical pose)."""

    mouth: Affine
    """Canonical pose → this frame, fitted to lips, chin and nose tip."""
    face: Affine
    """Canonical pose → this frame, fitted to eyes, nose and cheeks."""
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """What to add to Y', Cb, Cr of a canonical patch so that it matches this frame, in code values."""


@dataclass(frozen=True, slots=True)
class Avatar:
    """An avatar pack resolved: absolute paths and the head's track."""

    name: str
    label: str
    """Shown to people: 「林安瀾」."""
    path: Path
    digest: str
    """Of the whole pack."""
    engine: str
    """Lip-sync engine in the registry."""
    voice: str
    """Voice pack that belongs to this presenter."""
    plate: Path
    matte: Path | None
    width: int
    height: int
    timebase: Timebase
    frames: tuple[PlateFrame, ...]
    """One per plate frame."""
    figure: tuple[int, int, int, int]
    """x0, y0, x1, y1 (exclusive) in plate pixels: the matte is 0 outside of it in every frame."""
    kind: str
    """`synthetic` or `person`."""
    licence: str
    """SPDX."""
    options: tuple[tuple[str, str | int | float], ...] = ()
    """The `[engine_options]` of the manifest, read by the lip-sync engine alone."""
    eyes: tuple[float, float] | None = None
    """Middle between the eyes in frame 0, plate pixels; None: not known."""
    cache: Path | None = None
    """Folder where an engine may keep what it measured of this pack; safe to delete, need not exist. None: nowhere."""

    def option(self, name: str, default: str | int | float) -> str | int | float:
        """One engine option."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Patch:
    """Pixels to lay over a plate frame, in the canonical pose (plate pixels of frame 0).

    Shapes:
        pixels: [h, w, 3] uint8, Y'CbCr 4:4:4, BT.709, limited range
        mask: [h, w] uint8, 0 = plate, 255 = patch
    """

    x: int
    y: int
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AnchorClip:
    """The presenter speaking one segment: one optional mouth patch per frame, in the canonical pose."""

    avatar: str
    avatar_digest: str
    engine: str
    frames: int
    """Frames of the segment, at `timebase`, counted from the segment's first sample."""
    timebase: Timebase
    reel: Artifact
    """Patch reel: see anchor/face/reel.py."""


@dataclass(frozen=True, slots=True)
class IdleFrame:
    """Which plate frame shows, and which eye patch lies over it."""

    plate: int
    blink: int | None = None
    """Index of a blink phase of the pack, or None: eyes as in the plate."""
