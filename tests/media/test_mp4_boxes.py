"""Counts and ticks read from MP4 boxes are those that were written."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from anchor.media.mp4_boxes import BoxError, MovieTrack, read_movie

pytestmark = pytest.mark.media


def _track(path: Path, kind: str) -> MovieTrack:
    movie = read_movie(path)
    assert movie is not None
    return next(track for track in movie.tracks if track.kind == kind)


def test_counts_are_exact(good_clip: Path) -> None:
    picture = _track(good_clip, "vide")
    assert (picture.samples, picture.width, picture.height) == (90, 320, 180)
    assert picture.codec == "avc1"
    assert picture.profile == 100
    assert picture.colour == (1, 1, 1, False)
    assert picture.duration == 90 * Fraction(1001, 30000)
    assert picture.start == 0
    assert picture.sync == (0, 30, 60)


def test_priming_of_the_sound_is_hidden(good_clip: Path) -> None:
    sound = _track(good_clip, "soun")
    assert (sound.rate, sound.channels, sound.codec) == (48000, 2, "mp4a")
    assert sound.skip == 1024
    assert sound.start == 0
    assert sound.duration == 3


def test_late_sound_starts_late(make_clip: Callable[..., Path]) -> None:
    clip = make_clip(before_audio="-itsoffset 0.25", seconds=1.0)
    # ffmpeg keeps the encoder's priming, one packet of silence, in front of sound that begins late.
    assert float(_track(clip, "soun").start) == pytest.approx(0.25 - 1024 / 48000, abs=0.002)
    assert _track(clip, "vide").start == 0


def test_header_first_or_last(good_clip: Path, make_clip: Callable[..., Path]) -> None:
    last = make_clip(seconds=0.5, extra="-movflags -faststart")
    movies = [read_movie(path) for path in (good_clip, last)]
    assert [movie.faststart for movie in movies if movie is not None] == [True, False]


def test_fragmented_is_said(make_clip: Callable[..., Path]) -> None:
    movie = read_movie(make_clip(seconds=1.0, extra="-movflags +frag_keyframe+empty_moov-faststart"))
    assert movie is not None
    assert movie.fragmented


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_cut_file_is_refused(good_clip: Path, tmp_path: Path, keep: float) -> None:
    whole = good_clip.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(BoxError, match="cut short"):
        read_movie(cut)


def test_recording_without_header_is_refused(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_clip(seconds=0.5, extra="-movflags -faststart").read_bytes()
    at = whole.index(b"moov") - 4
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:at])
    with pytest.raises(BoxError, match="no header"):
        read_movie(cut)


@pytest.mark.parametrize("box", [b"mdhd", b"stsz", b"stts", b"mvhd", b"hdlr", b"mdia"])
def test_broken_header_is_refused(good_clip: Path, tmp_path: Path, box: bytes) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(good_clip.read_bytes().replace(box, b"xxxx"))
    if box == b"stsz":
        assert _track(broken, "vide").samples == 0
        return
    with pytest.raises(BoxError, match="broken"):
        read_movie(broken)


def test_table_longer_than_its_box_is_refused(good_clip: Path, tmp_path: Path) -> None:
    data = bytearray(good_clip.read_bytes())
    at = data.index(b"stts") + 8
    data[at : at + 4] = b"\x00\xff\xff\xff"
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with pytest.raises(BoxError, match="does not fit"):
        read_movie(broken)


def test_other_files_are_not_movies(tmp_path: Path) -> None:
    archive = tmp_path / "a.mp4"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("a", "hello" * 10)
    empty = tmp_path / "b.mp4"
    empty.touch()
    assert read_movie(archive) is None
    assert read_movie(empty) is None
