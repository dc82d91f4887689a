"""The text of a table that a person keeps: in the encodings that spreadsheets write."""

from __future__ import annotations

import codecs
from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.mandarin.encoding import BIG5, ENCODINGS, likely_encoding

LARGEST_FILE = 8 << 20
"""Bytes; a lexicon of 100,000 words has less."""


def read_table(path: Path, *, big5: bool = False) -> str:
    """The text of a table, which may be UTF-8 or UTF-16 with its mark.

    Args:
        path: the table.
        big5: take Big5 as well.

    Raises:
        PackError: not there, not a file, too large, or of another encoding.
    """
    raw = _bytes_of(path)
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        likely = likely_encoding(raw)
        if big5 and likely == BIG5:
            return raw.decode(BIG5)
        line = raw.count(b"\n", 0, error.start) + 1
        raise PackError(
            "not UTF-8" + (f"; it looks like {ENCODINGS[likely]}" if likely else ""),
            hint="save it as UTF-8 (in a spreadsheet: CSV UTF-8); Big5 cannot hold every name",
            place=Place(file=str(path), line=line),
        ) from error


def is_big5(path: Path) -> bool:
    """Whether a table is in Big5.

    Raises:
        PackError: not there, not a file, or too large.
    """
    return likely_encoding(_bytes_of(path)) == BIG5


def _bytes_of(path: Path) -> bytes:
    place = Place(file=str(path))
    try:
        with path.open("rb") as f:
            raw = f.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", hint="check the path", place=place) from error
    if len(raw) > LARGEST_FILE:
        raise PackError(f"larger than {LARGEST_FILE >> 20} MB", hint="is this a lexicon?", place=place)
    return raw
