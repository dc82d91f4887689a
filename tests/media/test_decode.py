"""Frames come exactly, by number and by value."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import MediaError
from anchor.media.decode import decode_args, frame_shape, read_frames
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg

pytestmark = pytest.mark.media

FRAMES = 50
SIZE = (64, 36)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """[50, 3, 36, 64]: noise that differs from frame to frame."""
    return np.random.default_rng(7).integers(16, 236, (FRAMES, 3, SIZE[1], SIZE[0]), dtype=np.uint8)


@pytest.fixture(scope="module")
def lossless(ffmpeg: FFmpeg, pictures: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures as lossless H.264 4:4:4 with B pictures, 30000/1001."""
    folder = tmp_path_factory.mktemp("lossless")
    raw, out = folder / "a.yuv", folder / "a.mp4"
    raw.write_bytes(pictures.tobytes())
    source = ["-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", "64x36", "-r", "30000/1001", "-i", str(raw)]
    run_ffmpeg([ffmpeg.path, *source, "-c:v", "libx264", "-qp", "0", "-preset", "medium", "-g", "12", str(out)])
    return out


def test_decode_args_seek_ahead_by_half_a_frame() -> None:
    assert decode_args("ffmpeg", Path("a.mp4"), "yuv444p", Fraction(30000, 1001), 60, 2) == [
        *("ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error"),
        *("-protocol_whitelist", "file,pipe", "-ss", "1.718383", "-i", "file:a.mp4"),
        *("-filter_complex", "[0:v]trim=start_frame=8[s0]", "-map", "[s0]", "-f", "rawvideo"),
        *("-fps_mode", "passthrough", "-frames:v", "2", "-pix_fmt", "yuv444p"),
        *("-sws_flags", "bicubic+accurate_rnd+full_chroma_int", "pipe:1"),
    ]


def test_decode_args_from_the_beginning() -> None:
    args = decode_args("ffmpeg", Path("a.mkv"), "gray", None, 5, None)
    assert "-ss" not in args
    assert "[0:v]trim=start_frame=5[s0]" in args
    assert "-frames:v" not in args


def test_values_are_those_that_were_encoded(each_ffmpeg: FFmpeg, lossless: Path, pictures: np.ndarray) -> None:
    got = np.stack(list(read_frames(each_ffmpeg, lossless, "yuv444p")))
    assert got.shape == pictures.shape
    assert np.array_equal(got, pictures)


@pytest.mark.parametrize("start", [0, 1, 8, 9, 10, 11, 12, 13, 23, 24, 37, 48, 49])
def test_start_is_exact(ffmpeg: FFmpeg, lossless: Path, pictures: np.ndarray, start: int) -> None:
    count = min(2, FRAMES - start)
    got = list(read_frames(ffmpeg, lossless, "yuv444p", start, count))
    assert len(got) == count
    assert np.array_equal(np.stack(got), pictures[start : start + count])


def test_start_is_exact_where_pictures_last_unequally(
    ffmpeg: FFmpeg, lossless: Path, pictures: np.ndarray, tmp_path: Path
) -> None:
    uneven = tmp_path / "uneven.mp4"
    late = "setts=pts=PTS+if(gte(N\\,20)\\,9000\\,0):dts=DTS+if(gte(N\\,20)\\,9000\\,0)"
    run_ffmpeg([ffmpeg.path, "-i", str(lossless), "-c", "copy", "-bsf:v", late, str(uneven)])
    got = list(read_frames(ffmpeg, uneven, "yuv444p", 30))
    assert np.array_equal(np.stack(got), pictures[30:])


def test_a_container_without_counts_serves(
    ffmpeg: FFmpeg, lossless: Path, pictures: np.ndarray, tmp_path: Path
) -> None:
    other = tmp_path / "a.mkv"
    run_ffmpeg([ffmpeg.path, "-i", str(lossless), "-c", "copy", str(other)])
    got = list(read_frames(ffmpeg, other, "yuv444p", 21, 3))
    assert np.array_equal(np.stack(got), pictures[21:24])


def test_names_that_look_like_protocols(ffmpeg: FFmpeg, lossless: Path, tmp_path: Path) -> None:
    odd = tmp_path / "http:新聞 %03d.mp4"
    odd.write_bytes(lossless.read_bytes())
    assert len(list(read_frames(ffmpeg, odd, "gray"))) == FRAMES


@pytest.mark.parametrize(
    ("pix_fmt", "shape"),
    [
        ("gray", (36, 64)),
        ("rgb24", (36, 64, 3)),
        ("bgra", (36, 64, 4)),
        ("yuv444p", (3, 36, 64)),
        ("yuv420p", (54, 64)),
    ],
)
def test_shapes(ffmpeg: FFmpeg, lossless: Path, pix_fmt: str, shape: tuple[int, ...]) -> None:
    (frame,) = read_frames(ffmpeg, lossless, pix_fmt, 3, 1)
    assert frame.shape == shape == frame_shape(pix_fmt, 64, 36)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous and frame.flags.writeable


def test_shapes_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="no frame shape"):
        frame_shape("yuv422p10le", 64, 36)
    with pytest.raises(ValueError, match="even"):
        frame_shape("yuv420p", 63, 36)


def test_too_few_frames_are_an_error(ffmpeg: FFmpeg, lossless: Path) -> None:
    with pytest.raises(MediaError, match="no frame 50"):
        list(read_frames(ffmpeg, lossless, "gray", 48, 3))
    assert list(read_frames(ffmpeg, lossless, "gray", 48, 0)) == []


def test_sound_alone_has_no_frames(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    run_ffmpeg([ffmpeg.path, "-f", "lavfi", "-i", "sine=d=1", str(sound)])
    with pytest.raises(MediaError, match="no picture"):
        list(read_frames(ffmpeg, sound, "gray"))


def test_closing_early_ends_ffmpeg(ffmpeg: FFmpeg, lossless: Path, nothing_left: Callable[[], list[str]]) -> None:
    frames = read_frames(ffmpeg, lossless, "yuv444p")
    next(frames)
    frames.close()  # type: ignore[attr-defined]  # a generator
    assert nothing_left() == []
