"""Text set, fitted and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from anchor.graphics.fonts import find_font
from anchor.graphics.linebreak import break_costs, break_lines
from anchor.graphics.style import TextStyle
from anchor.mandarin.nonbreaking import whole_starts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageFont import FreeTypeFont

HAN_MIDDLE = 0.38
"""Middle of Han characters above the baseline, in em (Noto Sans CJK: ink from −.09 to .86)."""
CAP_MIDDLE = 0.3665
"""Middle of capitals above the baseline, in em (Noto Sans CJK: .733 high)."""
OVERSAMPLE = 2
"""Glyphs are drawn this much larger and averaged: even spacing at any size, no hinting."""
_STEP = 0.97
_ONE_LINE = 0.84
"""Text shrinks this far before it takes a second line."""
_SEAM = 0.13
_OPENING = "「『（《〈【〔｛［“‘"
_CLOSING = "」』）》〉】〕｝］”’、。，；："


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines as they will be drawn."""

    lines: tuple[str, ...]
    em: float
    """Pixels."""
    width: float
    """Of the widest line, pixels."""


@lru_cache(maxsize=64)
def _face(family: str, weight: str, em: float) -> FreeTypeFont:
    from PIL import ImageFont

    font = find_font(family, weight)
    # The basic layout engine is in every Pillow and sets the same everywhere.
    return ImageFont.truetype(str(font.path), em, index=font.index, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Letterer:
    """Sets text in one style at one scale."""

    family: str
    style: TextStyle
    scale: float
    """Picture pixels per design pixel."""

    def fit(self, text: str, width: float, lines: int) -> Setting:
        """`text` in at most `lines` lines of `width` pixels: shrunk to the style's floor, then cut with ….

        A word is broken only where even the smallest type leaves no other place.
        """
        em, floor = self.style.size * self.scale, self.style.floor * self.scale
        one = self._shrink(text, width, (em, em * _ONE_LINE if lines > 1 else floor), 1, [0.0] * (len(text) + 1))
        if one is not None:
            return one
        words = whole_starts(text) if lines > 1 else ()
        for whole in (True, False) if lines > 1 else ():
            several = self._shrink(text, width, (em, floor), lines, break_costs(text, words, whole=whole))
            if several is not None:
                return several
        return self._cut(text, width, lines, floor, words)

    def _shrink(
        self, text: str, width: float, sizes: tuple[float, float], lines: int, costs: Sequence[float]
    ) -> Setting | None:
        """`text` as large as it fits, from the first size down to the second; `costs`: of breaks before characters."""
        size, floor = sizes
        while size >= floor:
            at = round(size, 2)
            parts = break_lines(text, costs, width, lines, lambda part, at=at: self.measure(part, at))  # type: ignore[misc]
            if parts is not None:
                return Setting(parts, at, max(self.measure(part, at) for part in parts))
            size = floor if size > floor > size * _STEP else size * _STEP
        return None

    def _cut(self, text: str, width: float, lines: int, em: float, words: Sequence[int]) -> Setting:
        """As much as fits, ending in …."""
        for end in range(len(text) - 1, 0, -1):
            short = text[:end].rstrip(" 　，、。；：") + "…"
            if self.measure(short, em) > width * lines:
                continue
            parts = break_lines(short, break_costs(short, words), width, lines, lambda part: self.measure(part, em))
            if parts is not None:
                return Setting(parts, em, max(self.measure(part, em) for part in parts))
        return Setting(("…",), em, self.measure("…", em))

    def measure(self, text: str, em: float) -> float:
        """Width of a line in pixels; the empty half of a bracket or full stop at either end does not count."""
        if not text:
            return 0.0
        advance = sum(self._advance(char, em) for char in text) - self.style.tracking * em
        advance += sum(_seam(a, b) for a, b in pairwise(text)) * em
        return advance - em / 2 * ((text[0] in _OPENING) + (text[-1] in _CLOSING))

    def _advance(self, char: str, em: float) -> float:
        return _advance(self.family, self.style.weight, char) * self._size(char, em) + self.style.tracking * em

    def _size(self, char: str, em: float) -> float:
        return em * self.style.latin if self.style.latin != 1.0 and char.isascii() else em

    def _drop(self, char: str, em: float) -> float:
        """How far enlarged Latin stands below the baseline, so that its capitals are centred on the Han characters."""
        size = self._size(char, em)
        return CAP_MIDDLE * size - HAN_MIDDLE * em if size != em else 0.0

    def draw(
        self, line: str, em: float, stroke: float, margin: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, float]:
        """One line's coverage.

        Returns:
            Coverage of the letters, of the letters with an outline of `stroke` pixels around them (None without one),
            and the baseline's distance from the top. Both pictures have `margin` pixels of room on each side.

        Shapes:
            coverage: [h, w] uint8
        """
        import numpy as np
        from PIL import Image, ImageDraw

        up = OVERSAMPLE
        width = round(self.measure(line, em)) + 2 * margin + 2
        baseline = round(em * 0.92 * max(1.0, self.style.latin)) + margin
        height = baseline + round(em * 0.32) + margin
        ink = Image.new("L", (width * up, height * up), 0)
        edge = Image.new("L", ink.size, 0) if stroke else None
        x = float(margin) - (em / 2 if line[:1] and line[0] in _OPENING else 0.0)
        for char, following in zip(line, [*line[1:], ""], strict=True):
            face = _face(self.family, self.style.weight, round(self._size(char, em) * up, 2))
            at = (x * up, (baseline + self._drop(char, em)) * up)
            ImageDraw.Draw(ink).text(at, char, fill=255, font=face, anchor="ls")
            if edge is not None:
                ImageDraw.Draw(edge).text(at, char, fill=255, font=face, anchor="ls", stroke_width=stroke * up)
            x += self._advance(char, em) + _seam(char, following) * em
        small = np.asarray(ink.reduce(up))
        return small, None if edge is None else np.asarray(edge.reduce(up)), float(baseline)


def _seam(before: str, after: str) -> float:
    """Air between a Han character and a Latin letter or digit that touch, in em (W3C CLREQ, mixed text: at most ¼)."""
    return _SEAM if before and after and before.isascii() != after.isascii() and (before + after).isalnum() else 0.0


@lru_cache(maxsize=8192)
def _advance(family: str, weight: str, char: str) -> float:
    """Advance width in em."""
    return float(_face(family, weight, 1000.0).getlength(char)) / 1000.0
