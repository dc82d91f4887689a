"""Where an opaque plate lands: it fills the picture in place of the look's studio."""

from __future__ import annotations

import math

from anchor.core.face import Avatar
from anchor.core.plan import Placement

WIDTH, HEIGHT = 1920, 1080
"""The picture that looks are designed for."""
CLOSEST = 1.6
"""Moving in for a picture beside the presenter goes no farther than this, against the whole plate."""


def filling(avatar: Avatar, look: Placement) -> Placement:
    """The placement of an opaque plate in the 1080-line design: no gap at any edge, in its own light.

    Alone the plate is shown whole. Where the look puts the presenter aside for a picture, the camera moves in just so
    far that the face comes to that side and the plate still reaches every edge.
    """
    whole = _stepped(max(WIDTH / avatar.width, HEIGHT / avatar.height))
    ex, ey = avatar.eyes or (avatar.width / 2, avatar.height * 0.36)
    aside = look.x + look.scale * avatar.width / 2
    if abs(aside - WIDTH / 2) < WIDTH * 0.05:
        # The look has the presenter in the middle: so does the plate, as it was filmed.
        return _at(avatar, whole, ((WIDTH - whole * avatar.width) / 2, (HEIGHT - whole * avatar.height) / 2))
    needed = max(aside / max(ex, 1.0), (WIDTH - aside) / max(avatar.width - ex, 1.0), whole)
    scale = _stepped(min(needed, CLOSEST * whole))
    alone = (HEIGHT - whole * avatar.height) / 2
    # Half of the way down: the hair stays in the picture, and the chin above what stands at its foot.
    return _at(avatar, scale, (aside - scale * ex, (alone + whole * ey - scale * ey) / 2))


_STEPS = 20
"""Scales are multiples of 1/20: at 720 and 1080 lines those are laid exactly, so no edge shows a gap."""


def _stepped(scale: float) -> float:
    """The next scale of `_STEPS`, never smaller."""
    return math.ceil(scale * _STEPS - 1e-9) / _STEPS


def _at(avatar: Avatar, scale: float, corner: tuple[float, float]) -> Placement:
    x = min(0.0, max(WIDTH - scale * avatar.width, corner[0]))
    y = min(0.0, max(HEIGHT - scale * avatar.height, corner[1]))
    return Placement(scale=scale, x=x, y=y)
