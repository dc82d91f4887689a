"""A layer's elements laid out as actors, and the clip in which MoviePy moves them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchor.core.layers import LAYERS
from anchor.core.time import Timebase
from anchor.graphics.lettering import Letterer, Setting
from anchor.graphics.motion import Score, ease
from anchor.graphics.sprites import Brush, Sprite, draw_logo, draw_picture, draw_rect, draw_text
from anchor.graphics.style import Element, Enter, Logo, Look, PictureBox, Rect, Text
from anchor.graphics.ticker import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image


@dataclass(frozen=True, slots=True)
class OverlayInputs:
    """All that the drawing of one overlay depends on."""

    look: Look
    kind: str
    fields: dict[str, str]
    scale: float
    size: tuple[int, int]
    """Of the box, pixels."""
    score: Score
    timebase: Timebase
    run: Run | None = None
    """Of a layer whose text runs."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A sprite and how it comes and goes."""

    sprite: Sprite
    enter: Enter
    delay: int
    swapped_out: bool = False
    """The text that stood here before: it goes while the overlay enters."""
    runs: bool = False
    """The sprite is a whole text, which runs through a window with its left edge at `sprite.x`."""


def actor_overlap(ground: NDArray[np.float32], actor: Actor) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of a layer's ground, then of the actor's sprite, where both are.

    Shapes:
        ground: [h, w, 3], of the layer's box
    """
    height, width = ground.shape[:2]
    h, w = actor.sprite.pixels.shape[:2]
    x, y = actor.sprite.x, actor.sprite.y
    top, left = max(0, y), max(0, x)
    bottom, right = max(top, min(height, y + h)), max(left, min(width, x + w))
    return (slice(top, bottom), slice(left, right)), (slice(top - y, bottom - y), slice(left - x, right - x))


def lay_actor(ground: NDArray[np.float32], actor: Actor) -> None:
    """Blend an actor over a layer's ground, in place; shapes as `actor_overlap`."""
    box, own = actor_overlap(ground, actor)
    pixels = actor.sprite.pixels[own]
    ground[box] += (pixels[..., :3] - ground[box]) * (pixels[..., 3:] / 255)


def layer_actors(inputs: OverlayInputs) -> tuple[Actor, ...]:
    """Every element of the overlay, drawn."""
    return _Layout(inputs).actors()


class _Layout:
    """Places elements: texts are set first, then boxes hug them, then what stands after a box."""

    def __init__(self, inputs: OverlayInputs) -> None:
        self.inputs = inputs
        self.brush = Brush(inputs.look.palette, inputs.scale)
        self.elements = [
            e for e in inputs.look.layer(inputs.kind).elements if not e.needs or inputs.fields.get(e.needs)
        ]
        self.settings = {id(e): self._set(e, self._words(e)) for e in self.elements if isinstance(e, Text)}
        self.boxes: dict[str, tuple[float, float]] = {}
        self.exchanged = LAYERS[inputs.kind].running

    def actors(self) -> tuple[Actor, ...]:
        drawn: list[Actor] = []
        boxes = sorted((e for e in self.elements if isinstance(e, Rect)), key=lambda e: bool(e.after))
        rects = {id(e): self._rect(e) for e in boxes}
        standing = bool(self.inputs.fields.get("previous"))
        for element in self.elements:
            sprite = rects.get(id(element)) or self._draw(element)
            if sprite is None:
                continue
            exchanged = isinstance(element, Text) and element.field == self.exchanged
            text_swaps = standing and exchanged
            enter: Enter = "rise" if text_swaps else "none" if standing else element.enter
            runs = exchanged and self.inputs.run is not None
            drawn.append(Actor(sprite, enter, 0 if standing else element.delay, runs=runs))
            if text_swaps and isinstance(element, Text):
                old = self._text(element, self.inputs.fields["previous"])
                drawn.append(Actor(old, "rise", 0, swapped_out=True))
        return tuple(drawn)

    def _words(self, text: Text) -> str:
        return self.inputs.fields.get(text.field, "") or text.text

    def _letterer(self, text: Text) -> Letterer:
        return Letterer(self.inputs.look.type.family, self.inputs.look.type.styles[text.style], self.inputs.scale)

    def _set(self, text: Text, words: str) -> Setting:
        if self.inputs.run and text.field == self.inputs.run.field:
            return self.inputs.run.setting
        lines = words.split("\n")
        if len(lines) > 1:  # broken by whoever wrote it: captions
            letterer = self._letterer(text)
            em = min(letterer.fit(line, text.width * self.inputs.scale, 1).em for line in lines)
            return Setting(tuple(lines), em, max(letterer.measure(line, em) for line in lines))
        return self._letterer(text).fit(words, text.width * self.inputs.scale, text.lines)

    def _rect(self, rect: Rect) -> Sprite:
        scale = self.inputs.scale
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
            path = self.inputs.fields.get(element.field, "")
            return draw_picture(self.brush, element, Path(path)) if path else None
        if isinstance(element, Logo):
            return draw_logo(self.brush, element)
        return None

    def _text(self, text: Text, words: str) -> Sprite:
        x = self._origin(text.after) + text.at[0] * self.inputs.scale
        return draw_text(self.brush, self._letterer(text), text, self._set(text, words), x)


class OverlayClip:
    """An overlay's actors as one MoviePy clip of the box's size.

    Each actor is a MoviePy still with a position and a mask that are functions of time. They are laid over one another
    here and not by CompositeVideoClip, which composes colour and mask apart and each at the size of the whole box: five
    times the work.
    """

    def __init__(self, inputs: OverlayInputs, actors: tuple[Actor, ...]) -> None:
        from moviepy import VideoClip

        self._inputs = inputs
        self._fps = float(inputs.timebase.rate)
        self._longest = max((actor.delay for actor in actors), default=0)
        # A last frame after the end keeps rounding of times away from the edge of the clip.
        seconds = (inputs.score.length + 1) / self._fps
        self._clips = [self._clip(actor).with_duration(seconds) for actor in actors]
        self._scene: Any = VideoClip(self._composed, duration=seconds)

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """The box `frame` frames after the overlay's start, straight alpha."""
        import numpy as np

        return np.asarray(self._scene.get_frame(frame / self._fps), np.uint8)

    def _composed(self, t: float) -> NDArray[np.uint8]:
        """All actors at time `t`, painter's order."""
        import numpy as np
        from PIL import Image

        box = Image.new("RGBA", self._inputs.size, (0, 0, 0, 0))
        for clip in self._clips:
            cover = clip.mask.get_frame(t)
            if not cover.any():
                continue
            picture = Image.fromarray(clip.get_frame(t))
            picture.putalpha(Image.fromarray(np.rint(cover * np.float32(255)).astype(np.uint8)))
            x, y = clip.pos(t)
            box.alpha_composite(picture, (max(0, x), max(0, y)), (max(0, -x), max(0, -y), *picture.size))
        fade = self._fade(round(t * self._fps))
        return np.asarray(box if fade >= 1.0 else _faded(box, fade))

    def _clip(self, actor: Actor) -> Any:
        """One actor: a still with a moving place and a moving mask."""
        import numpy as np
        from moviepy import ImageClip, VideoClip

        if actor.runs:
            return self._running(actor)
        colour = np.ascontiguousarray(actor.sprite.pixels[:, :, :3])
        still = actor.sprite.pixels[:, :, 3].astype(np.float32) / np.float32(255)

        def place(t: float) -> tuple[int, int]:
            dx, dy = self._shift(actor, round(t * self._fps))
            return actor.sprite.x + dx, actor.sprite.y + dy

        def mask(t: float) -> NDArray[np.float32]:
            return self._veiled(actor, still, round(t * self._fps))

        return ImageClip(colour).with_position(place).with_mask(VideoClip(mask, is_mask=True))

    def _running(self, actor: Actor) -> Any:
        """A window through which a text runs."""
        import numpy as np
        from moviepy import VideoClip

        def colour(t: float) -> NDArray[np.uint8]:
            return np.ascontiguousarray(self._window(actor, round(t * self._fps))[:, :, :3])

        def mask(t: float) -> NDArray[np.float32]:
            frame = round(t * self._fps)
            return self._veiled(actor, self._window(actor, frame)[:, :, 3].astype(np.float32) / np.float32(255), frame)

        place = actor.sprite.x, actor.sprite.y
        return VideoClip(colour).with_position(lambda t: place).with_mask(VideoClip(mask, is_mask=True))

    def _window(self, actor: Actor, frame: int) -> NDArray[np.uint8]:
        """What of a running text shows."""
        import numpy as np

        assert self._inputs.run is not None
        pixels, width = actor.sprite.pixels, self._inputs.run.window
        shown = np.zeros((pixels.shape[0], width, 4), np.uint8)
        for at in self._inputs.run.starts(frame):
            left, right = max(0, at), min(width, at + pixels.shape[1])
            if right > left:
                shown[:, left:right] = np.maximum(shown[:, left:right], pixels[:, left - at : right - at])
        return shown

    def _fade(self, frame: int) -> float:
        """Opacity of the whole box: it leaves as one."""
        score = self._inputs.score
        gone = (frame - (score.length - score.exit) + 1) / (score.exit + 1)
        return 1.0 - ease(self._inputs.look.motion.easing, gone) if score.exit else 1.0

    def _presence(self, actor: Actor, frame: int) -> float:
        """0 away, 1 in place, eased."""
        score, curve = self._inputs.score, self._inputs.look.motion.easing
        if actor.swapped_out:
            return 1.0 - ease(curve, (frame + 1) / (score.enter + 1)) if frame < score.enter else 0.0
        return ease(curve, score.presence(frame, actor.delay, self._longest))

    def _shift(self, actor: Actor, frame: int) -> tuple[int, int]:
        travel = self._inputs.look.layer(self._inputs.kind).travel * self._inputs.scale
        away = round((1.0 - self._presence(actor, frame)) * travel)
        if actor.enter == "rise":
            return 0, -away if actor.swapped_out else away
        return (-away, 0) if actor.enter == "slide" else (0, 0)

    def _veiled(self, actor: Actor, still: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
        """The mask at a frame: faded, or uncovered so far with an edge on a fraction of a pixel."""
        import numpy as np

        presence = self._presence(actor, frame)
        if presence >= 1.0 or actor.enter == "none":
            return still
        if actor.enter in ("fade", "rise", "slide"):
            return still * np.float32(presence)
        width = still.shape[1]
        columns = np.arange(width, dtype=np.float32)
        distance = columns if actor.enter == "wipe" else np.abs(columns + 0.5 - width / 2) * 2
        uncovered = np.clip(np.float32(presence * (width + 1)) - distance, 0.0, 1.0)
        return np.asarray(still * uncovered[None, :], np.float32)


def _faded(box: Image.Image, opacity: float) -> Image.Image:
    """The same picture, thinner."""
    box.putalpha(box.getchannel("A").point([round(alpha * opacity) for alpha in range(256)]))
    return box
