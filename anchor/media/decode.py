"""Frames of a file as arrays, by frame number."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import ffmpeg as graph
import numpy as np

from anchor.core.errors import MediaError
from anchor.media.probe import probe_media
from anchor.media.process import Cancelled, Process
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLL_IN = 8
"""Frames decoded and dropped ahead of the first wanted one after a seek; covers reordering in the container."""


def frame_shape(pix_fmt: str, width: int, height: int) -> tuple[int, ...]:
    """Shape of one frame.

    Shapes:
        gray: [h, w]
        rgb24, bgr24: [h, w, 3] · rgba, bgra: [h, w, 4]
        yuv444p: [3, h, w], planes Y', Cb, Cr · gbrp: [3, h, w], planes G, B, R
        yuv420p: [h·3/2, w]: h rows of Y', then Cb and Cr, each [h/2, w/2] read on as rows of w (OpenCV's I420)

    Raises:
        ValueError: another format, or odd sizes with yuv420p.
    """
    shapes: dict[str, tuple[int, ...]] = {
        "gray": (height, width),
        "rgb24": (height, width, 3),
        "bgr24": (height, width, 3),
        "rgba": (height, width, 4),
        "bgra": (height, width, 4),
        "yuv444p": (3, height, width),
        "gbrp": (3, height, width),
        "yuv420p": (height * 3 // 2, width),
    }
    if pix_fmt not in shapes:
        raise ValueError(f"no frame shape for {pix_fmt!r}; there are: {', '.join(shapes)}")
    if pix_fmt == "yuv420p" and (width % 2 or height % 2):
        raise ValueError(f"yuv420p needs even sizes, not {width}x{height}")
    return shapes[pix_fmt]


def decode_args(
    ffmpeg: str, path: Path, pix_fmt: str, rate: Fraction | None, start: int, count: int | None
) -> list[str]:
    """argv that writes raw frames `[start, start + count)` to stdout, one for one, no rate conversion.

    With a known `rate` the container is asked to seek ahead of `start`; without, all frames before it are decoded and
    dropped.
    """
    options: dict[str, str] = {"protocol_whitelist": LOCAL}
    drop = start
    if rate is not None and start > ROLL_IN:
        # Half a frame early, so that rounding in the container cannot cost a frame.
        drop = ROLL_IN
        options["ss"] = f"{float((start - drop - Fraction(1, 2)) / rate):.6f}"
    stream = graph.input(file_url(path), **options).video
    if drop:
        stream = stream.filter("trim", start_frame=drop)
    output: dict[str, str | int] = {
        "format": "rawvideo",
        "pix_fmt": pix_fmt,
        "fps_mode": "passthrough",
        "sws_flags": "bicubic+accurate_rnd+full_chroma_int",
    }
    if count is not None:
        output["frames:v"] = count
    head, *tail = graph.output(stream, "pipe:1", **output).compile(cmd=ffmpeg)
    return [head, "-hide_banner", "-nostdin", "-loglevel", "error", *tail]


def read_frames(
    ffmpeg: FFmpeg, path: Path, pix_fmt: str, start: int = 0, count: int | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Frames from number `start` on, `count` of them or all; each a new contiguous array of `frame_shape`.

    In the file's own pixel format the values are the decoded ones; another format is converted by swscale with the
    matrix that the file is tagged with. Closing the iterator early ends ffmpeg.

    Raises:
        MediaError: not a media file, no picture in it, or fewer frames than asked for.
    """
    if start < 0 or (count is not None and count < 0):
        raise ValueError(f"no such frames: start {start}, count {count}")
    facts = probe_media(ffmpeg, path).video
    if facts is None or not facts.width or not facts.height:
        raise MediaError(message("media.no-picture-to-decode", file=path.name))
    if count == 0:
        return
    shape = frame_shape(pix_fmt, facts.width, facts.height)
    # Only an MP4 of one constant rate says where frame n is; others are decoded from their beginning.
    rate = facts.rate if facts.frames is not None and facts.constant and not facts.start else None
    got = 0
    with Process(decode_args(ffmpeg.path, path, pix_fmt, rate, start, count), read=True) as process:
        while count is None or got < count:
            frame = np.empty(shape, np.uint8)
            if not process.fill(memoryview(frame.data).cast("B")):
                break
            got += 1
            yield frame
        if count is None:
            process.wait()
        elif got < count:
            process.wait()
            raise MediaError(
                message("media.no-frame", file=path.name, frame=start + got),
                hint=message("media.frames-asked", first=start, last=start + count - 1),
            )


def read_key_frames(
    ffmpeg: FFmpeg, path: Path, box: tuple[int, int, int, int], cancelled: Cancelled | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Y' of a box in every key frame of a yuv420p file, which alone are decoded.

    Args:
        ffmpeg: decodes.
        path: of the file.
        box: x, y, width and height, even.
        cancelled: asked at the end.

    Shapes:
        each [h, w]

    Raises:
        MediaError: it cannot be decoded, or it is smaller than the box.
        JobCancelled: `cancelled` said so.
    """
    x, y, width, height = box
    stream = graph.input(file_url(path), protocol_whitelist=LOCAL, skip_frame="nokey").video
    stream = stream.filter("crop", width, height, x, y, exact=1)
    output = {"format": "rawvideo", "pix_fmt": "yuv420p", "fps_mode": "passthrough"}
    head, *tail = graph.output(stream, "pipe:1", **output).compile(cmd=ffmpeg.path)
    with Process([head, "-hide_banner", "-nostdin", "-loglevel", "error", *tail], read=True) as process:
        frame = np.empty(width * height * 3 // 2, np.uint8)
        while process.fill(memoryview(frame.data).cast("B")):
            yield frame[: width * height].reshape(height, width).copy()
        process.wait(cancelled)
