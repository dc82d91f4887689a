"""A script's bytes as text, and the characters that no script may hold."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from anchor.core.errors import Place, ScriptError
from anchor.mandarin.encoding import ENCODINGS, likely_encoding
from anchor.messages import Message, message, os_reason

MAX_BYTES = 4 * 1024 * 1024
"""More than any script: 30,000 characters are 120 kB, comments may add to it."""

INVISIBLE = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Format characters that come along when text is pasted; they are dropped."""


def read_source(path: Path) -> str:
    """The text of a script file.

    Raises:
        ScriptError: not there, not readable, too large, or not UTF-8 (names the byte and the likely encoding).
    """
    name = str(path)
    try:
        with path.open("rb") as f:
            raw = f.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScriptError(
            message("intake.no-file"), hint=message("intake.no-file-hint"), place=Place(file=name)
        ) from None
    except IsADirectoryError:
        raise ScriptError(
            message("intake.folder"), hint=message("intake.folder-hint"), place=Place(file=name)
        ) from None
    except OSError as error:
        raise ScriptError(
            message("intake.unreadable", reason=os_reason(error)),
            hint=message("intake.unreadable-hint"),
            place=Place(file=name),
        ) from error
    if len(raw) > MAX_BYTES:
        raise ScriptError(
            message("intake.too-large", megabytes=MAX_BYTES // 1024 // 1024),
            hint=message("intake.too-large-hint"),
            place=Place(file=name),
        )
    return decode_source(raw, name)


def decode_source(raw: bytes, file: str | None) -> str:
    """`raw` as text; a UTF-8 byte-order mark is dropped.

    Raises:
        ScriptError: not UTF-8.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode("utf-8")
        if b"\0" in raw and likely_encoding(raw):
            raise UnicodeDecodeError("utf-8", raw, raw.index(b"\0"), raw.index(b"\0") + 1, "NUL")
        return text
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        raise ScriptError(
            message("intake.not-utf-8", at=error.start, byte=raw[error.start]),
            hint=_encoding_hint(raw),
            place=Place(file=file, line=line, column=column),
        ) from error


def _encoding_hint(raw: bytes) -> Message:
    likely = likely_encoding(raw)
    if likely:
        if likely == "gb18030":
            return message("intake.looks-like-gbk", codec=likely.upper())
        return message("intake.looks-like", encoding=ENCODINGS[likely], codec=likely.upper())
    odd = sum(byte < 32 and byte not in b"\t\r\n" for byte in raw)
    return message("intake.binary" if odd else "intake.save-as-utf-8")


def check_characters(text: str, file: str | None) -> None:
    """Refuse control characters and lone surrogates.

    Raises:
        ScriptError: names the first with its code point and place.
    """
    for number, line in enumerate(split_lines(text), start=1):
        for column, char in enumerate(line, start=1):
            if char != "\t" and unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
                raise ScriptError(
                    message("intake.control-character", code=ord(char)),
                    hint=message("intake.control-character-hint"),
                    place=Place(file=file, line=number, column=column),
                )


def split_lines(text: str) -> list[str]:
    """Lines without their ends; LF, CR LF and CR end a line, nothing else does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
