"""What goes in comes out: frame for frame, in time, tagged, whole or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from anchor.core.artifact import file_digest
from anchor.core.errors import JobCancelled, MediaError, StorageError
from anchor.core.plan import Rendition
from anchor.media.decode import read_frames
from anchor.media.encode import FrameEncoder, encode_args
from anchor.media.mp4_boxes import read_movie
from anchor.media.probe import probe_media
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg
from tests.media.conftest import ffmpeg_children

pytestmark = pytest.mark.media

WriteWav = Callable[[Path, np.ndarray], Path]
Running = Callable[[], list[str]]


def _samples(frames: int) -> int:
    return round(Fraction(frames * 1001 * 48000, 30000))


def _picture(rendition: Rendition, luma: int) -> np.ndarray:
    area = rendition.width * rendition.height
    return np.concatenate([np.full(area, luma, np.uint8), np.full(area // 2, 128, np.uint8)])


def _noise(rendition: Rendition, frames: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    size = rendition.width * rendition.height * 3 // 2
    return [rng.integers(16, 236, size, dtype=np.uint8) for _ in range(frames)]


@pytest.fixture
def tone(tmp_path: Path, write_wav: WriteWav) -> Path:
    """Sound for sixty frames."""
    return write_wav(tmp_path / "tone.wav", 0.1 * np.sin(np.arange(_samples(60)) * 0.13))


def test_encode_args(rendition: Rendition) -> None:
    args = encode_args("ffmpeg", rendition, Path("a.wav"), Path("o.mp4"), title="開場", language="zho")
    assert args == [
        *("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"),
        *("-f", "rawvideo", "-video_size", "320x180", "-framerate", "30000/1001", "-pix_fmt", "yuv420p"),
        *("-thread_queue_size", "8", "-i", "pipe:0", "-i", "file:a.wav"),
        "-filter_complex",
        "[0:v]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[s0]",
        *("-map", "[s0]", "-map", "1:a", "-f", "mp4"),
        *("-aac_coder", "fast", "-aac_is", "0", "-aac_ms", "1", "-aac_pns", "0", "-aac_tns", "0"),
        *("-ac", "2", "-ar", "48000", "-b:a", "128k", "-c:a", "aac", "-c:v", "libx264"),
        *("-color_primaries", "bt709", "-color_range", "tv", "-color_trc", "bt709", "-colorspace", "bt709"),
        *("-crf", "20", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-flags:v", "+cgop+bitexact", "-g", "30"),
        *("-map_chapters", "-1", "-map_metadata", "-1", "-metadata", "title=開場"),
        *("-metadata:s:a:0", "language=zho", "-metadata:s:v:0", "language=zho", "-movflags", "+faststart"),
        *("-pix_fmt", "yuv420p", "-preset", "veryfast", "-profile:v", "high", "-r", "30000/1001"),
        *("-video_track_timescale", "30000", "-x264-params", "open-gop=0:rc-lookahead=10:mbtree=1", "file:o.mp4", "-y"),
    ]


def test_bench_feeds_the_same_encoder_from_a_file(rendition: Rendition) -> None:
    piped = encode_args("ffmpeg", rendition, Path("a.wav"), Path("o.mp4"))
    looped = encode_args("ffmpeg", rendition, Path("a.wav"), Path("o.mp4"), frames="file:raw", loops=3)
    at = piped.index("pipe:0")
    assert [part for part in looped if part not in ("-stream_loop", "3", "file:raw")] == [
        part for index, part in enumerate(piped) if index != at
    ]


def test_file_is_as_promised(each_ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    taken: list[int] = []
    with FrameEncoder(
        each_ffmpeg, rendition, tone, out, title="標題「一」=;\\", language="zho", progress=taken.append
    ) as encoder:
        for picture in _noise(rendition, 60):
            encoder.write(picture)
    assert taken == list(range(1, 61))
    facts = probe_media(each_ffmpeg, out)
    video, audio = facts.video, facts.audio
    assert video is not None and audio is not None
    assert (video.codec, video.profile, video.pixel_format) == ("h264", "High", "yuv420p")
    assert (video.colour, video.limited) == ("bt709", True)
    assert (video.frames, video.rate, video.constant) == (60, Fraction(30000, 1001), True)
    assert video.start == audio.start == 0
    assert video.duration == Fraction(60 * 1001, 30000)
    assert audio.duration * 48000 == _samples(60)
    assert (audio.codec, audio.rate, audio.channels) == ("aac", 48000, 2)
    assert facts.faststart
    assert (facts.title, facts.language) == ("標題「一」=;\\", "zho")
    movie = read_movie(out)
    assert movie is not None
    assert movie.tracks[0].colour == (1, 1, 1, False)
    assert video.keys is not None
    assert max(b - a for a, b in zip(video.keys, (*video.keys[1:], 60), strict=True)) <= rendition.gop_frames
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_same_frames_same_bytes(each_ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    digests = set()
    for name in ("a.mp4", "b.mp4"):
        with FrameEncoder(each_ffmpeg, rendition, tone, tmp_path / name, title="x") as encoder:
            for picture in _noise(rendition, 60):
                encoder.write(picture)
        digests.add(file_digest(tmp_path / name))
    assert len(digests) == 1


def test_pictures_are_kept(ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    levels = [16 + 3 * index for index in range(60)]
    with FrameEncoder(ffmpeg, rendition, tone, out) as encoder:
        for level in levels:
            encoder.write(_picture(rendition, level))
    seen = [float(frame[: rendition.height].mean()) for frame in read_frames(ffmpeg, out, "yuv420p")]
    assert len(seen) == 60
    assert np.abs(np.array(seen) - levels).max() < 1.0


def test_groups_of_pictures_are_closed(ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    """Decoding may begin at every key picture: nothing after one refers to before it."""
    out = tmp_path / "clip.mp4"
    with FrameEncoder(ffmpeg, replace(rendition, gop_frames=10, preset="medium"), tone, out) as encoder:
        for picture in _noise(rendition, 60):
            encoder.write(picture)
    facts = probe_media(ffmpeg, out).video
    assert facts is not None and facts.keys is not None
    assert len(facts.keys) >= 6
    whole = list(read_frames(ffmpeg, out, "yuv420p"))
    for key in facts.keys[1:]:
        stream = tmp_path / "tail.h264"
        seconds = float((key + Fraction(1, 2)) / Fraction(30000, 1001))
        cut = ["-ss", f"{seconds:.6f}", "-noaccurate_seek", "-i", str(out), "-c", "copy", "-an", "-y", str(stream)]
        run_ffmpeg([ffmpeg.path, *cut])
        first = next(iter(read_frames(ffmpeg, stream, "yuv420p")))
        assert np.array_equal(first, whole[key])


@pytest.mark.parametrize(("frames", "at"), [(90, (30, 60)), (2700, (30, 1350, 2670))])
def test_flash_and_beep_stay_together(
    each_ffmpeg: FFmpeg, rendition: Rendition, write_wav: WriteWav, tmp_path: Path, frames: int, at: tuple[int, ...]
) -> None:
    """A white frame and a beep at the same instant, measured after the encode: no offset, no drift over 90 s."""
    small = replace(rendition, width=64, height=36)
    sound = np.zeros(_samples(frames))
    for frame in at:
        sound[_samples(frame) : _samples(frame) + 1600] = 0.5 * np.sin(np.arange(1600) * 0.4)
    out, heard_path = tmp_path / "clip.mp4", tmp_path / "heard.raw"
    with FrameEncoder(each_ffmpeg, small, write_wav(tmp_path / "beep.wav", sound), out) as encoder:
        for index in range(frames):
            encoder.write(_picture(small, 235 if index in at else 16))
    luma = np.array([frame[: small.height].mean() for frame in read_frames(each_ffmpeg, out, "yuv420p")])
    run_ffmpeg([each_ffmpeg.path, "-i", str(out), "-vn", "-ac", "1", "-f", "f32le", str(heard_path)])
    heard = np.abs(np.fromfile(heard_path, "<f4"))
    assert len(luma) == frames
    assert tuple(np.flatnonzero(luma > 128)) == at
    assert abs(len(heard) - _samples(frames)) <= 1024
    for frame in at:
        low = _samples(frame) - 4800
        onset = low + int(np.argmax(heard[low : low + 9600] > 0.2))
        assert abs(onset - _samples(frame)) <= 240, f"frame {frame}: sound {onset - _samples(frame):+d} samples off"


def test_cancel_leaves_nothing(
    ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path, nothing_left: Running
) -> None:
    out = tmp_path / "clip.mp4"
    out.write_bytes(b"the old clip")
    picture = _picture(rendition, 90)
    encoder = FrameEncoder(ffmpeg, rendition, tone, out, cancelled=lambda: encoder.frames >= 20)
    with pytest.raises(JobCancelled), encoder:
        while True:
            encoder.write(picture)
    assert nothing_left() == []
    assert out.read_bytes() == b"the old clip"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "tone.wav"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_error_of_the_caller_leaves_nothing(
    ffmpeg: FFmpeg,
    rendition: Rendition,
    tone: Path,
    tmp_path: Path,
    nothing_left: Running,
    error: type[BaseException],
) -> None:
    with pytest.raises(error), FrameEncoder(ffmpeg, rendition, tone, tmp_path / "clip.mp4") as encoder:
        encoder.write(_picture(rendition, 90))
        assert nothing_left() != []
        raise error
    assert nothing_left() == []
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]


def test_ffmpeg_that_dies_is_reported(
    ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path, nothing_left: Running
) -> None:
    with (
        pytest.raises(MediaError, match="SIGKILL") as caught,
        FrameEncoder(ffmpeg, rendition, tone, tmp_path / "clip.mp4") as encoder,
    ):
        encoder.write(_picture(rendition, 90))
        (child,) = ffmpeg_children()
        os.killpg(child.pid, signal.SIGKILL)
        while True:
            encoder.write(_picture(rendition, 90))
    assert caught.value.argv[0] == ffmpeg.path
    assert nothing_left() == []
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]


def test_missing_sound_is_reported(ffmpeg: FFmpeg, rendition: Rendition, tmp_path: Path) -> None:
    with (
        pytest.raises(MediaError, match="No such file"),
        FrameEncoder(ffmpeg, rendition, tmp_path / "none.wav", tmp_path / "clip.mp4") as encoder,
    ):
        for _ in range(60):
            encoder.write(_picture(rendition, 90))
    assert list(tmp_path.iterdir()) == []


def test_quota_is_a_storage_error(
    ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path, nothing_left: Running
) -> None:
    limited = tmp_path / "ffmpeg"
    limited.write_text(f'#!/bin/sh\nulimit -f 40\nexec {ffmpeg.path} "$@"\n')
    limited.chmod(0o755)
    out = tmp_path / "out" / "clip.mp4"
    with (
        pytest.raises(StorageError),
        FrameEncoder(replace(ffmpeg, path=str(limited)), rendition, tone, out) as encoder,
    ):
        for picture in _noise(rendition, 60):
            encoder.write(picture)
    assert nothing_left() == []
    assert list(out.parent.iterdir()) == []


def test_place_that_cannot_be_written(ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StorageError, match="cannot write"),
        FrameEncoder(ffmpeg, rendition, tone, tmp_path / "file" / "clip.mp4"),
    ):
        pass


def test_frame_of_another_size_is_refused(ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="86400 bytes"),
        FrameEncoder(ffmpeg, rendition, tone, tmp_path / "clip.mp4") as encoder,
    ):
        encoder.write(bytes(86399))
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]


def test_no_frame_is_an_error(ffmpeg: FFmpeg, rendition: Rendition, tone: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame"), FrameEncoder(ffmpeg, rendition, tone, tmp_path / "clip.mp4"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]
