"""A layer's elements laid out as actors, and the stage on which MoviePy moves them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchor.core.time import Timebase
from anchor.graphics.lettering import Letterer, Setting
from anchor.graphics.motion import Score, ease
from anchor.graphics.sprites import Brush, Sprite, draw_mark, draw_picture, draw_rect, draw_text
from anchor.graphics.style import Element, Enter, Look, Mark, PictureBox, Rect, Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cast:
    """All that the drawing of one overlay depends on."""

    look: Look
    kind: str
    fields: dict[str, str]
    scale: float
    size: tuple[int, int]
    """Of the box, pixels."""
    score: Score
    timebase: Timebase


@dataclass(frozen=True, slots=True)
class Actor:
    """A sprite and how it comes and goes."""

    sprite: Sprite
    enter: Enter
    delay: int
    leaves: bool = True
    """False: it stays to the end of the overlay."""
    swapped_out: bool = False
    """The text that stood here before: it goes while the overlay enters."""


def cast_layer(cast: Cast) -> tuple[Actor, ...]:
    """Every element of the overlay, drawn."""
    return _Layout(cast).actors()


class _Layout:
    """Places elements: texts are set first, then boxes hug them, then what stands after a box."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.brush = Brush(cast.look.palette, cast.scale)
        self.elements = [e for e in cast.look.layer(cast.kind).elements if not e.needs or cast.fields.get(e.needs)]
        self.settings = {id(e): self._set(e, self._words(e)) for e in self.elements if isinstance(e, Text)}
        self.boxes: dict[str, tuple[float, float]] = {}

    def actors(self) -> tuple[Actor, ...]:
        drawn: list[Actor] = []
        boxes = sorted((e for e in self.elements if isinstance(e, Rect)), key=lambda e: bool(e.after))
        rects = {id(e): self._rect(e) for e in boxes}
        standing = bool(self.cast.fields.get("previous"))
        for element in self.elements:
            sprite = rects.get(id(element)) or self._draw(element)
            if sprite is None:
                continue
            text_swaps = standing and isinstance(element, Text) and element.field == "text"
            enter: Enter = "rise" if text_swaps else "none" if standing else element.enter
            drawn.append(Actor(sprite, enter, 0 if standing else element.delay))
            if text_swaps and isinstance(element, Text):
                old = self._text(element, self.cast.fields["previous"])
                drawn.append(Actor(old, "rise", 0, swapped_out=True))
        if self.cast.fields.get("next"):
            drawn = [replace(actor, leaves=False) for actor in drawn]
        return tuple(drawn)

    def _words(self, text: Text) -> str:
        return self.cast.fields.get(text.field, "") or text.text

    def _letterer(self, text: Text) -> Letterer:
        return Letterer(self.cast.look.type.family, self.cast.look.type.styles[text.style], self.cast.scale)

    def _set(self, text: Text, words: str) -> Setting:
        lines = words.split("\n")
        if len(lines) > 1:  # broken by whoever wrote it: captions
            letterer = self._letterer(text)
            em = min(letterer.fit(line, text.width * self.cast.scale, 1).em for line in lines)
            return Setting(tuple(lines), em, max(letterer.measure(line, em) for line in lines))
        return self._letterer(text).fit(words, text.width * self.cast.scale, text.lines)

    def _rect(self, rect: Rect) -> Sprite:
        scale = self.cast.scale
        width = rect.size[0] * scale
        for other in self.elements:
            if isinstance(other, Text) and other.id and other.id in rect.hug and self._words(other):
                width = max(width, self.settings[id(other)].width + rect.pad * scale)
        x = self._origin(rect.after) + rect.at[0] * scale - (width / 2 if rect.centred else 0.0)
        if rect.id:
            self.boxes[rect.id] = x, x + width
        return draw_rect(self.brush, rect, x, width)

    def _origin(self, after: str) -> float:
        return self.boxes[after][1] if after in self.boxes else 0.0

    def _draw(self, element: Element) -> Sprite | None:
        if isinstance(element, Text):
            words = self._words(element)
            return self._text(element, words) if words.strip() else None
        if isinstance(element, PictureBox):
            path = self.cast.fields.get(element.field, "")
            return draw_picture(self.brush, element, Path(path)) if path else None
        if isinstance(element, Mark):
            return draw_mark(self.brush, element)
        return None

    def _text(self, text: Text, words: str) -> Sprite:
        x = self._origin(text.after) + text.at[0] * self.cast.scale
        return draw_text(self.brush, self._letterer(text), text, self._set(text, words), x)


class Stage:
    """An overlay's actors as one MoviePy composition of the box's size."""

    def __init__(self, cast: Cast, actors: tuple[Actor, ...]) -> None:
        from moviepy import CompositeVideoClip

        self._cast = cast
        self._fps = float(cast.timebase.rate)
        self._longest = max((actor.delay for actor in actors), default=0)
        # A last frame after the end keeps rounding of times away from the edge of the clip.
        seconds = (cast.score.length + 1) / self._fps
        clips = [self._clip(actor).with_duration(seconds) for actor in actors]
        self._scene: Any = CompositeVideoClip(clips, size=cast.size).with_duration(seconds) if clips else None

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """The box `frame` frames after the overlay's start, straight alpha."""
        import numpy as np

        width, height = self._cast.size
        if self._scene is None:
            return np.zeros((height, width, 4), np.uint8)
        t = frame / self._fps
        alpha = np.rint(np.clip(self._scene.mask.get_frame(t), 0, 1) * 255).astype(np.uint8)
        colour = np.where(alpha[:, :, None] > 0, self._scene.get_frame(t), 0)
        return np.dstack([colour, alpha]).astype(np.uint8)

    def _clip(self, actor: Actor) -> Any:
        """One actor: a still with a moving place and a moving mask."""
        from moviepy import ImageClip, VideoClip

        pixels = actor.sprite.pixels
        still = pixels[:, :, 3].astype("float64") / 255.0

        def place(t: float) -> tuple[int, int]:
            dx, dy = self._shift(actor, round(t * self._fps))
            return actor.sprite.x + dx, actor.sprite.y + dy

        def mask(t: float) -> NDArray[np.float64]:
            return self._veiled(actor, still, round(t * self._fps))

        clip = ImageClip(pixels[:, :, :3]).with_position(place)
        return clip.with_mask(VideoClip(mask, is_mask=True).with_position(place))

    def _presence(self, actor: Actor, frame: int) -> float:
        """0 away, 1 in place, eased."""
        score, curve = self._cast.score, self._cast.look.motion.easing
        if actor.swapped_out:
            return 1.0 - ease(curve, min(1.0, (frame + 1) / (score.enter + 1))) if score.enter else 0.0
        leaving = frame >= score.length - score.exit
        if leaving and not actor.leaves:
            return 1.0
        return ease(curve, score.presence(frame, actor.delay, self._longest))

    def _shift(self, actor: Actor, frame: int) -> tuple[int, int]:
        travel = self._cast.look.layer(self._cast.kind).travel * self._cast.scale
        away = round((1.0 - self._presence(actor, frame)) * travel)
        if actor.enter == "rise":
            return 0, -away if actor.swapped_out else away
        return (-away, 0) if actor.enter == "slide" else (0, 0)

    def _veiled(self, actor: Actor, still: NDArray[np.float64], frame: int) -> NDArray[np.float64]:
        """The mask at a frame: faded, or uncovered so far with an edge on a fraction of a pixel."""
        import numpy as np

        presence = self._presence(actor, frame)
        leaving = frame >= self._cast.score.length - self._cast.score.exit
        if presence >= 1.0 or (actor.enter == "none" and not leaving):
            return still
        if leaving or actor.enter in ("fade", "rise", "slide", "none"):
            return still * presence
        width = still.shape[1]
        columns = np.arange(width, dtype=np.float64)
        distance = columns if actor.enter == "wipe" else np.abs(columns + 0.5 - width / 2) * 2
        return np.asarray(still * np.clip(presence * (width + 1) - distance, 0.0, 1.0)[None, :])
