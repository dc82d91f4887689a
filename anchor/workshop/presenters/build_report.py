"""What is asked of the making of a presenter, and what it reports: the nouns between intake, photo and video."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from anchor.messages import Message


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a presenter is to be made."""

    name: str
    """The pack's name: a-z, 0-9 and -."""
    label: str = ""
    """Shown to people; empty: the name."""
    voice: str = "lan"
    """The voice pack that speaks when the script names none."""
    face: int | tuple[float, float] | None = None
    """Which of several faces: number from 1, largest first, or a point in the source, pixels; None: the only one."""
    background: str = "auto"
    """`keep` (opaque plate), `remove` (segmentation), `green` (key), or `auto`."""
    transcript: str | None = None
    """What is said in the footage, to find mouth shapes by their phonemes."""
    canvas: tuple[int, int] = (1920, 1080)
    """Width and height of the plate, pixels."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """Something about a presenter that falls short."""

    code: str
    text: Message | str
    """Plain words, with what would fix it."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What came of making a presenter."""

    kind: str
    """`figure`, `video` or `photo`."""
    facts: dict[str, object] = field(default_factory=dict)
    """Measured, as JSON types; keys carry their units."""
    weak: tuple[Weakness, ...] = ()
    pictures: tuple[tuple[str, Path], ...] = ()
    """(caption, PNG in the pack's `report/` folder)."""
