"""Anchor: a script in Traditional Chinese goes in, a finished news clip comes out.

import anchor
made = anchor.render("script.md", "out.mp4")
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anchor.calls import render

__all__ = ["__version__", "render"]


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("anchor-newsroom")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0.0.0"


def __getattr__(name: str) -> object:
    """`__version__` and `render`, fetched when they are asked for: importing the package costs next to nothing."""
    if name == "__version__":
        return _version()
    if name == "render":
        from anchor.calls import render

        return render
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
