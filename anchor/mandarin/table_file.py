"""The text of a table that a person keeps: in the encodings that spreadsheets write."""

from __future__ import annotations

import codecs
from pathlib import Path

from anchor.core.errors import PackError, Place
from anchor.mandarin.encoding import BIG5, ENCODINGS, likely_encoding
from anchor.messages import Message, message, os_reason

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
            _no_utf8(likely),
            hint=message("mandarin.not-utf-8-hint"),
            place=Place(file=str(path), line=line),
        ) from error


def is_big5(path: Path) -> bool:
    """Whether a table is in Big5.

    Raises:
        PackError: not there, not a file, or too large.
    """
    return likely_encoding(_bytes_of(path)) == BIG5


def _no_utf8(likely: str) -> Message:
    """What is wrong with bytes that are probably of another encoding; empty: nobody knows which."""
    return message("mandarin.looks-like", encoding=ENCODINGS[likely]) if likely else message("mandarin.not-utf-8")


def _bytes_of(path: Path) -> bytes:
    place = Place(file=str(path))
    try:
        with path.open("rb") as f:
            raw = f.read(LARGEST_FILE + 1)
    except OSError as error:
        what = message("mandarin.cannot-be-read", reason=os_reason(error))
        raise PackError(what, hint=message("mandarin.check-the-path"), place=place) from error
    if len(raw) > LARGEST_FILE:
        what = message("mandarin.too-large", mb=LARGEST_FILE >> 20)
        raise PackError(what, hint=message("mandarin.too-large-hint"), place=place)
    return raw
