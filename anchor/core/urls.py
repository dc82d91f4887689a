"""URLs as they may be shown and kept: without what lets somebody in."""

from __future__ import annotations

import re

_USER = re.compile(r"""(?<=://)(?:[^/?#\s'"]*@|[^/?#\s'"@:]*:(?!\d+(?:[/?#\s'",.;)]|$))[^@\n]*@)""")
"""User and password: up to the last @ before the path, or up to an @ where a password holds what should be quoted."""
_SECRET = re.compile(r"""(?i)(?<=[?&])([\w.-]*(?:pass|secret|token|key|signature|credential)[\w.-]*=)[^&#\s'"]+""")


def public(text: str) -> str:
    """A URL, a path, or a sentence with URLs, without users and passwords, and as `without_secret_parameters`."""
    return without_secret_parameters(_USER.sub("", text))


def without_secret_parameters(text: str) -> str:
    """The same with `***` in the place of every query parameter's value whose name is a secret's."""
    return _SECRET.sub(r"\1***", text)
