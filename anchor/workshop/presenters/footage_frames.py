"""Footage of any kind as upright RGB pictures of one constant rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import ffmpeg as graph
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, Place
from anchor.core.time import VIDEO
from anchor.media.probe import MediaFacts, probe_media
from anchor.media.process import Process
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message

U8 = NDArray[np.uint8]

SHORTEST_S, LONGEST_S = 3, 600
LARGEST = (1920, 1080)
"""Longer and shorter side of the pictures given out; larger footage is reduced while it is decoded."""
THREADS = 2
"""Of the decoder: each holds frames, and 4K frames are large."""
ROLL_IN_S = Fraction(2)
"""Decoded ahead of what is wanted after a seek."""
_FINE, _ROUGH = "bicubic+accurate_rnd+full_chroma_int", "bilinear"
"""How ffmpeg scales and turns YCbCr to RGB."""
_INDEXED = ("mov", "matroska")
_PHASE = Fraction(1, 8)
"""Part of a frame by which the grid of frames is shifted, so that footage of double rate meets no ties."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A video file that can be read again from any frame."""

    ffmpeg: FFmpeg
    path: Path
    size: tuple[int, int]
    """Width and height of the pictures given out, upright, square pixels."""
    source_size: tuple[int, int]
    """Before they were reduced."""
    rate: Fraction
    """Pictures a second given out; the file's own rate may be another, or none."""
    frames: int
    """As the file says; what comes can be a little more or less."""
    start: Fraction
    """Seconds: the file's first picture."""
    hdr: bool
    """Its colours are meant for a screen that is brighter than ours."""
    sound: bool
    seeks: bool
    """Its container says where each key picture is; others are decoded from their beginning."""

    @property
    def place(self) -> Place:
        """For errors."""
        return Place(file=str(self.path))

    def read(self, start: int = 0, count: int | None = None, *, rough: bool = False) -> Iterator[U8]:
        """Pictures from number `start` on, `count` of them or all that come; closing the iterator ends ffmpeg.

        `rough` takes a third of the time: colours are a code value off, and their edges follow the file's coarser grid.

        Shapes:
            gives [h, w, 3] uint8 RGB

        Raises:
            MediaError: nothing can be decoded from there.
        """
        width, height = self.size
        argv = read_args(self, start, count, rough)
        got = 0
        with Process(argv, read=True) as process:
            while count is None or got < count:
                frame = np.empty((height, width, 3) if rough else (3, height, width), np.uint8)
                if not process.fill(memoryview(frame.data).cast("B")):
                    break
                got += 1
                yield frame if rough else np.asarray(cv2.merge([frame[2], frame[0], frame[1]]), np.uint8)
            if not got:
                process.wait()
                what, hint = message("presenters.undecodable"), message("presenters.undecodable-hint")
                raise MediaError(what, hint=hint, place=self.place)


def probe_footage(ffmpeg: FFmpeg, path: Path) -> MediaFacts:
    """What a video file says of itself.

    Raises:
        MediaError: it is no media file, or damaged.
    """
    try:
        return probe_media(ffmpeg, path)
    except MediaError as error:
        place = Place(file=str(path))
        raise MediaError(error.message, hint=error.hint, place=place, argv=error.argv, stderr=error.stderr) from error


def open_footage(ffmpeg: FFmpeg, path: Path, rate: Fraction = VIDEO.rate) -> Footage:
    """Look at a video file: its upright size by decoding its first picture.

    Raises:
        MediaError: it is no video, has no picture, is damaged, or is shorter or longer than a presenter needs.
    """
    place = Place(file=str(path))
    facts = probe_footage(ffmpeg, path)
    video = facts.video
    if video is None:
        raise MediaError(message("presenters.sound-only"), hint=message("presenters.sound-only-hint"), place=place)
    source = _first_size(ffmpeg, path, place)
    seconds = video.duration
    if 0 < seconds < SHORTEST_S:
        raise MediaError(
            message("presenters.short-footage", seconds=float(seconds), least=SHORTEST_S),
            hint=message("presenters.short-footage-hint"),
            place=place,
        )
    if seconds > LONGEST_S:
        raise MediaError(
            message("presenters.long-footage", minutes=float(seconds) / 60, most=LONGEST_S // 60),
            hint=message("presenters.long-footage-hint"),
            place=place,
        )
    return Footage(
        ffmpeg=ffmpeg,
        path=path,
        size=_reduced(source),
        source_size=source,
        rate=rate,
        frames=round(seconds * rate),
        start=video.start,
        hdr=any(word in video.colour for word in ("arib-std-b67", "smpte2084")),
        sound=facts.audio is not None,
        seeks=any(name in facts.container for name in _INDEXED),
    )


def read_args(footage: Footage, start: int, count: int | None, rough: bool = False) -> list[str]:
    """argv that writes raw pictures of the constant rate to stdout: RGB if rough, else planes G, B, R.

    swscale takes a third of the time for planes as for the same values interleaved.
    """
    at = start / footage.rate
    options: dict[str, str | int] = {"protocol_whitelist": LOCAL, "threads": THREADS}
    if at > ROLL_IN_S and footage.seeks:
        options["ss"] = f"{float(at - ROLL_IN_S):.6f}"
    width, height = footage.size
    first = footage.start + at - _PHASE / footage.rate
    stream = (
        graph.input(file_url(footage.path), copyts=None, **options)
        .video.filter("fps", fps=f"{footage.rate}", start_time=f"{float(first):.6f}", round="near")
        .filter("bwdif", mode="send_frame", deint="interlaced")
        .filter("scale", width, height, flags=_ROUGH if rough else _FINE)
        .filter("setsar", "1")
    )
    kind = "rgb24" if rough else "gbrp"
    output: dict[str, str | int] = {"format": "rawvideo", "pix_fmt": kind, "fps_mode": "passthrough"}
    if count is not None:
        output["frames:v"] = count
    head, *tail = graph.output(stream, "pipe:1", **output).compile(cmd=footage.ffmpeg.path)
    return [head, "-hide_banner", "-nostdin", "-loglevel", "error", *tail]


def _first_size(ffmpeg: FFmpeg, path: Path, place: Place) -> tuple[int, int]:
    """Upright size in square pixels, from the head of the first picture as a PPM."""
    stream = graph.input(file_url(path), protocol_whitelist=LOCAL).video.filter("scale", "trunc(iw*sar/2+0.5)*2", "ih")
    output = graph.output(stream, "pipe:1", format="image2pipe", vcodec="ppm", **{"frames:v": 1})
    head, *tail = output.compile(cmd=ffmpeg.path)
    with Process([head, "-hide_banner", "-nostdin", "-loglevel", "error", *tail], read=True) as process:
        data = process.stdout.read(32)
        said = () if data else process.words()
    words = data.split()
    if len(words) < 3 or words[0] != b"P6":
        raise MediaError(
            message("presenters.no-picture", said=said[-1] if said else message("presenters.ffmpeg-silent")),
            hint=message("presenters.no-picture-hint"),
            place=place,
            stderr=said,
        )
    return int(words[1]), int(words[2])


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    """At most `LARGEST`, lying or standing; even."""
    scale = min(1.0, LARGEST[0] / max(size), LARGEST[1] / min(size))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in size)
    return width, height
