"""Engine `layers`: elements drawn with Pillow, timed and animated with MoviePy, each overlay in its own box."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anchor.core.artifact import digest_of, file_digest
from anchor.core.errors import EngineError
from anchor.core.layers import LAYERS
from anchor.core.plan import Overlay, Rendition
from anchor.core.ports import Layer
from anchor.core.time import VIDEO
from anchor.graphics.actors import OverlayClip, OverlayInputs, layer_actors
from anchor.graphics.aspects import aspect_of
from anchor.graphics.fonts import find_font
from anchor.graphics.look import open_look
from anchor.graphics.motion import Phase, Score
from anchor.graphics.style import Look
from anchor.graphics.ticker import run_of
from anchor.media.stills import check_picture
from anchor.messages import message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PICTURE_BYTES = 16 << 20
"""Finished pictures kept for layers that ask again or look the same."""
_OVERLAY_CLIPS = 6
"""Overlays whose elements stay drawn: those of a few moments' animation."""

STANDING = ("previous", "next")
"""Fields that every layer takes: `previous` is the text that this one replaces in a bar that already stands; any
`next` leaves the bar standing at the end."""


class LayersEngine:
    """Draws the overlays of look packs."""

    def __init__(self) -> None:
        self._looks: dict[tuple[Path, str], Look] = {}
        self._pictures: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()
        self._overlay_clips: OrderedDict[str, OverlayClip] = OrderedDict()

    def __enter__(self) -> Self:
        import moviepy  # noqa: F401  # the heavy import happens here, not in the first frame

        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pictures.clear()
        self._overlay_clips.clear()

    def draw(self, look: Path, overlay: Overlay, rendition: Rendition) -> Layer:
        """The overlay as a layer; pictures are drawn when first asked for.

        Raises:
            PackError: the look has no layout for the rendition's shape.
            EngineError: no such kind of overlay, or a field that it does not have.
            EngineUnavailable: the look's font is not installed.
            ScriptError: a picture cannot be used.
        """
        opened = self._look(look, aspect_of(rendition))
        if overlay.kind not in opened.layers:
            known = message("graphics.there-are", known=tuple(opened.layers))
            raise EngineError(message("graphics.no-layer", look=opened.name, kind=overlay.kind), hint=known)
        fields = opened.fields[overlay.kind]
        for name, value in overlay.fields:
            if name not in fields and name not in STANDING:
                known = message("graphics.there-are", known=tuple(fields))
                raise EngineError(message("graphics.no-field", kind=overlay.kind, field=name), hint=known)
            if name in fields and fields[name].type == "picture" and value:
                check_picture(Path(value))
        return BoxLayer(self, opened, overlay, rendition)

    def _look(self, directory: Path, aspect: str) -> Look:
        if (directory, aspect) not in self._looks:
            look = open_look(directory, aspect)
            for style in look.type.styles.values():
                find_font(look.type.family, style.weight)
            self._looks[directory, aspect] = look
        return self._looks[directory, aspect]

    def overlay_clip(self, digest: str, inputs: OverlayInputs) -> OverlayClip:
        """The overlay's elements, drawn now or lately."""
        if digest not in self._overlay_clips:
            self._overlay_clips[digest] = OverlayClip(inputs, layer_actors(inputs))
            while len(self._overlay_clips) > _OVERLAY_CLIPS:
                self._overlay_clips.popitem(last=False)
        self._overlay_clips.move_to_end(digest)
        return self._overlay_clips[digest]

    def kept(self, key: str) -> NDArray[np.uint8] | None:
        """A finished picture, if it is still kept."""
        if key in self._pictures:
            self._pictures.move_to_end(key)
        return self._pictures.get(key)

    def keep(self, key: str, picture: NDArray[np.uint8]) -> None:
        """Keep a finished picture; the longest unused ones go."""
        self._pictures[key] = picture
        while sum(kept.nbytes for kept in self._pictures.values()) > _PICTURE_BYTES and len(self._pictures) > 1:
            self._pictures.popitem(last=False)


class BoxLayer:
    """One overlay in its box."""

    def __init__(self, engine: LayersEngine, look: Look, overlay: Overlay, rendition: Rendition) -> None:
        scale = rendition.width / look.size[0]
        style = look.layer(overlay.kind)
        x, y, right, bottom = (_even(edge * scale) for edge in _edges(style.box))
        self.x, self.y = x, y
        self.width, self.height = right - x, bottom - y
        fields = dict(overlay.fields)
        pace = rendition.timebase.rate / VIDEO.rate
        enter, exit = _frames(look, overlay.kind, style.moves, fields)
        self._span, self._age = len(overlay.span), overlay.age
        self._score = Score.fitted(self._span + self._age, round(enter * pace), round(exit * pace))
        self._run = run_of(look, overlay.kind, fields, scale, rendition.timebase)
        size = self.width, self.height
        self._inputs = OverlayInputs(
            look, overlay.kind, fields, scale, size, self._score, rendition.timebase, self._run
        )
        pictures = [
            file_digest(Path(value))
            for name, value in overlay.fields
            if value and _is_picture(look, overlay.kind, name)
        ]
        self._digest = digest_of(
            look.digest,
            overlay.kind,
            fields,
            pictures,
            [self.width, self.height],
            [self._score.enter, self._score.exit],
        )[:24]
        self._engine = engine

    def key(self, frame: int) -> str | None:
        """Which picture shows `frame` frames after the overlay's start."""
        phase = self._score.phase(frame + self._age) if 0 <= frame < self._span else None
        if phase is None or self._run is None:
            return None if phase is None else f"{self._digest}.{phase}"
        at = frame + self._age
        same = self._run.folded(at, self._score.enter) if phase.name == "hold" else at
        return f"{self._digest}.{self._score.length}-{same}"

    def picture(self, key: str) -> NDArray[np.uint8]:
        """The picture of a key of this layer."""
        kept = self._engine.kept(key)
        if kept is None:
            name, _, at = key.removeprefix(f"{self._digest}.").partition("-")
            frame = int(at) if self._run else self._score.frame(Phase(name, int(at or 0)))  # type: ignore[arg-type]
            # Overlays of other lengths have the same pictures, but not at the same frames.
            kept = self._engine.overlay_clip(f"{self._digest}.{self._score.length}", self._inputs).picture(frame)
            self._engine.keep(key, kept)
        return kept


def _edges(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def _even(position: float) -> int:
    return 2 * round(position / 2)


def _is_picture(look: Look, kind: str, name: str) -> bool:
    field = look.fields[kind].get(name)
    return field is not None and field.type == "picture"


def _frames(look: Look, kind: str, moves: bool, fields: dict[str, str]) -> tuple[int, int]:
    """Enter and exit, frames at 30000/1001."""
    motion = look.motion
    if not moves:
        return 0, 0
    enter, exit = motion.enter_frames, motion.exit_frames
    if LAYERS[kind].shows == "opening":
        enter, exit = motion.title_enter_frames, motion.title_exit_frames
    if fields.get("previous"):
        enter = motion.swap_frames
    return enter, 0 if fields.get("next") else exit
