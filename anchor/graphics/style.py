"""What a look is made of: palette, type, motion, placements, and layers built from a few elements.

Positions inside a layer are in design pixels (aspects.py) from the top left of the layer's box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from anchor.core.plan import Placement
from anchor.graphics.aspects import ASPECTS

Enter = Literal["none", "fade", "wipe", "centre", "rise", "slide"]
Align = Literal["left", "centre", "right"]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
GradientStop = tuple[str, Annotated[float, Field(ge=0, le=1)]]
"""Palette name and opacity."""
FrameCount = Annotated[int, Field(ge=0, le=600)]
Move = Annotated[int, Field(ge=0, le=45)]
"""Frames of coming or going; the bound lets a part of a programme be drawn without what lies far from it."""
MOVES_S = 3
"""No coming and going takes longer, both together."""

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class TextStyle:
    """One step of the type scale."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    weight: Literal["Regular", "Bold"]
    size: Annotated[float, Field(gt=0)]
    """Em in design pixels."""
    floor: Annotated[float, Field(gt=0)]
    """Smallest em to which too-long text shrinks before it is cut."""
    tracking: float = 0.0
    """Added after each character, in em."""
    latin: float = 1.0
    """Size of Latin letters and digits against Han characters: their capitals are .73 em high, Han about .9."""


@dataclass(frozen=True, slots=True)
class TypeScale:
    """One family, few sizes."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    family: str
    styles: dict[str, TextStyle]


@dataclass(frozen=True, slots=True)
class Motion:
    """One easing for everything that moves; durations in frames at 30000/1001."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    easing: tuple[float, float, float, float]
    """Control points x1, y1, x2, y2 of a cubic Bézier from (0, 0) to (1, 1), as in CSS."""
    enter_frames: Move
    exit_frames: Move
    swap_frames: Move
    """A text replaced by the next in a standing bar."""
    title_enter_frames: Move
    title_exit_frames: Move


@dataclass(frozen=True, slots=True)
class Safe:
    """Share of the picture's width and height inside which things must lie (SMPTE ST 2046-1, EBU R95)."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title: Annotated[float, Field(gt=0, le=1)]
    action: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, slots=True)
class Timing:
    """The programme's pace, in frames at 30000/1001."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title_frames: FrameCount
    gap_frames: FrameCount
    """Between two segments of a story."""
    story_gap_frames: FrameCount
    tail_frames: FrameCount
    """After the last word."""
    lower_third_frames: FrameCount


@dataclass(frozen=True, slots=True)
class LookField:
    """One thing that a layer shows; drives the form and the checks."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    type: Literal["text", "picture"]
    label: str
    max: Annotated[int, Field(ge=0)] = 0
    """Most characters; 0 where the type has none."""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Soft dark edge under a thing."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    alpha: Annotated[float, Field(ge=0, le=1)]
    blur: float
    """Gaussian sigma, design pixels."""
    y: float = 0.0
    colour: str = "shade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A filled box: panel, rule, hairline."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    kind: Literal["rect"]
    at: tuple[float, float]
    size: tuple[float, float]
    """Width and height; with `hug` the width is the least."""
    fill: Annotated[tuple[GradientStop, ...], Field(min_length=1)]
    """Gradient stops, evenly spread unless `stops` says where."""
    stops: tuple[float, ...] = ()
    along: Literal["x", "y"] = "x"
    radius: float = 0.0
    slant: float = 0.0
    """How far the right edge leans outwards at the top, design pixels."""
    id: str = ""
    hug: tuple[str, ...] = ()
    """Ids of texts: the box grows to hold the widest of them and `pad`."""
    pad: float = 0.0
    """Left of the box to left of the text, plus text's right to right edge."""
    centred: bool = False
    """With `hug`: `at` is the middle of the top edge."""
    after: str = ""
    """Id of a box whose right edge `at` counts from."""
    shadow: Shadow | None = None
    enter: Enter = "none"
    delay: FrameCount = 0
    needs: str = ""
    """Field without which the element is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words from a field, or fixed ones."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    kind: Literal["text"]
    at: tuple[float, float]
    """Left, middle or right (by `align`) and the middle of the first line's Han characters."""
    width: float
    """Most width, design pixels."""
    style: str
    colour: str
    field: str = ""
    text: str = ""
    """Shown when there is no field or the field is empty."""
    align: Align = "left"
    lines: Annotated[int, Field(ge=1, le=4)] = 1
    leading: float = 1.28
    """Line to line, in em."""
    grow: Literal["down", "up", "both"] = "down"
    """Where further lines go from `at`."""
    outline: tuple[str, float] | None = None
    """Colour and width in design pixels."""
    shadow: Shadow | None = None
    id: str = ""
    after: str = ""
    enter: Enter = "none"
    delay: FrameCount = 0
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBox:
    """A picture from a field, filling its box; what does not fit is cropped evenly."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    kind: Literal["picture"]
    at: tuple[float, float]
    size: tuple[float, float]
    field: str
    radius: float = 0.0
    enter: Enter = "none"
    delay: FrameCount = 0
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """The house logo: ring, stem and arc, an anchor that is also a microphone."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    kind: Literal["mark"]
    at: tuple[float, float]
    height: float
    colour: str
    accent: str
    shadow: Shadow | None = None
    enter: Enter = "none"
    delay: FrameCount = 0
    needs: str = ""


Element = Annotated[Rect | Text | PictureBox | Logo, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class LayerStyle:
    """How one kind of overlay looks."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    box: tuple[int, int, int, int]
    """Left, top, width, height in design pixels; everything the layer ever shows lies inside."""
    z: int
    elements: tuple[Element, ...]
    travel: float = 24.0
    """How far `rise` and `slide` move, design pixels."""
    speed: Annotated[float, Field(ge=0)] = 0.0
    """Of a text that runs, design pixels a second."""
    frames: FrameCount = 0
    """Longest time on screen, frames at 30000/1001; 0: as long as the kind lasts (a lower third: [timing])."""

    @property
    def moves(self) -> bool:
        """Whether anything enters or leaves other than at once."""
        return any(element.enter != "none" for element in self.elements)


@dataclass(frozen=True, slots=True)
class Look:
    """A look pack resolved for one shape of picture."""

    name: str
    label: str
    path: Path
    digest: str
    """Of the manifest and the hashes in it."""
    licence: str
    engine: str
    """Graphics engine in the registry."""
    aspect: str
    """The shape of picture that this is laid out for."""
    aspects: tuple[str, ...]
    """All that the pack has layouts for."""
    background: Path
    """The studio's picture; of another shape it fills the picture and is cut evenly."""
    palette: dict[str, Colour]
    type: TypeScale
    motion: Motion
    safe: Safe
    timing: Timing
    plain: Placement
    """The presenter alone."""
    with_ots: Placement
    """The presenter beside a picture."""
    fields: dict[str, dict[str, LookField]]
    """Layer kind → field name → what it takes."""
    layers: dict[str, LayerStyle]
    """Layer kind → how it looks; kinds of the table that the look does not draw are absent."""
    unknown: tuple[str, ...]
    """Kinds in the manifest that this version's table does not have: kept in the pack, not drawn."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height that the layout is drawn at, design pixels."""
        return ASPECTS[self.aspect]

    def placement(self, name: Literal["plain", "with-ots"]) -> Placement:
        """Where the presenter stands."""
        return self.plain if name == "plain" else self.with_ots

    def layer(self, kind: str) -> LayerStyle:
        """The style of one kind of overlay."""
        return self.layers[kind]

    def z(self, kind: str) -> int:
        """Painter's order of one kind of overlay."""
        return self.layer(kind).z
