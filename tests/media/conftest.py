"""Small real media, made by ffmpeg, and proof that no ffmpeg is left running."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest

from anchor.core.plan import Rendition
from anchor.core.time import VIDEO
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg, find_ffmpeg

COLOUR = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
SETPARAMS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@pytest.fixture(scope="session")
def ffmpeg() -> FFmpeg:
    return find_ffmpeg()


@pytest.fixture(scope="session", params=["system", "imageio"])
def each_ffmpeg(request: pytest.FixtureRequest) -> FFmpeg:
    """The system's ffmpeg and the static build: both must serve."""
    if request.param == "imageio":
        return find_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe())
    path = shutil.which("ffmpeg")
    if path is None:
        pytest.skip("no ffmpeg on PATH")
    return find_ffmpeg(path)


def ffmpeg_children() -> list[psutil.Process]:
    """Children that are ffmpeg or are about to be: each begins as the program that ties its life to ours."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a zombie, too, is none
            if any("ffmpeg" in word for word in child.cmdline()[:5]):
                found.append(child)
    return found


@pytest.fixture
def nothing_left() -> Iterator[Callable[[], list[str]]]:
    """Names of the ffmpeg processes that this test has started and that still run; asked once more at the end."""

    def running() -> list[str]:
        return [child.name() for child in ffmpeg_children()]

    assert running() == []
    yield running
    assert running() == []


@pytest.fixture
def rendition() -> Rendition:
    """A small picture, otherwise as it is made for the web."""
    return Rendition(
        name="test",
        width=320,
        height=180,
        timebase=VIDEO,
        video_codec="libx264",
        crf=20,
        preset="veryfast",
        audio_kbps=128,
        lufs=-16.0,
        dbtp=-1.5,
        burn_captions=True,
        gop_frames=30,
    )


@pytest.fixture
def write_wav() -> Callable[[Path, np.ndarray], Path]:
    def write(path: Path, samples: np.ndarray) -> Path:
        """Mono, 48 kHz, 16 bit, from floats in −1…1."""
        with wave.open(str(path), "wb") as f:
            f.setnchannels(1)
            f.setsampwidth(2)
            f.setframerate(48000)
            f.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture(scope="session")
def make_clip(ffmpeg: FFmpeg, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes finished clips that are right in all respects but those that the test asks for."""

    def make(
        video: str = "testsrc2=s=320x180:r=30000/1001",
        audio: str = "aevalsrc=0.1*sin(2*PI*997*t):s=48000",
        seconds: float = 3.0,
        extra: str = "",
        name: str = "clip.mp4",
        before_audio: str = "",
    ) -> Path:
        path = tmp_path_factory.mktemp("clip") / name
        inputs = ["-f", "lavfi", "-i", video, *before_audio.split(), "-f", "lavfi", "-i", audio]
        codecs = ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-g", "30"]
        codecs += ["-c:a", "aac", "-ac", "2"]
        tail = ["-t", str(seconds), "-movflags", "+faststart", *extra.split(), str(path)]
        run_ffmpeg([ffmpeg.path, *inputs, "-vf", SETPARAMS, *codecs, *COLOUR, *tail])
        return path

    return make


@pytest.fixture(scope="session")
def good_clip(make_clip: Callable[..., Path]) -> Path:
    """Three seconds with nothing wrong: 90 frames, a tone at −23 LUFS."""
    return make_clip()
