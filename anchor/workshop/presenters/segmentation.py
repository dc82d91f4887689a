"""Cutting a person out of a picture: the selfie model's silhouette, laid to the picture's own edges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.inpaint import spread_out
from anchor.workshop.presenters.tflite import Net, crop

__all__ = ["Segmenter", "opened_colour"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

SIDE = 256
"""Pixels of the model's square."""
MARGIN = 0.12
"""Around the person in the second, closer look; part of the person's size."""
HELD_FRAMES = 15
"""The closer look keeps its place so long, if the person stays inside."""
GUIDE_LINES = 360
"""Edges are looked for at this height, and applied at full size."""
RADIUS = 5
"""Of the guided filter at that height, pixels: how far the silhouette may be moved to an edge."""
EPSILON = 2e-4
"""Variance of the guide, 0…1 squared, that counts as an edge."""
CLEAR, FULL = 0.08, 0.92
"""Values of the filter below which there is nothing, and above which all is the person."""
SURE = 0.97
MEMORY = 0.6
"""Part of the matte of the frame before that stays where nothing moved."""
STILL = 6.0
"""Change of a pixel's value, of 255, under which it did not move."""
_SURELY = np.clip((np.arange(256) / 255 - SURE + 0.05) * (255 / 0.05), 0, 255).astype(np.uint8)
TILE = 120
"""Full-size pixels: only tiles with an edge of the figure in them are worked on."""

Square = tuple[float, float, float]
"""Left, top and side, picture pixels."""


class Segmenter:
    """Mattes of one person; keeps the model loaded."""

    def __init__(self, models: FaceModels) -> None:
        """Load the model.

        Raises:
            EngineError: OpenCV cannot read it.
        """
        self._net = Net(models.segmentation, ("activation_10",))

    def matte(self, rgb: U8) -> F32:
        """How much of each pixel is the person, 0…1.

        Shapes:
            rgb: [h, w, 3]; gives [h, w]
        """
        look, _ = self._looked(rgb, None)
        return np.asarray(_Refined(rgb, look).matte() * np.float32(1 / 255), np.float32)

    def matted(self, frames: Iterable[U8]) -> Iterator[tuple[U8, U8]]:
        """Consecutive frames, each with its matte, 0…255, steady where nothing moves."""
        last: _Refined | None = None
        before: U8 | None = None
        square: Square | None = None
        for number, rgb in enumerate(frames):
            look, square = self._looked(rgb, square if number % HELD_FRAMES else None)
            now = _Refined(rgb, look)
            matte = now.matte()
            if last is not None and before is not None and last.size == now.size:
                now.remember(matte, last, before)
            last, before = now, matte
            yield rgb, matte

    def _looked(self, rgb: U8, near: Square | None) -> tuple[SilhouetteMask, Square | None]:
        """The model's answer about one body, and where to look the next time.

        Without a place to look at: one look at the whole, one closer at the person.
        """
        height, width = rgb.shape[:2]
        side = float(max(height, width))
        if near is not None:
            look = _one_body(self._look(rgb, near))
            if look.inside((width, height)):
                return look, near
        whole = _one_body(self._look(rgb, ((width - side) / 2, (height - side) / 2, side)))
        box = whole.box((width, height))
        if box is None:
            return whole, None
        x0, y0, x1, y1 = box
        close = (1 + 2 * MARGIN) * max(x1 - x0, y1 - y0)
        if close > 0.9 * side:
            return whole, None
        # The square hangs from the person's top and reaches the picture's lower edge, where the body is cut.
        near = ((x0 + x1 - close) / 2, min(y0 - MARGIN * close, height - close), close)
        return _one_body(self._look(rgb, near)), near

    def _look(self, rgb: U8, square: Square) -> SilhouetteMask:
        x, y, side = square
        step = side / SIDE
        part = crop(rgb, np.array([[step, 0, x], [0, step, y]], np.float64), SIDE)
        return SilhouetteMask(self._net(part / 255)[0].reshape(SIDE, SIDE).astype(np.float32), square)


@dataclass(frozen=True, eq=False)
class SilhouetteMask:
    """What the model saw in a square of the picture."""

    seen: F32
    """[256, 256], 0…1."""
    square: Square

    def over(self, size: tuple[int, int], shrink: float) -> F32:
        """The same over the whole picture, which is shown at `size`, `shrink` times smaller than it is.

        Shapes:
            gives [height, width]
        """
        x, y, side = self.square
        step = side / SIDE / shrink
        matrix = np.array([[1 / step, 0, -x / shrink / step], [0, 1 / step, -y / shrink / step]], np.float64)
        matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self.seen, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(seen, np.float32)

    def box(self, size: tuple[int, int]) -> tuple[float, float, float, float] | None:
        """Around the body, picture pixels, cut to the picture of `size`."""
        rows, columns = np.flatnonzero(self.seen.max(1) > 0.5), np.flatnonzero(self.seen.max(0) > 0.5)
        if not len(rows):
            return None
        x, y, side = self.square
        step = side / SIDE
        x0, x1 = (min(max(0.0, x + step * float(at)), size[0]) for at in (columns[0], columns[-1] + 1))
        y0, y1 = (min(max(0.0, y + step * float(at)), size[1]) for at in (rows[0], rows[-1] + 1))
        return x0, y0, x1, y1

    def inside(self, size: tuple[int, int]) -> bool:
        """Whether the square still has room around the body, except where the picture ends."""
        box, (x, y, side) = self.box(size), self.square
        if box is None:
            return False
        room = MARGIN / 3 * side
        left = box[0] >= min(x + room, 1.0) or x <= 0
        right = box[2] <= max(x + side - room, size[0] - 1.0) or x + side >= size[0]
        return left and right and (box[1] >= y + room or y <= 0)


def _one_body(look: SilhouetteMask) -> SilhouetteMask:
    """The largest body of a look, its holes closed."""
    seen = look.seen
    count, labels, facts, _ = cv2.connectedComponentsWithStats((seen > 0.5).astype(np.uint8))
    if count > 1:
        body = labels == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
        reach = cv2.dilate(body.astype(np.uint8), np.ones((5, 5), np.uint8))
        seen = np.where(reach > 0, seen, 0).astype(np.float32)
        seen = np.where(_holes(body), 1, seen).astype(np.float32)
    return SilhouetteMask(seen, look.square)


def _holes(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What a body surrounds; gaps at the border of the square are open, except below."""
    padded = np.pad(~body, 1, constant_values=True).astype(np.uint8)
    padded[-1] = 0
    count, labels = cv2.connectedComponents(padded)
    outside = np.zeros(count, bool)
    outside[np.unique(labels[0])] = True
    outside[np.unique(labels[:, 0])] = True
    outside[np.unique(labels[:, -1])] = True
    return np.asarray((~outside[labels] & (padded > 0))[1:-1, 1:-1], np.bool_)


class _Refined:
    """A silhouette laid to the picture's edges by a guided filter (He, Sun and Tang 2010; fast form 2015).

    Where the silhouette is sure, nothing is worked out: tiles without an edge are 0 or 255.
    """

    def __init__(self, rgb: U8, look: SilhouetteMask) -> None:
        height, width = rgb.shape[:2]
        lines = min(GUIDE_LINES, height)
        self.size = (width, height)
        self._rgb = rgb
        self._shrink = height / lines
        self._small = (max(2, round(width / self._shrink)), lines)
        guide = np.asarray(cv2.resize(rgb, self._small, interpolation=cv2.INTER_AREA), np.uint8)
        self._grey = cv2.GaussianBlur(cv2.cvtColor(guide, cv2.COLOR_RGB2GRAY), (0, 0), 3 / self._shrink)
        self._shape = look.over(self._small, self._shrink)
        radius = max(2, round(RADIUS * lines / GUIDE_LINES))
        unsure = cv2.inRange(self._shape, 0.004, 0.996)
        unsure = cv2.dilate(unsure, np.ones((4 * radius + 1, 1), np.uint8))
        self._unsure = cv2.dilate(unsure, np.ones((1, 4 * radius + 1), np.uint8))
        self.tiles = self._undecided()
        self._map, self._corner = self._filtered(guide, radius)

    def _undecided(self) -> frozenset[tuple[int, int]]:
        """Column and row of each tile in which the filter has a say."""
        across, down = (-(-side // TILE) for side in self.size)
        step = TILE / self._shrink
        found = set()
        for row in range(down):
            lines = self._unsure[int(row * step) : math.ceil((row + 1) * step)].max(axis=0)
            found |= {
                (column, row)
                for column in range(across)
                if lines[int(column * step) : math.ceil((column + 1) * step)].any()
            }
        return frozenset(found)

    def _filtered(self, guide: U8, radius: int) -> tuple[F32, tuple[int, int]]:
        """Slopes and offset within the box that is unsure, and the box's corner."""
        x, y, width, height = cv2.boundingRect(self._unsure)
        part = np.s_[y : y + height, x : x + width]
        if not width:
            return np.zeros((1, 1, 4), np.float32), (0, 0)
        picture = guide[part].astype(np.float32) * np.float32(1 / 255)
        return _guided(picture, self._shape[part], radius), (x, y)

    def matte(self) -> U8:
        """[h, w], 0…255."""
        sure = cv2.resize(cv2.inRange(self._shape, 0.5, 2.0), self.size, interpolation=cv2.INTER_NEAREST)
        matte = np.asarray(sure, np.uint8)
        full = np.float32(255 / (FULL - CLEAR))
        for tile in self.tiles:
            part, low = self._part(tile)
            x, y = self._corner
            map_ = self._enlarged(self._map, (low[0] - x, low[1] - y), part)
            here = cv2.cvtColor(self._rgb[part], cv2.COLOR_RGB2RGBA)
            alpha = cv2.transform(cv2.multiply(here, map_, scale=1 / 255, dtype=cv2.CV_32F), np.ones((1, 4)))
            matte[part] = np.clip((alpha - CLEAR) * full + 0.5, 0, 255)
        return matte

    def remember(self, matte: U8, last: _Refined, before: U8) -> None:
        """Mix what was there in the frame before into its matte, where the picture did not move."""
        moved = cv2.absdiff(self._grey, last._grey).astype(np.float32)
        kept = np.clip(2 - moved / np.float32(STILL), 0, 1) * np.float32(MEMORY)
        for tile in self.tiles | last.tiles:
            part, low = self._part(tile)
            share = self._enlarged(kept, low, part)
            now = matte[part]
            matte[part] = cv2.blendLinear(now, before[part], 1 - share, share)

    def _part(self, tile: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[float, float]]:
        """A tile's pixels, and where it begins in the small picture."""
        x, y = tile[0] * TILE, tile[1] * TILE
        part = np.s_[y : min(y + TILE, self.size[1]), x : min(x + TILE, self.size[0])]
        return part, (x / self._shrink, y / self._shrink)

    def _enlarged(self, small: F32, corner: tuple[float, float], part: tuple[slice, slice]) -> F32:
        """A tile of a small picture at full size."""
        step = 1 / self._shrink
        matrix = np.array([[step, 0, corner[0] + step / 2 - 0.5], [0, step, corner[1] + step / 2 - 0.5]], np.float64)
        size = (part[1].stop - part[1].start, part[0].stop - part[0].start)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(small, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _guided(guide: F32, shape: F32, radius: int) -> F32:
    """The local linear map from guide to shape: three slopes and an offset, [h, w, 4]."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(values: MatLike) -> F32:
        return np.asarray(cv2.boxFilter(values, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT), np.float32)

    r, g, b = cv2.split(guide)
    mean_p = mean(shape)
    r0, g0, b0 = mean(r), mean(g), mean(b)
    pr, pg, pb = (mean(c * shape) - m * mean_p for c, m in ((r, r0), (g, g0), (b, b0)))
    rr, gg, bb = (mean(c * c) - m * m + np.float32(EPSILON) for c, m in ((r, r0), (g, g0), (b, b0)))
    rg, rb, gb = mean(r * g) - r0 * g0, mean(r * b) - r0 * b0, mean(g * b) - g0 * b0
    # The inverse of the symmetric 3 x 3 matrix, by its cofactors.
    c_rr, c_gg, c_bb = gg * bb - gb * gb, rr * bb - rb * rb, rr * gg - rg * rg
    c_rg, c_rb, c_gb = rb * gb - rg * bb, rg * gb - rb * gg, rg * rb - rr * gb
    over = 1 / (rr * c_rr + rg * c_rg + rb * c_rb)
    slope_r = (c_rr * pr + c_rg * pg + c_rb * pb) * over
    slope_g = (c_rg * pr + c_gg * pg + c_gb * pb) * over
    slope_b = (c_rb * pr + c_gb * pg + c_bb * pb) * over
    offset = mean_p - slope_r * r0 - slope_g * g0 - slope_b * b0
    return mean(cv2.merge([slope_r, slope_g, slope_b, offset]))


def opened_colour(rgb: U8, matte: U8 | F32) -> U8:
    """The person's own colour at the edges: what the background mixed in is replaced from inside the figure.

    Shapes:
        rgb: [h, w, 3]; matte: [h, w], 0…255 or, of float32, 0…1; gives [h, w, 3]
    """
    alpha = matte if matte.dtype == np.uint8 else cv2.convertScaleAbs(matte, alpha=255)
    return spread_out(rgb, np.asarray(cv2.LUT(alpha, _SURELY), np.uint8))
