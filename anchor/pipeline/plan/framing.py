"""Where presenters stand in the picture: alone, side by side, or as an opaque plate that fills it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from anchor.core.face import Avatar
from anchor.core.plan import Placement, Rendition
from anchor.face.paste import GRID_PX
from anchor.graphics.aspects import design_size

CLOSEST = 1.6
"""Moving in for a picture beside the presenter goes no farther than this, against the whole plate."""
TOGETHER = 0.84
"""How large each of several presenters is against one alone."""
_BETWEEN_PX = 84.0
"""Between two presenters, in the 1080-line design."""


def filling(avatar: Avatar, look: Placement, size: tuple[int, int]) -> Placement:
    """The placement of an opaque plate in a layout of that size: no gap at any edge, in its own light.

    Alone the plate is shown whole. Where the look puts the presenter aside for a picture, the camera moves in just so
    far that the face comes to that side and the plate still reaches every edge.
    """
    width, height = size
    whole = _stepped(max(width / avatar.width, height / avatar.height))
    ex, ey = avatar.eyes or (avatar.width / 2, avatar.height * 0.36)
    aside = look.x + look.scale * avatar.width / 2
    if abs(aside - width / 2) < width * 0.05:
        # The look has the presenter in the middle: so does the plate, as it was filmed.
        return _at(avatar, size, whole, ((width - whole * avatar.width) / 2, (height - whole * avatar.height) / 2))
    needed = max(aside / max(ex, 1.0), (width - aside) / max(avatar.width - ex, 1.0), whole)
    scale = _stepped(min(needed, CLOSEST * whole))
    alone = (height - whole * avatar.height) / 2
    # Half of the way down: the hair stays in the picture, and the chin above what stands at its foot.
    return _at(avatar, size, scale, (aside - scale * ex, (alone + whole * ey - scale * ey) / 2))


_STEPS = 20
"""Scales are multiples of 1/20: at 720 and 1080 lines those are laid exactly, so no edge shows a gap."""


def _stepped(scale: float) -> float:
    """The next scale of `_STEPS`, never smaller."""
    return math.ceil(scale * _STEPS - 1e-9) / _STEPS


def _at(avatar: Avatar, size: tuple[int, int], scale: float, corner: tuple[float, float]) -> Placement:
    x = min(0.0, max(size[0] - scale * avatar.width, corner[0]))
    y = min(0.0, max(size[1] - scale * avatar.height, corner[1]))
    return Placement(scale=scale, x=x, y=y)


def side_by_side(avatars: Sequence[Avatar], alone: Placement, width: int) -> dict[str, Placement]:
    """Where presenters stand beside each other in a layout of that width, by avatar name; empty for fewer than two,
    and for a plate that fills the picture.

    All at one scale, smaller than alone, feet where one alone has them, never one over another.
    """
    count = len(avatars)
    if count < 2 or any(avatar.matte is None for avatar in avatars):
        return {}
    widest = max(avatar.figure[2] - avatar.figure[0] for avatar in avatars)
    scale = min(TOGETHER * alone.scale, (width - count * _BETWEEN_PX) / (count * widest))
    scale = int(scale * GRID_PX) / GRID_PX
    y = alone.y + avatars[0].height * (alone.scale - scale)
    widths = [scale * (avatar.figure[2] - avatar.figure[0]) for avatar in avatars]
    corners = accumulate(widths, lambda at, width: at + width + _BETWEEN_PX, initial=0.0)
    first = (width - sum(widths) - (count - 1) * _BETWEEN_PX) / 2
    return {
        avatar.name: replace(alone, scale=scale, x=first + corner - scale * avatar.figure[0], y=y)
        for avatar, corner in zip(avatars, corners, strict=False)
    }


def scaled(placement: Placement, rendition: Rendition) -> Placement:
    """A placement of a layout in the rendition's own pixels."""
    factor = rendition.height / design_size(rendition)[1]
    return replace(placement, scale=placement.scale * factor, x=placement.x * factor, y=placement.y * factor)
