"""Eyes that look about and blink: small maps from a moment's eyes back to the portrait's open ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from anchor.face.mesh import F32, F64
from anchor.workshop.presenters.photo.depth import eased
from anchor.workshop.presenters.photo.face_axes import FaceAxes, face_axes
from anchor.workshop.presenters.photo.motion import Moment
from anchor.workshop.presenters.photo.portrait import Portrait
from anchor.workshop.presenters.photo.thin_plate_spline import Box

_EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
"""Upper and lower lid of each eye, picture left to right."""
_BROWS = ((70, 63, 105, 66, 107), (336, 296, 334, 293, 300))
_BALL = 0.135
"""Radius of the eyeball, eye distances."""
_LASHES = 0.034
"""Height of the lashes' strip over the lid's edge, eye distances: it moves unstretched."""
_MEETS = 0.82
"""The upper lid comes this far down, the lower lid up the rest."""
_OVER = 0.016
"""How far closed lids overlap, eye distances: nothing of the eye shows between them."""
_STEP = 0.002
"""The maps of lid and eye change over within this, eye distances: half-way between them lies the white of the eye."""
_MARGIN = 24
"""Pixels that the head may move an eye."""
_BROW_RISE = 0.008
"""How far a raised brow moves, eye distances."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye of a portrait, its measures in eye distances about its own middle."""

    axes: FaceAxes
    box: Box
    """Plate pixels that its map covers."""
    density: int
    """Samples a pixel of the plate."""
    x: F32
    y: F32
    """[h, w] the box's samples in the eye's measure."""
    upper: F32
    lower: F32
    """[1, w'] lids over `columns`."""
    columns: F32
    iris: F32
    """[h, w] 0–1: how much turns with the eyeball."""
    brow: float
    """y of the brow."""

    def lid(self, line: F32, x: F32) -> F32:
        """A lid's y at columns of the eye."""
        return np.asarray(np.interp(x.ravel(), self.columns, line).reshape(x.shape), np.float32)


def portrait_eyes(portrait: Portrait, density: int = 1) -> tuple[Eye, ...]:
    """Both eyes, at so many samples a pixel."""
    return tuple(_eye(portrait, lids, brow, density) for lids, brow in zip(_EYES, _BROWS, strict=True))


def _eye(portrait: Portrait, lids: tuple[tuple[int, ...], tuple[int, ...]], brow: tuple[int, ...], density: int) -> Eye:
    upper, lower = portrait.xy(lids[0]), portrait.xy(lids[1])
    whole = portrait.axes
    middle = (upper[0] + upper[-1]) / 2
    level = face_axes(np.vstack([upper[0], upper[0], upper[-1], upper[-1]]), middle)
    axes = FaceAxes(level.x, level.y, whole.unit_px, level.roll)
    reach = 0.30 * whole.unit_px
    width, height = portrait.size
    box = (
        max(0, int(middle[0] - reach)),
        max(0, int(middle[1] - 1.15 * reach)),
        min(width, int(middle[0] + reach) + 1),
        min(height, int(middle[1] + 0.8 * reach) + 1),
    )
    columns, rows = (
        (np.arange(low * density, high * density) + 0.5) / density for low, high in ((box[0], box[2]), (box[1], box[3]))
    )
    x, y = np.meshgrid(columns, rows)
    at = axes.to_face(np.column_stack([x.ravel(), y.ravel()]))
    u, v = (np.asarray(at[:, k].reshape(x.shape), np.float32) for k in (0, 1))
    over, under = axes.to_face(upper), axes.to_face(lower)
    steps = np.linspace(over[0, 0], over[-1, 0], 65)
    lines = [_smoothed(np.interp(steps, p[:, 0], p[:, 1])) for p in (over, under)]
    top, low = (np.interp(u.ravel(), steps, line).reshape(u.shape) for line in lines)
    middle_x = float(over[:, 0].mean())
    half = (over[-1, 0] - over[0, 0]) / 2
    side = eased((1 - np.abs(u - middle_x) / half) / 0.35)
    open_ = eased((v - top) / 0.012 + 0.5) * eased((low - v) / 0.012 + 0.5)
    return Eye(
        axes,
        box,
        density,
        u,
        v,
        np.asarray(lines[0], np.float32),
        np.asarray(lines[1], np.float32),
        np.asarray(steps, np.float32),
        np.asarray(cv2.GaussianBlur(side * open_, (0, 0), 0.7 * density), np.float32),
        float(axes.to_face(portrait.xy(brow))[:, 1].mean()),
    )


def _smoothed(line: F64) -> F64:
    return np.asarray(np.polyval(np.polyfit(np.linspace(-1, 1, len(line)), line, 6), np.linspace(-1, 1, len(line))))


def eye_map(eye: Eye, now: Moment) -> F32:
    """For every pixel of the eye's box, how far off the open eye holds what shows there.

    Shapes:
        → [h, w, 2] plate pixels
    """
    upper, lower = eye.lid(eye.upper, eye.x), eye.lid(eye.lower, eye.x)
    rise = now.brows * _BROW_RISE * _bump(eye, eye.brow, 0.07)
    down = np.asarray(rise, np.float32)
    right = np.zeros_like(down)
    gaze = np.radians(now.gaze_deg) * _BALL
    right -= np.float32(gaze[0]) * eye.iris
    down -= np.float32(gaze[1]) * eye.iris
    if now.lids > 0:
        ends = eased((0.5 - np.abs(eye.x / (eye.columns[-1] - eye.columns[0]))) / 0.06 + 0.12)
        closing = np.maximum(lower - upper, 0) * np.float32(now.lids) * np.asarray(ends, np.float32)
        edge = upper + _MEETS * closing + _OVER * np.float32(now.lids**3) * np.asarray(ends, np.float32)
        floor = lower - (1 - _MEETS) * closing
        shut = _lid_shift(eye, upper, edge, ends)
        raised = np.where(eye.y >= floor, (lower - floor) * np.exp(-np.maximum(0, eye.y - floor) / 0.035), 0)
        lid = np.asarray(eased((edge - eye.y) / _STEP + 0.5), np.float32)
        below = np.asarray(eased((eye.y - floor) / _STEP + 0.5), np.float32)
        right *= (1 - lid) * (1 - below)
        # The upper lid closes over the lower one.
        down = np.asarray(down * (1 - below) + raised * below, np.float32)
        down = np.asarray(down * (1 - lid) + shut * lid, np.float32)
    c, s = np.cos(eye.axes.roll), np.sin(eye.axes.roll)
    unit = eye.axes.unit_px
    return np.asarray(np.dstack([c * right - s * down, s * right + c * down]) * unit, np.float32)


def _lid_shift(eye: Eye, upper: F32, edge: F32, ends: F64) -> F32:
    """How far up the open lid's skin comes from: the lashes whole, the skin above them stretched, the brow still."""
    drop = edge - upper
    above = np.maximum(edge - eye.y, 0)
    reach = np.maximum(0.72 * (upper - eye.brow), 1.8 * _LASHES)
    # Distance over the edge → distance over the open lid's edge: 1:1 at the lashes, caught up at `reach`.
    share = np.clip((above - _LASHES) / np.maximum(reach + drop - _LASHES, 1e-3), 0, 1)
    source = np.where(above < _LASHES, above, _LASHES + (reach - _LASHES) * share)
    stays = above >= reach + drop
    return np.asarray(np.where(stays, 0, (upper - source) - (edge - above)), np.float32)


def _bump(eye: Eye, middle: float, width: float) -> F32:
    tall = np.exp(-(((eye.y - middle) / width) ** 2))
    half = (eye.columns[-1] - eye.columns[0]) / 2
    return np.asarray(tall * eased(1.6 - np.abs(eye.x) / half), np.float32)


def with_eyes(back: F32, eyes: tuple[Eye, ...], now: Moment) -> F32:
    """The head's map with the eyes' own motion under it, changed in place.

    Shapes:
        back: [h, w, 2] offsets, see `Turning.map_back`
    """
    height, width = back.shape[:2]
    for eye in eyes:
        x0, y0, x1, y1 = around(eye, (width, height))
        _add_eye(back[y0:y1, x0:x1], (x0, y0), eye, now)
    return back


def finer_around(back: F32, eye: Eye, now: Moment) -> tuple[Box, F32]:
    """Where an eye shows in a frame, and its map at the eye's own density; `back`: the head's map alone.

    Shapes:
        → box; [h · density, w · density, 2] plate pixels
    """
    x0, y0, x1, y1 = box = around(eye, (back.shape[1], back.shape[0]))
    size = ((x1 - x0) * eye.density, (y1 - y0) * eye.density)
    part = np.asarray(cv2.resize(back[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR), np.float32)
    _add_eye(part, (x0, y0), eye, now)
    return box, part


def around(eye: Eye, size: tuple[int, int]) -> Box:
    """The box of an eye and as much more as the head may move it, inside a plate of `size`."""
    x0, y0, x1, y1 = eye.box
    return max(0, x0 - _MARGIN), max(0, y0 - _MARGIN), min(size[0], x1 + _MARGIN), min(size[1], y1 + _MARGIN)


def _add_eye(part: F32, corner: tuple[int, int], eye: Eye, now: Moment) -> None:
    """Add an eye's map to the part of a map whose first pixel is `corner`, at the eye's density."""
    many = eye.density
    field = eye_map(eye, now)
    height, width = part.shape[:2]
    at = [(start - own) * many for start, own in zip(corner, eye.box[:2], strict=True)]
    x = np.arange(width, dtype=np.float32)[None] + many * part[..., 0] + np.float32(at[0])
    y = np.arange(height, dtype=np.float32)[:, None] + many * part[..., 1] + np.float32(at[1])
    faded = field * _rim(field.shape[0], field.shape[1], 10 * many)[..., None]
    step = cv2.INTER_NEAREST if now.lids > 0 and many > 1 else cv2.INTER_LINEAR
    part += cv2.remap(faded, x, y, step, borderMode=cv2.BORDER_CONSTANT)


def _rim(height: int, width: int, wide: int) -> F32:
    """1 inside a box, 0 at its edge."""
    across = np.minimum(np.arange(width), np.arange(width)[::-1]) / wide
    down = np.minimum(np.arange(height), np.arange(height)[::-1]) / wide
    return np.asarray(np.minimum(1, np.minimum.outer(down, across)), np.float32)
