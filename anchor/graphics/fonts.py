"""Fonts found by name: family and weight → file and face index."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anchor.core.errors import EngineUnavailable
from anchor.messages import message

_DIRECTORIES = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")


@dataclass(frozen=True, slots=True)
class Font:
    """One face of a font file."""

    path: Path
    index: int
    """Face in a collection (.ttc): the same file holds TC, SC, HK, JP and KR forms of a character."""


@cache
def find_font(family: str, weight: str) -> Font:
    """The face of exactly this family and weight; never a look-alike.

    Raises:
        EngineUnavailable: it is not installed; says what to install.
    """
    for font in _by_fontconfig(family, weight):
        return font
    for font in _by_directory(family, weight):
        return font
    what = message("graphics.no-font", family=family, weight=weight)
    raise EngineUnavailable(what, hint=message("graphics.no-font-hint"))


def _by_fontconfig(family: str, weight: str) -> Iterator[Font]:
    """Matches from fontconfig; nothing where there is no `fc-list`."""
    tool = shutil.which("fc-list")
    if tool is None:
        return
    argv = [tool, "--format", "%{file}\t%{index}\t%{family}\t%{style}\n", family, "file", "index", "family", "style"]
    listing = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout
    for line in sorted(listing.splitlines()):
        file, index, families, styles = line.split("\t")
        # Named instances of variable fonts carry their number in the upper half of the index.
        if family in families.split(",") and weight in styles.split(",") and int(index) < 1 << 16:
            yield Font(Path(file), int(index))


def _by_directory(family: str, weight: str) -> Iterator[Font]:
    """Matches among the Noto CJK files of the usual directories."""
    from PIL import ImageFont

    for directory in _DIRECTORIES:
        for path in sorted(Path(directory).rglob(f"NotoSansCJK*{weight}*.*t[tc][cf]")):
            for index in range(10):
                try:
                    face = ImageFont.truetype(str(path), 16, index=index)
                except OSError:
                    break
                if face.getname() == (family, weight):
                    yield Font(path, index)
