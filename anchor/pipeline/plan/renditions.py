"""The table of renditions."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from importlib.resources import files

from anchor.core.errors import ScriptError
from anchor.core.plan import Rendition
from anchor.core.time import Timebase
from anchor.messages import message

DEFAULT_RENDITION = "web-1080p"


@cache
def renditions() -> dict[str, Rendition]:
    """Every rendition by name."""
    table = tomllib.loads((files("anchor.pipeline.plan") / "renditions.toml").read_text(encoding="utf-8"))
    return {
        name: Rendition(name=name, timebase=Timebase(Fraction(row.pop("rate"))), **row) for name, row in table.items()
    }


def find_rendition(name: str | None) -> Rendition:
    """The rendition of that name; None: the default.

    Raises:
        ScriptError: no such rendition; lists those there are.
    """
    found = renditions().get(name or DEFAULT_RENDITION)
    if found is None:
        there = message("pipeline.there-are", known=tuple(renditions()))
        raise ScriptError(message("plan.no-rendition", name=str(name)), hint=there)
    return found
