"""What stands in quotation marks: a newsreader sets it off by voice."""

from __future__ import annotations

import re

_QUOTATION = re.compile(r"「[^「」]+」|『[^『』]+』|“[^“”]+”")


def quotations(written: str) -> tuple[range, ...]:
    """Each quotation, marks included, as characters of the written text; of nested ones the inner."""
    return tuple(range(found.start(), found.end()) for found in _QUOTATION.finditer(written))
