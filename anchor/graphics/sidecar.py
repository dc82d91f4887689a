"""Captions as files beside the clip: SubRip and WebVTT."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from anchor.core.files import write_text_whole
from anchor.core.speech import Caption

LANGUAGE = "zh-Hant-TW"


def write_srt(captions: Sequence[Caption], path: Path, rate: int) -> None:
    """SubRip: UTF-8 without a byte order mark, CRLF as the format has it.

    Args:
        rate: samples a second of the captions' spans.

    Raises:
        StorageError: the file cannot be written; nothing is left behind.
    """
    blocks = (
        f"{n}\r\n{_stamp(caption.span.start, rate, ',')} --> {_stamp(caption.span.end, rate, ',')}\r\n"
        + "".join(f"{line}\r\n" for line in caption.lines)
        for n, caption in enumerate(captions, 1)
    )
    write_text_whole(path, "\r\n".join(blocks))


def write_vtt(captions: Sequence[Caption], path: Path, rate: int, language: str = LANGUAGE) -> None:
    """WebVTT (W3C): UTF-8, the language in the header, `&` `<` `>` escaped.

    Args:
        rate: samples a second of the captions' spans.
        language: BCP 47.

    Raises:
        StorageError: the file cannot be written; nothing is left behind.
    """
    blocks = (
        f"{n}\n{_stamp(caption.span.start, rate, '.')} --> {_stamp(caption.span.end, rate, '.')}\n"
        + "".join(f"{_escaped(line)}\n" for line in caption.lines)
        for n, caption in enumerate(captions, 1)
    )
    write_text_whole(path, "\n".join((f"WEBVTT\nKind: captions\nLanguage: {language}\n", *blocks)))


def _stamp(sample: int, rate: int, mark: str) -> str:
    """HH:MM:SS and the nearest millisecond."""
    ms = int((Fraction(sample * 1000, rate) + Fraction(1, 2)).__floor__())
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{mark}{ms:03d}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
