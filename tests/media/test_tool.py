"""The ffmpeg is picked by what it can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.core.errors import MediaError
from anchor.media.tool import ENCODERS, FILTERS, FFmpeg, file_url, find_ffmpeg

pytestmark = pytest.mark.media


def _program(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_both_builds_serve(each_ffmpeg: FFmpeg) -> None:
    assert each_ffmpeg.missing == ()
    assert set(ENCODERS) <= each_ffmpeg.encoders
    assert set(FILTERS) <= each_ffmpeg.filters
    assert each_ffmpeg.version[0].isalnum()


def test_given_path_is_taken_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no ffmpeg at") as caught:
        find_ffmpeg(str(tmp_path / "ffmpeg"))
    assert "apt install ffmpeg" in caught.value.hint


def test_program_that_is_not_ffmpeg_is_refused() -> None:
    with pytest.raises(MediaError, match="is not ffmpeg"):
        find_ffmpeg("/bin/echo")


def test_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").write_text("text")
    with pytest.raises(MediaError, match="cannot run"):
        find_ffmpeg(str(tmp_path / "ffmpeg"))


def test_without_ffmpeg_on_path_the_static_build_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg().source == "imageio"


def test_ffmpeg_without_libx264_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ffmpeg: FFmpeg) -> None:
    poor = _program(tmp_path / "ffmpeg", f'{ffmpeg.path} "$@" | /bin/grep -v -e libx264 -e fps_mode\n')
    with pytest.raises(MediaError, match="lacks encoder libx264, option fps_mode"):
        find_ffmpeg(str(poor))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg().source == "imageio"


@pytest.mark.parametrize(("path", "url"), [("a:b.mp4", "file:a:b.mp4"), ("/x/-y.mp4", "file:/x/-y.mp4")])
def test_a_path_is_never_a_protocol_or_an_option(path: str, url: str) -> None:
    assert file_url(Path(path)) == url
