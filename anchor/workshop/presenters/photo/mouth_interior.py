"""What is seen between open lips: teeth, tongue and dark, painted in the light of the photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F32
from anchor.workshop.presenters.photo.lips import LipShape

_UPPER_EDGE = 0.026
"""Edge of the upper incisors below the closed lips."""
_TEETH = np.array([0.0, 0.088, 0.155, 0.222, 0.278, 0.325, 0.365])
"""Where the teeth of one side part, from the middle outwards, as seen from the front."""
_SHORTER = np.array([0.0, 0.009, 0.004, 0.012, 0.020, 0.030])
"""How much each of them is shorter than the middle incisor."""
_LOWER_TEETH = np.array([0.0, 0.056, 0.116, 0.178, 0.24, 0.29])


@dataclass(frozen=True, slots=True)
class MouthLight:
    """Colours of the inside of a mouth in the light of the photograph, linear light, RGB 0–1."""

    teeth: tuple[float, float, float]
    flesh: tuple[float, float, float]
    """Tongue and gums."""
    dark: tuple[float, float, float]


def measured_light(skin: NDArray[np.uint8], lips: NDArray[np.uint8], whites: NDArray[np.uint8]) -> MouthLight:
    """Colours from samples of the photograph.

    Shapes:
        skin, lips, whites: [n, 3] sRGB of cheeks, lips and the whites of the eyes
    """
    cheek = np.median(linear(skin), axis=0)
    lip = np.median(linear(lips), axis=0)
    bright = linear(whites)[np.argsort(whites.sum(axis=1))[-max(1, len(whites) // 4) :]]
    white = np.median(bright, axis=0)
    # The light's colour: between that of the eye's white, which may reflect skin, and grey.
    tint = 0.5 + 0.5 * white / max(float(white.mean()), 1e-4)
    level = float(np.clip(1.25 * white.mean(), 1.0 * cheek.max(), 1.35 * cheek.max()))
    teeth = np.minimum(1.0, level * tint * (1.02, 0.93, 0.80))
    flesh = 0.45 * lip * (1.0, 0.8, 0.8) + 0.32 * cheek * (1.0, 0.36, 0.36)
    dark = 0.034 * cheek * (1.7, 0.6, 0.55)
    return MouthLight(_triple(teeth), _triple(flesh), _triple(dark))


def _triple(colour: NDArray[np.floating]) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in colour)
    return r, g, b


def linear(srgb: NDArray[np.uint8]) -> F32:
    """8-bit sRGB → linear light 0–1."""
    return np.asarray((srgb.astype(np.float32) / 255) ** 2.2, np.float32)


def encoded(light: F32) -> F32:
    """Linear light → sRGB 0–255."""
    return np.asarray(255 * np.clip(light, 0, 1) ** np.float32(1 / 2.2), np.float32)


@dataclass(frozen=True, slots=True)
class MouthView:
    """Where the inside of a mouth is seen, on a grid of pixels."""

    x: F32
    y: F32
    """[h, w] position in the face's measure, 0 at the middle of the closed lips."""
    seam: F32
    """[h, w] y of the closed lips in this column."""
    inside: F32
    """[h, w] 0–1."""
    below_upper: F32
    """[h, w] distance below the upper lip's edge, eye distances."""
    above_lower: F32


def painted_interior(shape: LipShape, light: MouthLight, view: MouthView) -> F32:
    """Teeth, tongue and dark behind a mouth shape.

    Shapes:
        → [h, w, 3] linear light
    """
    teeth, flesh, dark = (np.array(c, np.float32) for c in (light.teeth, light.flesh, light.dark))
    x, y = view.x, view.y - view.seam
    open_share = float(np.clip(shape.gap / 0.22, 0, 1))
    drop = shape.upper + shape.gap
    picture = np.broadcast_to(dark, (*x.shape, 3)).copy()
    _lay_tongue(picture, x, y, shape, flesh, drop)
    if shape.jaw >= 0.4 or shape.name == "S":
        _lay_lower_teeth(picture, x, y, shape, teeth, drop)
    _lay_upper_teeth(picture, x, y, shape, teeth, flesh)
    # The lips shade what is behind them, more so when they are little apart; the arch turns away into the dark.
    lip_shade = 0.66 + 0.34 * _smooth(view.below_upper / (0.022 + 0.02 * open_share))
    low_shade = 0.62 + 0.38 * _smooth(view.above_lower / 0.03)
    aside = 1 - 0.62 * _smooth((np.abs(x) - 0.06) / (0.30 - 0.10 * shape.round))
    amount = (0.92 + 0.12 * open_share) * (1 - 0.30 * shape.round)
    return np.asarray(picture * (lip_shade * low_shade * aside * amount)[..., None], np.float32)


def _lay_upper_teeth(picture: F32, x: F32, y: F32, shape: LipShape, teeth: F32, gum: F32) -> None:
    edge, gap, top = _row_of_teeth(x, _TEETH, _UPPER_EDGE - _SHORTER)
    if shape.name == "S":
        edge = edge + 0.004
    here = _smooth((edge - y) / 0.006 + 0.5) * _smooth((0.352 - np.abs(x)) / 0.02)
    up = np.clip((edge - y) / 0.11, 0, 1)
    tone = (1.0 - 0.10 * up) * (1 - 0.16 * _smooth(1 - (edge - y) / 0.012))
    tone = tone * (1 - top * 0.10)
    # Between two teeth a thin shadow that opens to a notch at the edge.
    notch = 0.0035 + 0.008 * np.clip(1 - (edge - y) / 0.022, 0, 1) ** 2
    crease = np.exp(-((gap / notch) ** 2)) * (0.30 + 0.5 * np.clip(1 - (edge - y) / 0.02, 0, 1))
    colour = (tone * (1 - 0.62 * crease))[..., None] * teeth
    colour += (_smooth((up - 0.86) / 0.1)[..., None]) * (0.8 * gum - colour)
    picture += here[..., None] * (colour - picture)


def _lay_lower_teeth(picture: F32, x: F32, y: F32, shape: LipShape, teeth: F32, drop: float) -> None:
    # Fixed to the jaw; the lower lip hides all but their edges.
    line = max(_UPPER_EDGE + 0.004, drop - 0.022 - 0.02 * shape.jaw)
    bow = line - 0.05 * x * x
    edge, gap, _ = _row_of_teeth(x, _LOWER_TEETH, np.zeros(5))
    here = _smooth((y - bow + edge) / 0.007 + 0.5) * _smooth((0.25 - np.abs(x)) / 0.06)
    crease = np.exp(-((gap / 0.005) ** 2)) * 0.45
    colour = ((0.52 + 0.08 * np.clip(1 - (y - bow) / 0.05, 0, 1)) * (1 - crease))[..., None] * teeth * (1.0, 0.97, 0.92)
    picture += here[..., None] * (colour - picture)


def _lay_tongue(picture: F32, x: F32, y: F32, shape: LipShape, flesh: F32, drop: float) -> None:
    if shape.name == "L":
        _lay_raised_tongue(picture, x, y, flesh)
        return
    top = drop - 0.030 - 0.22 * shape.gap
    across = x / (0.25 - 0.07 * shape.round)
    bow = top + 0.07 * across**2
    here = _smooth((y - bow) / 0.050 + 0.5) * (np.abs(across) < 1.6)
    lit = np.clip(1 - (y - bow) / 0.12, 0, 1)
    groove = np.exp(-((x / 0.012) ** 2)) * 0.12
    shine = 0.16 * np.exp(-(((y - bow - 0.022) / 0.012) ** 2) - (across * 1.4) ** 2)
    tone = (0.14 + 0.52 * lit**1.5 * 0.8) * (1 - groove)
    colour = tone[..., None] * flesh + shine[..., None] * np.float32(0.45) * flesh.max()
    picture += here[..., None] * (colour - picture)


def _lay_raised_tongue(picture: F32, x: F32, y: F32, flesh: F32) -> None:
    """The blade at the ridge behind the upper teeth: its tip in the light, its underside falling back into the dark."""
    across = np.abs(x) / 0.19
    bow = 0.016 + 0.052 * across**2.6
    below = y - bow
    here = _smooth(below / 0.016 + 0.5) * _smooth((1.35 - across) / 0.35)
    under = _smooth(below / 0.085)
    bridle = np.exp(-((x / 0.010) ** 2)) * 0.22 * under
    round_off = 1 - 0.45 * _smooth((across - 0.25) / 0.9)
    tone = (0.66 - 0.42 * under) * round_off * (1 - bridle)
    shine = 0.14 * np.exp(-(((below - 0.026) / 0.010) ** 2) - (across * 1.7) ** 2)
    colour = tone[..., None] * flesh + shine[..., None] * np.float32(0.45) * flesh.max()
    picture += here[..., None] * (colour - picture)


def _row_of_teeth(x: F32, parts: NDArray[np.float64], lengths: NDArray[np.float64]) -> tuple[F32, F32, F32]:
    """The edge line of a row (y), the distance to the next part between teeth, and 0–1 towards a tooth's sides."""
    at = np.abs(x)
    number = np.clip(np.searchsorted(parts, at, side="right") - 1, 0, len(parts) - 2)
    left, right = parts[number], parts[number + 1]
    inside = np.clip((at - left) / (right - left), 0, 1)
    round_off = (np.abs(2 * inside - 1) ** 4) * 0.006
    gap = np.minimum(at - left, np.abs(right - at))
    return (
        np.asarray(lengths[number] - round_off, np.float32),
        np.asarray(gap, np.float32),
        np.asarray(np.abs(2 * inside - 1) ** 3, np.float32),
    )


def _smooth(value: F32 | NDArray[np.floating]) -> F32:
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
