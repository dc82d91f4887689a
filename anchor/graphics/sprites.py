"""Elements drawn: small pictures with straight alpha and a place in the layer's box."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.graphics.lettering import HAN_MIDDLE, Letterer, Setting
from anchor.graphics.style import Logo, PictureBox, Rect, Shadow, Text
from anchor.media.stills import load_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_UP = 4
"""Shapes are drawn this much larger and averaged."""

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture and its top left corner in the box, pixels.

    Shapes:
        pixels: [h, w, 4] uint8, sRGB with straight alpha
    """

    pixels: NDArray[np.uint8]
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Brush:
    """Palette and scale with which elements are drawn."""

    palette: dict[str, str]
    scale: float

    def rgb(self, name: str) -> RGB:
        """A colour of the palette."""
        code = self.palette[name]
        return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)

    def px(self, design: float) -> int:
        """Design pixels in picture pixels."""
        return round(design * self.scale)

    def hair(self, design: float) -> int:
        """The same, never thinner than a pixel."""
        return max(1, self.px(design))


def draw_rect(brush: Brush, rect: Rect, x: float, width: float) -> Sprite:
    """A box of `width` at `x`, both in picture pixels."""
    import numpy as np

    left, top = round(x), brush.px(rect.at[1])
    w, h = max(1, round(width)), brush.hair(rect.size[1])
    cover = _shape(w, h, rect.radius * brush.scale, rect.slant * brush.scale)
    ramp = np.linspace(0.0, 1.0, w if rect.along == "x" else h, dtype=np.float32)
    where = rect.stops or tuple(np.linspace(0.0, 1.0, len(rect.fill)))
    channels = [
        *zip(*(brush.rgb(name) for name, _ in rect.fill), strict=True),
        tuple(alpha * 255 for _, alpha in rect.fill),
    ]
    lines = np.stack([np.interp(ramp, where, values) for values in channels], axis=-1).astype(np.float32)
    field = np.broadcast_to(lines[None, :, :] if rect.along == "x" else lines[:, None, :], (h, w, 4)).copy()
    if len(rect.fill) > 1:
        field += _dither(h, w)[:, :, None]
    field[..., 3] *= cover
    pixels = np.clip(np.rint(field), 0, 255).astype(np.uint8)
    return _shaded(brush, Sprite(pixels, left, top), rect.shadow)


def _shape(w: int, h: int, radius: float, slant: float) -> Plane:
    """Coverage 0–1 of a box with round corners or a leaning right edge."""
    import numpy as np
    from PIL import Image, ImageDraw

    if not radius and not slant:
        return np.ones((h, w), np.float32)
    image = Image.new("L", (w * _UP, h * _UP), 0)
    pen = ImageDraw.Draw(image)
    if slant:
        lean = slant * _UP
        right = w * _UP - 1
        pen.polygon([(0, 0), (right, 0), (right - lean, h * _UP - 1), (0, h * _UP - 1)], fill=255)
    else:
        pen.rounded_rectangle((0, 0, w * _UP - 1, h * _UP - 1), radius * _UP, fill=255)
    return np.asarray(image.reduce(_UP), np.float32) / 255.0


def _dither(h: int, w: int) -> Plane:
    """Ordered noise of ±½ code value, so that long gradients do not band."""
    import numpy as np

    tile = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 15 / 32
    return np.tile(tile, (h // 4 + 1, w // 4 + 1))[:h, :w].astype(np.float32)


def draw_text(brush: Brush, letterer: Letterer, text: Text, setting: Setting, x: float) -> Sprite:
    """Set lines in their colour, with outline and shadow; `x` is the alignment edge in picture pixels."""
    import numpy as np

    stroke = text.outline[1] * brush.scale if text.outline else 0.0
    margin = brush.px(4) + round(stroke)
    drawn = [letterer.draw(line, setting.em, stroke, margin) for line in setting.lines]
    leading = round(text.leading * setting.em)
    first, _, baseline = drawn[0]
    w = max(cover.shape[1] for cover, _, _ in drawn)
    h = first.shape[0] + leading * (len(drawn) - 1)
    ink, edge = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    share = {"left": 0.0, "centre": 0.5, "right": 1.0}[text.align]
    for n, (cover, outer, _) in enumerate(drawn):
        at = round((w - cover.shape[1]) * share)
        area = (slice(n * leading, n * leading + cover.shape[0]), slice(at, at + cover.shape[1]))
        ink[area] = np.maximum(ink[area], cover)
        edge[area] = np.maximum(edge[area], cover if outer is None else outer)
    lift = {"down": 0.0, "both": 0.5, "up": 1.0}[text.grow] * leading * (len(drawn) - 1)
    top = round(text.at[1] * brush.scale - lift + HAN_MIDDLE * setting.em - baseline)
    left = round(x - share * (w - 2 * margin - 2) - margin)
    alpha, front = edge / 255.0, ink / 255.0
    fill = np.array(brush.rgb(text.colour), np.float32)
    under = np.array(brush.rgb(text.outline[0]), np.float32) if text.outline else fill
    mix = np.divide(front, alpha, out=np.ones_like(front), where=alpha > 0)[:, :, None]
    colour = fill * mix + under * (1 - mix)
    pixels = np.rint(np.dstack([colour, alpha * 255])).astype(np.uint8)
    return _shaded(brush, Sprite(pixels, left, top), text.shadow)


def draw_picture(brush: Brush, box: PictureBox, path: Path) -> Sprite:
    """A picture that fills its box."""
    import numpy as np
    from PIL import Image, ImageOps

    w, h = brush.px(box.size[0]), brush.px(box.size[1])
    fitted = ImageOps.fit(Image.fromarray(load_picture(path)), (w, h), Image.Resampling.LANCZOS)
    alpha = np.rint(_shape(w, h, box.radius * brush.scale, 0.0) * 255).astype(np.uint8)
    return Sprite(np.dstack([np.asarray(fitted), alpha]), brush.px(box.at[0]), brush.px(box.at[1]))


def draw_logo(brush: Brush, logo: Logo) -> Sprite:
    """Ring, stem, crossbar and arc, on a grid of 24 units' height by 20."""
    import numpy as np
    from PIL import Image, ImageDraw

    h = brush.px(logo.height)
    unit = h * _UP / 24
    size = (round(20 * unit), h * _UP)
    stem, arc = Image.new("L", size, 0), Image.new("L", size, 0)

    def span(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return x0 * unit, y0 * unit, x1 * unit - 1, y1 * unit - 1

    pen = ImageDraw.Draw(stem)
    thick = round(2.6 * unit)
    pen.ellipse(span(6.2, 0.2, 13.8, 7.8), fill=255)
    pen.ellipse(span(8.5, 2.5, 11.5, 5.5), fill=0)
    pen.rectangle(span(8.7, 7.2, 11.3, 23.8), fill=255)
    pen.rounded_rectangle(span(5.0, 9.6, 15.0, 12.0), 0.6 * unit, fill=255)
    sweep = ImageDraw.Draw(arc)
    sweep.arc(span(0.6, 4.9, 19.4, 23.7), 8, 172, fill=255, width=thick)
    covers = [np.asarray(image.reduce(_UP), np.float32) / 255 for image in (stem, arc)]
    alpha = np.maximum(covers[0], covers[1])
    share = np.divide(covers[0], np.maximum(covers[0] + covers[1], 1e-6))[:, :, None]
    colour = np.array(brush.rgb(logo.colour)) * share + np.array(brush.rgb(logo.accent)) * (1 - share)
    pixels = np.rint(np.dstack([colour, alpha * 255])).astype(np.uint8)
    return _shaded(brush, Sprite(pixels, brush.px(logo.at[0]), brush.px(logo.at[1])), logo.shadow)


def _shaded(brush: Brush, sprite: Sprite, shadow: Shadow | None) -> Sprite:
    """The sprite over its own soft shadow."""
    import numpy as np
    from PIL import Image, ImageFilter

    if shadow is None:
        return sprite
    blur, drop = shadow.blur * brush.scale, brush.px(shadow.y)
    room = int(3 * blur) + 1
    h, w = sprite.pixels.shape[:2]
    cover = np.zeros((h + 2 * room + abs(drop), w + 2 * room), np.uint8)
    below = max(drop, 0)
    cover[room + below : room + below + h, room : room + w] = sprite.pixels[..., 3]
    soft = np.asarray(Image.fromarray(cover).filter(ImageFilter.GaussianBlur(blur)), np.float32) * shadow.alpha
    ground = np.empty((*soft.shape, 4), np.uint8)
    ground[..., :3], ground[..., 3] = brush.rgb(shadow.colour), np.rint(soft)
    canvas = Image.fromarray(ground)
    canvas.alpha_composite(Image.fromarray(sprite.pixels), (room, room + max(-drop, 0)))
    return Sprite(np.asarray(canvas), sprite.x - room, sprite.y - room - max(-drop, 0))
