"""SubRip and WebVTT files, byte for byte and as another library reads them."""

from __future__ import annotations

from pathlib import Path

import pysubs2
import pytest

from anchor.core.errors import StorageError
from anchor.core.speech import Caption
from anchor.core.time import Span
from anchor.graphics.sidecar import write_srt, write_vtt

CAPTIONS = (
    Caption(("各位貴賓　大家早安",), Span(5760, 100_000)),
    Caption(("甲 < 乙 & 丙 > 丁", "第二行"), Span(100_000, 48_000 * 3661 + 24)),
)


def test_srt(tmp_path: Path) -> None:
    write_srt(CAPTIONS, tmp_path / "a.srt", 48_000)
    assert (tmp_path / "a.srt").read_bytes().decode("utf-8") == (
        "1\r\n00:00:00,120 --> 00:00:02,083\r\n各位貴賓　大家早安\r\n\r\n"
        "2\r\n00:00:02,083 --> 01:01:01,001\r\n甲 < 乙 & 丙 > 丁\r\n第二行\r\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.srt"]


def test_vtt(tmp_path: Path) -> None:
    write_vtt(CAPTIONS, tmp_path / "a.vtt", 48_000)
    assert (tmp_path / "a.vtt").read_bytes().decode("utf-8") == (
        "WEBVTT\nKind: captions\nLanguage: zh-Hant-TW\n\n"
        "1\n00:00:00.120 --> 00:00:02.083\n各位貴賓　大家早安\n\n"
        "2\n00:00:02.083 --> 01:01:01.001\n甲 &lt; 乙 &amp; 丙 &gt; 丁\n第二行\n"
    )


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_others_read_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    {"srt": write_srt, "vtt": write_vtt}[suffix](CAPTIONS, path, 48_000)
    read = pysubs2.load(str(path), encoding="utf-8", format_=suffix)
    assert [(event.start, event.end) for event in read] == [(120, 2083), (2083, 3_661_001)]
    assert read[0].plaintext == "各位貴賓　大家早安"


def test_no_captions(tmp_path: Path) -> None:
    write_srt((), tmp_path / "a.srt", 48_000)
    write_vtt((), tmp_path / "a.vtt", 48_000)
    assert (tmp_path / "a.srt").read_bytes() == b""
    assert (tmp_path / "a.vtt").read_text(encoding="utf-8").startswith("WEBVTT\n")


def test_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        write_srt(CAPTIONS, tmp_path / "none" / "a.srt", 48_000)
