"""Where a person's picture stands on the plate, so that every look can place the presenter like the house anchors."""

from __future__ import annotations

import math

from anchor.core.face import Affine
from anchor.messages import message
from anchor.workshop.presenters.build_report import Weakness

_LINES = 1080
"""The measures below are pixels of a plate of this height."""
_EYE_DISTANCE_PX = 136.0
"""Between the middles of a person's eyes in a head as large as the house anchors'. Theirs stand wider: 140 on lan, 155
on hao."""
_EYES_AT_PX = (960.0, 387.0)
"""Middle between the eyes: (959, 370) on lan, (960, 402) on hao."""
_LARGEST = 1.3
"""A figure cut above the plate's lower edge is enlarged by this much at most, then moved down."""
_KEPT_EYES_AT = 0.36
"""Share of the height at which an opaque plate shows the eyes, as far as the picture reaches."""
_SOFT = 1.6
"""Enlarging source pixels by more than this shows."""
_CLOSE = 2.0
"""A face larger than this against the house anchors is a close-up."""

Eyes = tuple[tuple[float, float], tuple[float, float]]


def plan_framing(eyes: Eyes, size: tuple[int, int], has_matte: bool, canvas: tuple[int, int] = (1920, 1080)) -> Affine:
    """Source pixels → plate pixels.

    With a matte the eyes come where the house anchors have theirs, and the body reaches the lower edge. Without one the
    picture covers the whole plate.

    Args:
        eyes: middles of the two eyes in the source, picture left first.
        size: width and height of the source.
        has_matte: the figure will be cut out.
        canvas: width and height of the plate.
    """
    (lx, ly), (rx, ry) = eyes
    middle = ((lx + rx) / 2, (ly + ry) / 2)
    unit = canvas[1] / _LINES
    wanted = _EYE_DISTANCE_PX * unit / max(1e-6, math.hypot(rx - lx, ry - ly))
    return (_figure if has_matte else _whole)(middle, wanted, size, canvas, unit)


def on_pixels(framing: Affine, size: tuple[int, int]) -> Affine:
    """The nearest framing that scales a source to whole pixels and moves it by whole pixels: quick, and no blur."""
    width, height = size
    across, down = round(framing[0] * width) / width, round(framing[4] * height) / height
    return (across, 0.0, float(round(framing[2])), 0.0, down, float(round(framing[5])))


def judge_framing(
    framing: Affine, eyes: Eyes, size: tuple[int, int], has_matte: bool, canvas: tuple[int, int] = (1920, 1080)
) -> tuple[Weakness, ...]:
    """What falls short of a framing by `plan_framing`."""
    unit = canvas[1] / _LINES
    scale = framing[0]
    (lx, ly), (rx, ry) = eyes
    distance = math.hypot(rx - lx, ry - ly) * scale / (_EYE_DISTANCE_PX * unit)
    low = scale * (ly + ry) / 2 + framing[5] - _EYES_AT_PX[1] * unit
    found = []
    if scale > _SOFT:
        found.append(Weakness("small-face", message("presenters.enlarged", scale=float(scale))))
    if has_matte and (distance > 1.02 or low > 4 * unit):
        found.append(Weakness("little-body", message("presenters.little-body")))
    if not has_matte and distance > _CLOSE:
        found.append(Weakness("close-up", message("presenters.close-up", times=float(distance))))
    return tuple(found)


def _figure(
    middle: tuple[float, float], wanted: float, size: tuple[int, int], canvas: tuple[int, int], unit: float
) -> Affine:
    x, y = _EYES_AT_PX[0] * canvas[0] / 1920, _EYES_AT_PX[1] * unit
    below = max(1e-6, size[1] - middle[1])
    scale = min(max(wanted, (canvas[1] - y) / below), _LARGEST * wanted)
    y = max(y, canvas[1] - scale * below)
    return (scale, 0.0, x - scale * middle[0], 0.0, scale, y - scale * middle[1])


def _whole(
    middle: tuple[float, float], wanted: float, size: tuple[int, int], canvas: tuple[int, int], unit: float
) -> Affine:
    cover = max(canvas[0] / size[0], canvas[1] / size[1])
    # A large source is cut to its presenter, never enlarged for it.
    scale = max(cover, min(1.0, wanted))
    corner = []
    for axis, share in ((0, 0.5), (1, _KEPT_EYES_AT)):
        start = canvas[axis] * share - scale * middle[axis]
        corner.append(min(0.0, max(canvas[axis] - scale * size[axis], start)))
    return (scale, 0.0, corner[0], 0.0, scale, corner[1])
