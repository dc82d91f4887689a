"""Brows raised on emphasis: a patch over the forehead, made from the presenter's still, laid like a blink."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Avatar, Patch
from anchor.core.time import Timebase
from anchor.face.browline import BrowLine, found_brows
from anchor.face.track import load_track
from anchor.media.planes import rounded, ycbcr_from_rgb

STEPS = 8
"""Heights between rest and fully raised."""
_FADE_STEPS = 3
_RAISED = 0.019
"""Of the distance of the outer eye corners: about 1.5 mm, a raise that is felt more than seen."""
_RISE_S, _HOLD_S, _FALL_S = 0.16, 0.12, 0.36
"""Brows go up on the accented syllable and come down more slowly."""
_LEAD_S = 0.06
"""They start before the syllable (Cavé et al. 1996: raises accompany the rise of the pitch)."""
_FOREHEAD = ((0.03, 0.8), (0.25, 0.0))
"""The skin over the brows goes along: height over their upper edge, as a share of the same distance → share of the
raise. From the lashes, which stay, to the lower edge it grows evenly."""
_SIDE = 0.1
"""How far the patch reaches beyond the outer corners, a share of the same distance."""


def brow_step(frame: int, accents: Sequence[int], timebase: Timebase) -> int:
    """How high the brows are on a frame, 0–STEPS; `accents`: frames at which accented syllables begin."""
    height = 0.0
    for accent in accents:
        at = (frame - accent) / float(timebase.rate) + _LEAD_S
        up = _eased(at / _RISE_S)
        down = _eased((at - _RISE_S - _HOLD_S) / _FALL_S)
        height = max(height, up - down)
    return round(height * STEPS)


def brow_patch(avatar: Avatar, step: int) -> Patch | None:
    """The forehead with raised brows, to be laid with `PlateFrame.face`; arrays are shared and read-only.

    Taken from frame 0, so only of figures whose face is the same on every frame of the plate: a filmed person's brows
    move by themselves. None for those, at step 0, and where the pack has no still or its still no brows.
    """
    if step <= 0 or avatar.kind != "synthetic" or not (avatar.path / "still.png").is_file():
        return None
    return _patch(avatar.path, avatar.digest, step)


@lru_cache(maxsize=4 * STEPS)
def _patch(path: Path, digest: str, step: int) -> Patch | None:
    """`digest` is in the key so that a changed pack is read again."""
    picture = cv2.imread(str(path / "still.png"), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    rgb = np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)
    pixels = ycbcr_from_rgb(rgb)
    corners = np.array(load_track(path / "track.json").data[0].points.eye_corners)
    brows = found_brows(rounded(np.ascontiguousarray(pixels[..., 0])), corners)
    if brows is None:
        return None
    apart = float(corners[3, 0] - corners[0, 0])
    line = float(corners[:, 1].mean())
    profile = _profile(brows)
    x0, x1 = (int(v) for v in (corners[0, 0] - _SIDE * apart, corners[3, 0] + _SIDE * apart))
    y0, y1 = max(0, int(line - profile[-1][0] * apart)), int(line - profile[0][0] * apart)
    shares = _shares((y0, y1), (x0, x1), line, apart, profile)
    grid = np.indices(shares.shape).astype(np.float32)
    shift = shares * np.float32(_RAISED * apart * step / STEPS)
    warped = cv2.remap(pixels, grid[1] + x0, grid[0] + y0 + shift, cv2.INTER_CUBIC)
    raised, mask = rounded(np.asarray(warped, np.float32)), _mask(shares, step)
    raised.setflags(write=False)
    mask.setflags(write=False)
    return Patch(x0, y0, raised, mask)


def _profile(brows: BrowLine) -> tuple[tuple[float, float], ...]:
    """Height over the eyes' line → share of the raise, upwards."""
    forehead = tuple((brows.high + height, share) for height, share in _FOREHEAD)
    return ((brows.lid, 0.0), (brows.low, 1.0), (brows.high, 1.0), *forehead)


def _shares(
    ys: tuple[int, int], xs: tuple[int, int], line: float, apart: float, profile: Sequence[tuple[float, float]]
) -> NDArray[np.float32]:
    """How much of the raise each pixel takes, 0 at the patch's rim.

    Shapes:
        → [rows, columns]
    """
    heights, values = zip(*profile, strict=True)
    up = np.interp((line - np.arange(*ys) - 0.5) / apart, heights, values)
    across = np.linspace(-1, 1, xs[1] - xs[0])
    side = np.clip((1 - np.abs(across)) / 0.16, 0, 1)
    smooth = cv2.GaussianBlur(np.outer(up, side).astype(np.float32), (0, 0), apart / 60)
    return np.asarray(smooth, np.float32)


def _mask(shares: NDArray[np.float32], step: int) -> NDArray[np.uint8]:
    """Opaque wherever something moves, soft at the rim; the first steps fade in, so that nothing jumps."""
    return np.asarray(np.clip(shares / 0.12, 0, 1) * (255 * min(1.0, step / _FADE_STEPS)), np.uint8)


def _eased(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)
