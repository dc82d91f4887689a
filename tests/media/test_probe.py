"""What a file holds, with and without MP4 boxes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from anchor.core.errors import MediaError
from anchor.media.probe import parse_listing, probe_media
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg

pytestmark = pytest.mark.media

LISTING = """\
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'x.mp4':
  Metadata:
    title           : 開場
  Duration: 00:01:00.06, start: 0.000000, bitrate: 792 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1920x1080 [SAR 1:1 DAR 16:9], 599 kb/s, 29.97 fps, 29.97 tbr, 30k tbn (default)
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706d), 48000 Hz, stereo, fltp, 192 kb/s (default)
At least one output file must be specified
"""  # noqa: E501  # as ffmpeg prints it


def test_parse_listing() -> None:
    facts = parse_listing(LISTING.splitlines())
    assert facts is not None and facts.video is not None and facts.audio is not None
    assert facts.title == "開場"
    assert (facts.video.codec, facts.video.profile, facts.video.pixel_format) == ("h264", "High", "yuv420p")
    assert (facts.video.width, facts.video.height) == (1920, 1080)
    assert facts.video.rate == Fraction(30000, 1001)
    assert (facts.video.colour, facts.video.limited) == ("bt709", True)
    assert facts.video.duration == Fraction(6006, 100)
    assert (facts.audio.codec, facts.audio.rate, facts.audio.channels) == ("aac", 48000, 2)


@pytest.mark.parametrize(
    ("shown", "rate"),
    [("29.97 fps", Fraction(30000, 1001)), ("23.98 fps", Fraction(24000, 1001)), ("25 fps", Fraction(25))],
)
def test_rate_behind_two_decimals(shown: str, rate: Fraction) -> None:
    facts = parse_listing(LISTING.replace("29.97 fps", shown).splitlines())
    assert facts is not None and facts.video is not None
    assert facts.video.rate == rate


@pytest.mark.parametrize(
    ("tags", "colour", "limited"),
    [
        ("yuv420p", "", None),
        ("yuvj420p(pc, bt470bg/unknown/unknown)", "bt470bg/unknown/unknown", False),
        ("yuv420p(top first)", "", None),
    ],
)
def test_colour_tags(tags: str, colour: str, limited: bool | None) -> None:
    facts = parse_listing(LISTING.replace("yuv420p(tv, bt709, progressive)", tags).splitlines())
    assert facts is not None and facts.video is not None
    assert (facts.video.colour, facts.video.limited) == (colour, limited)


def test_mp4_is_exact_with_both_builds(each_ffmpeg: FFmpeg, good_clip: Path) -> None:
    facts = probe_media(each_ffmpeg, good_clip)
    assert facts.video is not None and facts.audio is not None
    assert (facts.video.frames, facts.video.rate, facts.video.constant) == (90, Fraction(30000, 1001), True)
    assert facts.video.duration == Fraction(90 * 1001, 30000)
    assert facts.audio.duration == 3
    assert facts.faststart is True


def test_sound_alone(each_ffmpeg: FFmpeg, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    run_ffmpeg([each_ffmpeg.path, "-f", "lavfi", "-i", "sine=d=2:r=44100", str(path)])
    facts = probe_media(each_ffmpeg, path)
    assert facts.video is None and facts.audio is not None
    assert (facts.audio.codec, facts.audio.rate, facts.audio.channels) == ("pcm_s16le", 44100, 1)
    assert facts.audio.duration == 2
    assert facts.faststart is None


def test_other_container(each_ffmpeg: FFmpeg, make_clip: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    run_ffmpeg([each_ffmpeg.path, "-i", str(make_clip(seconds=1.0)), "-c", "copy", str(path)])
    facts = probe_media(each_ffmpeg, path)
    assert facts.container == "matroska,webm"
    assert facts.video is not None
    assert (facts.video.rate, facts.video.frames, facts.video.constant) == (Fraction(30000, 1001), None, False)


def test_archive_in_disguise(each_ffmpeg: FFmpeg, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("a", "hello" * 10)
    with pytest.raises(MediaError, match=r"clip\.mp4 is not a media file"):
        probe_media(each_ffmpeg, path)


def test_no_file(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no file"):
        probe_media(ffmpeg, tmp_path / "none.mp4")


def test_playlist_in_disguise_fetches_nothing(each_ffmpeg: FFmpeg, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaError):
        probe_media(each_ffmpeg, path)
