"""Anchor: a script in Traditional Chinese goes in, a finished news clip comes out."""

from __future__ import annotations

from functools import cache

__all__ = ["__version__"]


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("anchor-newsroom")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0.0.0"


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: the lookup takes longer than all of the package's own tables."""
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
