"""How fast ffmpeg alone encodes the same finished frames with the same settings: the limit of any renderer here."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from anchor.core.plan import Rendition
from anchor.media.decode import read_frames
from anchor.media.encode import encode_args
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg, file_url

STRETCHES, STRETCH = 3, 100
"""Stretches of the clip, spread evenly, and frames in each: kept raw in memory and read over and over."""


def limit_fps(ffmpeg: FFmpeg, rendition: Rendition, clip: Path, frames: int) -> float:
    """Frames a second of ffmpeg fed with raw frames from a file in memory, over about as many as the clip has."""
    need = rendition.width * rendition.height * 3 // 2 * STRETCHES * STRETCH
    shm = Path("/dev/shm")
    place = shm if shm.is_dir() and shutil.disk_usage(shm).free > 2 * need else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        raw, sound = Path(folder) / "frames.yuv", Path(folder) / "sound.wav"
        with raw.open("wb") as f:
            for index in range(STRETCHES):
                start = (frames - STRETCH) * (2 * index + 1) // (2 * STRETCHES)
                for frame in read_frames(ffmpeg, clip, "yuv420p", start, STRETCH):
                    f.write(frame.data)
        run_ffmpeg([ffmpeg.path, "-i", file_url(clip), "-vn", file_url(sound)])
        loops = max(1, round(frames / (STRETCHES * STRETCH)))
        out = Path(folder) / "out.mp4"
        args = encode_args(ffmpeg.path, rendition, sound, out, frames=file_url(raw), loops=loops - 1)
        began = time.perf_counter()
        subprocess.run(args, check=True, capture_output=True)
        return loops * STRETCHES * STRETCH / (time.perf_counter() - began)
