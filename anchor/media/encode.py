"""One encode: finished frames and one sound file in, one MP4 out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import ffmpeg as graph
import numpy as np

from anchor.core.errors import MediaError, StorageError
from anchor.core.files import keep
from anchor.core.plan import Rendition
from anchor.core.time import Timebase
from anchor.media.process import Cancelled, Process, raise_if
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg, file_url
from anchor.messages import message, os_reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOUR = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv"}
"""ITU-R BT.709, limited range: what the frames are, written into the stream and the container."""
X264_PARAMS = "open-gop=0:rc-lookahead=10:mbtree=1"
"""Closed groups of pictures, and veryfast's look-ahead and macroblock tree also for faster presets: measured at 1080p
on a presenter, superfast with them is 1.2 times as fast as veryfast at the same size (51.5 against 52.6 dB PSNR);
without them the file is twice as large."""
AAC: dict[str, str | int] = {"aac_coder": "fast", "aac_ms": 1, "aac_is": 0, "aac_pns": 0, "aac_tns": 0}
"""Mid and side in every band, because both channels are the same: the side costs nothing. Measured on speech at
192 kbit/s: 50 dB of signal to coding noise in half the time, against 36 dB of the encoder's defaults."""
AUDIO_CHANNELS = 2
"""Mono speech goes to both sides at −3 dB each: the same loudness by BS.1770, and every player has two channels."""


def encode_args(
    ffmpeg: str,
    rendition: Rendition,
    audio: Path | None,
    target: Path,
    *,
    title: str = "",
    language: str = "und",
    frames: str = "pipe:0",
    loops: int = 0,
) -> list[str]:
    """argv that encodes raw yuv420p frames and a sound file, or frames alone, into an MP4.

    `frames` may be the URL of a file of raw frames, read `loops` more times: so a bench feeds the same encoder at full
    speed.
    Nothing of the moment or the machine is written, so the same frames give the same bytes with the same ffmpeg.

    Args:
        language: ISO 639-2/T code.
    """
    rate = rendition.timebase.rate
    fps = f"{rate.numerator}/{rate.denominator}"
    source: dict[str, str | int | tuple[int, int]] = {
        "format": "rawvideo",
        "pix_fmt": "yuv420p",
        "video_size": (rendition.width, rendition.height),
        "framerate": fps,
    }
    if loops:
        source["stream_loop"] = loops
    picture = graph.input(frames, thread_queue_size=8, **source).video.filter(
        "setparams",
        color_primaries=COLOUR["color_primaries"],
        color_trc=COLOUR["color_trc"],
        colorspace=COLOUR["colorspace"],
        range=COLOUR["color_range"],
    )
    streams = [picture] if audio is None else [picture, graph.input(file_url(audio)).audio]
    options: dict[str, str | int] = {
        "c:v": rendition.video_codec,
        "preset": rendition.preset,
        "crf": rendition.crf,
        "profile:v": "high",
        "pix_fmt": "yuv420p",
        "r": fps,
        "g": rendition.gop_frames,
        "flags:v": "+cgop+bitexact",
        **COLOUR,
        **_container(rendition, title, language, sound=audio is not None),
    }
    if rendition.video_codec == "libx264":
        options["x264-params"] = X264_PARAMS
    return _quiet(graph.output(*streams, file_url(target), **options).overwrite_output().compile(cmd=ffmpeg))


def join_args(
    ffmpeg: str,
    rendition: Rendition,
    chunks: Path,
    audio: Path,
    target: Path,
    *,
    title: str = "",
    language: str = "und",
) -> list[str]:
    """argv that puts encoded chunks of one programme and its encoded sound together; nothing is encoded again.

    Args:
        ffmpeg: the program.
        rendition: of the chunks.
        chunks: list of the files for the concat demuxer, see `concat_list`.
        audio: the whole programme's sound, as `encode_sound` made it.
        target: the MP4.
        title: of the programme.
        language: ISO 639-2/T code.
    """
    picture = graph.input(file_url(chunks), format="concat", safe=0, auto_convert=0).video
    sound = graph.input(file_url(audio)).audio
    options = {
        "c": "copy",
        **_container(rendition, title, language, sound=False),
        "metadata:s:a:0": f"language={language}",
    }
    return _quiet(graph.output(picture, sound, file_url(target), **options).overwrite_output().compile(cmd=ffmpeg))


def sound_args(ffmpeg: str, rendition: Rendition, audio: Path, target: Path) -> list[str]:
    """argv that encodes a programme's sound alone, as it is encoded beside the picture."""
    options: dict[str, str | int] = {"fflags": "+bitexact", "map_metadata": -1, "format": "mp4", **_sound(rendition)}
    sound = graph.input(file_url(audio)).audio
    return _quiet(graph.output(sound, file_url(target), **options).overwrite_output().compile(cmd=ffmpeg))


def concat_list(chunks: Sequence[tuple[Path, int]], timebase: Timebase) -> str:
    """The concat demuxer's list of (file, frames).

    Lengths are said in microseconds between absolute positions: the MP4's own are rounded to milliseconds, and every
    seam would be late by a little.
    """
    lines, at = ["ffconcat version 1.0"], 0
    for path, frames in chunks:
        name = str(path).replace("'", "'\\''")
        start, end = (round(1_000_000 * frame / timebase.rate) for frame in (at, at + frames))
        lines += [f"file 'file:{name}'", f"duration {(end - start) // 1_000_000}.{(end - start) % 1_000_000:06}"]
        at += frames
    return "\n".join(lines) + "\n"


def _container(rendition: Rendition, title: str, language: str, *, sound: bool) -> dict[str, str | int]:
    """Options of the sound and the file around it."""
    options: dict[str, str | int] = {
        "video_track_timescale": rendition.timebase.rate.numerator,
        "fflags": "+bitexact",
        "map_metadata": -1,
        "map_chapters": -1,
        "metadata:s:v:0": f"language={language}",
        "movflags": "+faststart",
        "format": "mp4",
    }
    if sound:
        options |= {**_sound(rendition), "metadata:s:a:0": f"language={language}"}
    if title:
        options["metadata"] = f"title={title}"
    return options


def _sound(rendition: Rendition) -> dict[str, str | int]:
    """Options of the sound's encoder."""
    return {
        "c:a": "aac",
        "b:a": f"{rendition.audio_kbps}k",
        **AAC,
        "ar": 48000,
        "ac": AUDIO_CHANNELS,
        "flags:a": "+bitexact",
    }


def _quiet(argv: list[str]) -> list[str]:
    head, *tail = argv
    return [head, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", *tail]


class FrameEncoder:
    """Takes finished frames one by one and makes the file appear whole, or not at all.

    The file grows as `.NAME.partial-PID.mp4` beside the target and takes the target's name only when it is complete and
    on the disk; leaving the context with an error ends ffmpeg and deletes it.
    """

    def __init__(
        self,
        ffmpeg: FFmpeg,
        rendition: Rendition,
        audio: Path | None,
        target: Path,
        *,
        title: str = "",
        language: str = "und",
        progress: Callable[[int], None] | None = None,
        cancelled: Cancelled | None = None,
    ) -> None:
        """Describe the encode.

        Args:
            audio: the whole programme's sound, which the caller makes as long as the picture; None: picture alone.
            language: ISO 639-2/T code.
            progress: told how many frames were taken, after each.
            cancelled: asked before each frame, and while the file is finished.
        """
        self.frames = 0
        """Frames taken so far."""
        self._target = target
        self._partial = target.with_name(f".{target.name}.partial-{os.getpid()}.mp4")
        self._frame_bytes = rendition.width * rendition.height * 3 // 2
        self._progress = progress
        self._cancelled = cancelled
        self._process = Process(
            encode_args(ffmpeg.path, rendition, audio, self._partial, title=title, language=language), feed=True
        )

    def __enter__(self) -> Self:
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._partial.touch()
        except OSError as error:
            raise StorageError(
                message("core.cannot-write", path=str(self._target), reason=os_reason(error)),
                hint=message("media.another-place"),
            ) from error
        try:
            self._process.__enter__()
        except BaseException:
            self._partial.unlink(missing_ok=True)
            raise
        return self

    def write(self, frame: NDArray[np.uint8] | memoryview | bytes) -> None:
        """Hand over one frame; returns when ffmpeg has taken all of it.

        Shapes:
            frame: width · height · 3/2 bytes, contiguous: planes Y', Cb, Cr of yuv420p, BT.709 limited range

        Raises:
            ValueError: another number of bytes.
            JobCancelled: somebody asked for the job to stop.
            MediaError: ffmpeg ended.
            StorageError: the disk is full.
        """
        raise_if(self._cancelled)
        view = memoryview(frame.data if isinstance(frame, np.ndarray) else frame).cast("B")
        if len(view) != self._frame_bytes:
            raise ValueError(f"a frame has {self._frame_bytes} bytes, not {len(view)}")
        pipe = self._process.stdin.fileno()
        try:
            while view:
                view = view[os.write(pipe, view) :]
        except BrokenPipeError:
            raise self._process.failure() from None
        self.frames += 1
        if self._progress is not None:
            self._progress(self.frames)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._process.__exit__(kind, error, trace)
            self._partial.unlink(missing_ok=True)

    def _finish(self) -> None:
        if not self.frames:
            raise MediaError(message("media.no-frame-written"), hint=message("media.one-at-least"))
        self._process.stdin.close()
        self._process.wait(self._cancelled)
        try:
            keep(self._partial, self._target)
        except OSError as error:
            raise StorageError(
                message("core.cannot-write", path=str(self._target), reason=os_reason(error)),
                hint=message("media.free-space-again"),
            ) from error


def encode_sound(
    ffmpeg: FFmpeg, rendition: Rendition, audio: Path, target: Path, *, cancelled: Cancelled | None = None
) -> None:
    """Encode a programme's sound into an MP4 of its own, for `join_file`.

    Raises:
        JobCancelled: somebody asked for the job to stop.
        MediaError: the sound cannot be read.
        StorageError: the disk is full.
    """
    run_ffmpeg(sound_args(ffmpeg.path, rendition, audio, target), cancelled=cancelled)


def join_file(
    ffmpeg: FFmpeg,
    rendition: Rendition,
    chunks: Sequence[tuple[Path, int]],
    audio: Path,
    target: Path,
    *,
    title: str = "",
    language: str = "und",
    cancelled: Cancelled | None = None,
) -> None:
    """Join encoded chunks (file, frames) of one programme and its encoded sound into `target`, whole or not at all; see
    `join_args`.

    Raises:
        JobCancelled: somebody asked for the job to stop.
        MediaError: a chunk or the sound cannot be read.
        StorageError: the disk is full.
    """
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}.mp4")
    listed = target.with_name(f".{target.name}.chunks-{os.getpid()}")
    args = join_args(ffmpeg.path, rendition, listed, audio, partial, title=title, language=language)
    try:
        listed.write_text(concat_list(chunks, rendition.timebase), encoding="utf-8")
        run_ffmpeg(args, cancelled=cancelled)
        keep(partial, target)
    except OSError as error:
        raise StorageError(
            message("core.cannot-write", path=str(target), reason=os_reason(error)),
            hint=message("media.free-space-again"),
        ) from error
    finally:
        partial.unlink(missing_ok=True)
        listed.unlink(missing_ok=True)
