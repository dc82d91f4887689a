"""Anchor: a script in Traditional Chinese goes in, a finished news clip comes out."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("anchor-newsroom")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
