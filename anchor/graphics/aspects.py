"""Shapes of picture that a look may be laid out for, and the sizes that their layouts are drawn at."""

from __future__ import annotations

from collections.abc import Mapping

from anchor.core.errors import ScriptError
from anchor.core.plan import Rendition
from anchor.messages import message

ASPECTS: Mapping[str, tuple[int, int]] = {
    "16x9": (1920, 1080),
    "9x16": (1080, 1920),
    "1x1": (1080, 1080),
    "32x9": (3840, 1080),
}
"""Aspect → width and height in design pixels: the shorter side has 1080."""
WIDE = "16x9"
"""What the tables of a look are for that stand outside [layout]."""
_ALIKE = 0.005
"""854x480 and 1366x768 are called 16:9 as well."""


def aspect_of(rendition: Rendition) -> str:
    """The shape of a rendition's picture.

    Raises:
        ScriptError: it is none of those that looks are laid out for.
    """
    shape = rendition.width / rendition.height
    for name, (width, height) in ASPECTS.items():
        if abs(shape * height / width - 1) <= _ALIKE:
            return name
    raise ScriptError(
        message("graphics.no-shape", rendition=rendition.name, width=rendition.width, height=rendition.height),
        hint=message("graphics.there-are", known=tuple(ASPECTS)),
    )


def design_size(rendition: Rendition) -> tuple[int, int]:
    """Width and height that layouts of this shape are drawn at."""
    return ASPECTS[aspect_of(rendition)]
