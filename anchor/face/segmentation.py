"""Cutting a person out of a picture: the selfie model's silhouette, laid to the picture's own edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from anchor.face.filling import spread_out
from anchor.face.green import green_matte
from anchor.face.models import FaceModels
from anchor.face.nets import Net, crop

__all__ = ["Segmenter", "green_matte", "opened_colour"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

SIDE = 256
"""Pixels of the model's square."""
MARGIN = 0.12
"""Around the person in the second, closer look; part of the person's size."""
GUIDE_LINES = 540
"""Edges are looked for at this height, and applied at full size."""
RADIUS = 8
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
        return _refined(rgb, self._silhouette(rgb))

    def mattes(self, frames: Iterable[U8]) -> Iterator[F32]:
        """The mattes of consecutive frames, steady where nothing moves."""
        last: F32 | None = None
        before: F32 | None = None
        for rgb in frames:
            small = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 3).astype(np.float32)
            now = self.matte(rgb)
            if last is not None and before is not None and last.shape == now.shape:
                kept = MEMORY * np.clip(2 - np.abs(small - before) / STILL, 0, 1)
                now = np.asarray(now + kept * (last - now), np.float32)
            last, before = now, small
            yield now

    def _silhouette(self, rgb: U8) -> F32:
        """The model's answer at full size: one look at the whole, one closer at the person."""
        height, width = rgb.shape[:2]
        side = float(max(height, width))
        whole = self._look(rgb, (width - side) / 2, (height - side) / 2, side)
        rough = _one_body(whole, (height, width))
        rows, columns = np.flatnonzero(rough.max(1) > 0.5), np.flatnonzero(rough.max(0) > 0.5)
        if not len(rows):
            return rough
        x0, x1, y0, y1 = float(columns[0]), float(columns[-1] + 1), float(rows[0]), float(rows[-1] + 1)
        near = (1 + 2 * MARGIN) * max(x1 - x0, y1 - y0)
        if near > 0.9 * side:
            return rough
        # The square hangs from the person's top and reaches the picture's lower edge, where the body is cut.
        x, y = (x0 + x1 - near) / 2, min(y0 - MARGIN * near, height - near)
        return _one_body(self._look(rgb, x, y, near), (height, width))

    def _look(self, rgb: U8, x: float, y: float, side: float) -> tuple[F32, float, float, float]:
        step = side / SIDE
        square = crop(rgb, np.array([[step, 0, x], [0, step, y]], np.float64), SIDE)
        return self._net(square / 255)[0].reshape(SIDE, SIDE).astype(np.float32), x, y, step


def _one_body(look: tuple[F32, float, float, float], size: tuple[int, int]) -> F32:
    """The largest body of a look, its holes closed, at the picture's size."""
    seen, x, y, step = look
    count, labels, facts, _ = cv2.connectedComponentsWithStats((seen > 0.5).astype(np.uint8))
    if count > 1:
        body = labels == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
        reach = cv2.dilate(body.astype(np.uint8), np.ones((5, 5), np.uint8))
        seen = np.where(reach > 0, seen, 0).astype(np.float32)
        seen = np.where(_holes(body), 1, seen).astype(np.float32)
    matrix = np.array([[1 / step, 0, -x / step], [0, 1 / step, -y / step]], np.float64)
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    height, width = size
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(seen, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT).astype(
        np.float32, copy=False
    )


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


def _refined(rgb: U8, silhouette: F32) -> F32:
    """The silhouette laid to the picture's edges by a guided filter (He, Sun and Tang 2010; fast form 2015)."""
    height, width = silhouette.shape
    lines = min(GUIDE_LINES, height)
    small = (max(2, round(width * lines / height)), lines)
    guide = np.asarray(cv2.resize(rgb, small, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)
    shape = np.asarray(cv2.resize(silhouette, small, interpolation=cv2.INTER_AREA), np.float32)
    slope, offset = _guided(guide, shape, max(2, round(RADIUS * lines / GUIDE_LINES)))
    slopes = cv2.resize(slope, (width, height), interpolation=cv2.INTER_LINEAR)
    offsets = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    alpha = offsets
    for plane, steep in zip(cv2.split(rgb), cv2.split(slopes), strict=True):
        alpha = cv2.add(alpha, cv2.multiply(plane, steep, scale=1 / 255, dtype=cv2.CV_32F))
    return np.asarray(np.clip((alpha - CLEAR) / (FULL - CLEAR), 0, 1), np.float32)


def _guided(guide: F32, shape: F32, radius: int) -> tuple[F32, F32]:
    """The local linear map from guide to shape: slopes [h, w, 3] and offset [h, w]."""
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
    return np.asarray(cv2.merge([mean(slope_r), mean(slope_g), mean(slope_b)]), np.float32), mean(offset)


def opened_colour(rgb: U8, matte: F32) -> U8:
    """The person's own colour at the edges: what the background mixed in is replaced from inside the figure.

    Shapes:
        rgb: [h, w, 3]; matte: [h, w] 0…1; gives [h, w, 3]
    """
    sure = np.clip((matte - SURE + 0.05) / 0.05, 0, 1).astype(np.float32)
    return spread_out(rgb, sure)
