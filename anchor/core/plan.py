"""The resolved plan of the picture: no name left to look up."""

from __future__ import annotations

from dataclasses import dataclass

from anchor.core.artifact import Artifact
from anchor.core.events import Notice
from anchor.core.face import AnchorClip
from anchor.core.speech import Caption
from anchor.core.time import Span, Timebase


@dataclass(frozen=True, slots=True)
class Rendition:
    """What kind of file is made."""

    name: str
    width: int
    height: int
    timebase: Timebase
    video_codec: str
    """ffmpeg encoder name."""
    crf: int
    preset: str
    audio_kbps: int
    lufs: float
    """Loudness target, BS.1770 integrated."""
    dbtp: float
    """True-peak ceiling."""
    burn_captions: bool
    gop_frames: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Light of the studio on the presenter: Y' = gain·(Y−16) + lift + 16, Cb += cb, Cr += cr."""

    gain: float = 1.0
    lift: float = 0.0
    cb: float = 0.0
    cr: float = 0.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a presenter's plate lands in the picture: picture = scale · plate + (x, y)."""

    scale: float
    x: float
    y: float
    grade: Grade = Grade()
    shadow: float = 0.0
    """Strength of the soft shadow on the set, 0–1."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """One graphic of the look on screen for a span."""

    kind: str
    """A kind of the table of layers (layers.toml) that the look draws."""
    span: Span
    """Frames of the programme, animation in and out included."""
    fields: tuple[tuple[str, str], ...] = ()
    """What it shows; `picture` names a file of the store by content."""
    z: int = 0
    """Painter's order: higher is nearer."""
    age: int = 0
    """Frames that it has stood already when the span begins: a part of a programme shows what runs where it is."""

    def field(self, name: str, default: str = "") -> str:
        """The value of one field."""
        return dict(self.fields).get(name, default)


@dataclass(frozen=True, slots=True)
class Listener:
    """A presenter who is in the picture and does not speak: idle, blinking, mouth at rest."""

    avatar: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the programme with one background and at most one presenter who speaks."""

    segment: str | None
    """Segment id; None: title, gaps."""
    span: Span
    """Frames of the programme."""
    background: str
    """The studio's picture: path in the look's pack."""
    avatar: str | None
    placement: Placement | None
    clip: AnchorClip | None
    """Speech of this scene, its first frame at `clip_start`."""
    clip_start: int = 0
    """Programme frame of the clip's frame 0."""
    dissolve: int = 0
    """Frames at the start that mix over from the last frame of the scene before; 0: a cut."""
    accents: tuple[int, ...] = ()
    """Programme frames at which stressed words of this scene's speech begin, ascending."""
    others: tuple[Listener, ...] = ()
    """Who else is in the picture; nobody stands before anybody."""


@dataclass(frozen=True, slots=True)
class AudioCut:
    """A segment's speech laid into the programme."""

    audio: Artifact
    start: int
    """Programme sample of its first sample."""
    samples: int


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Everything that drawing and encoding need."""

    slug: str
    title: str
    language: str
    look: str
    look_digest: str
    look_engine: str
    """Graphics engine that draws the look."""
    rendition: Rendition
    frames: int
    samples: int
    scenes: tuple[Scene, ...]
    """Tile `[0, frames)`."""
    overlays: tuple[Overlay, ...]
    captions: tuple[Caption, ...]
    """In samples of the programme."""
    audio: tuple[AudioCut, ...]
    seed: str
    """Digest from which idle motion and blinks are drawn."""
    poster_frame: int = 0
    notices: tuple[Notice, ...] = ()
    """What the look cannot show as the script asks for it."""
