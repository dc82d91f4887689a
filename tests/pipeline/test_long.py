"""What only shows in long clips: drift, and memory that grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from anchor.core.time import AUDIO, VIDEO
from anchor.intake.script import parse_script
from anchor.media.decode import read_frames
from anchor.media.wav import read_wav
from anchor.pipeline.run import Choices, plan_script, render_script
from anchor.pipeline.services import Services

pytestmark = [pytest.mark.media, pytest.mark.slow]
PARAGRAPH = (
    "各位觀眾好，今天早上八點，爸爸媽媽帶著小朋友，到河邊的公園跑步、放風箏。"
    "氣象署說，明天白天多雲，氣溫攝氏二十五度，晚上會下雨，請大家帶傘。"
)
HOUSE = Choices(avatar="lan", rendition="web-720p")


def _speech_and_mouth(services: Services, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Per frame of the finished file: is there sound, and how much does the mouth move."""
    script = parse_script("\n\n".join([PARAGRAPH] * 7), None, folder)
    out = folder / "long.mp4"
    result = render_script(script, HOUSE, out, services)
    assert result.check.passed
    plan = plan_script(script, HOUSE, services)
    scene = next(s for s in plan.scenes if s.placement is not None)
    assert scene.placement is not None
    # The lower lip and the dark between the lips, in plate pixels of the house anchor lan.
    scale, x, y = scene.placement.scale, scene.placement.x, scene.placement.y
    box = np.s_[int(y + 500 * scale) : int(y + 560 * scale), int(x + 915 * scale) : int(x + 1005 * scale)]
    pixels = plan.rendition.height, plan.rendition.width
    mouth = []
    for frame in read_frames(services.ffmpeg, out, "yuv420p"):
        luma = frame.reshape(-1)[: pixels[0] * pixels[1]].reshape(pixels)
        mouth.append(float((luma[box] < 50).mean()))
    assert len(mouth) == result.frames
    wav = folder / "sound.wav"
    subprocess.run(
        (services.ffmpeg.path, "-v", "error", "-i", str(out), "-ac", "1", "-c:a", "pcm_s16le", str(wav)), check=True
    )
    sound = np.concatenate([block[:, 0] for block in read_wav(wav)])
    edges = [AUDIO.ticks_at(f, VIDEO) for f in range(len(mouth) + 1)]
    loud = np.array([np.sqrt(np.mean(sound[a:b] ** 2)) for a, b in pairwise(edges)])
    return loud, np.array(mouth)


def _lag(loud: np.ndarray, mouth: np.ndarray) -> int:
    """Frames by which the mouth comes after the sound, by cross-correlation."""

    def centred(values: np.ndarray) -> np.ndarray:
        return (values - values.mean()) / (values.std() + 1e-9)

    reach = 8
    a, b = centred(loud)[reach:-reach], centred(mouth)
    scores = [float(np.dot(a, b[reach + lag : reach + lag + len(a)])) for lag in range(-reach, reach + 1)]
    return int(np.argmax(scores)) - reach


def test_lips_and_sound_agree_at_the_beginning_and_after_ninety_seconds(house: Services, tmp_path: Path) -> None:
    loud, mouth = _speech_and_mouth(house, tmp_path)
    ninety = int(VIDEO.rate * 90)
    assert len(mouth) > ninety + 100
    window = 240
    early = _lag(loud[90 : 90 + window], mouth[90 : 90 + window])
    late = _lag(loud[ninety - window // 2 : ninety + window // 2], mouth[ninety - window // 2 : ninety + window // 2])
    assert abs(early) <= 2 and abs(late) <= 2
    assert abs(early - late) <= 1


def test_planned_mouth_starts_with_the_sound_in_every_segment(house: Services, tmp_path: Path) -> None:
    script = parse_script("\n\n".join([PARAGRAPH] * 7), None, tmp_path)
    plan = plan_script(script, HOUSE, house)
    for scene, cut in zip([s for s in plan.scenes if s.clip], plan.audio, strict=True):
        assert abs(cut.start - scene.clip_start * 48000 * 1001 / 30000) <= 0.5


def _peak_mb(script: Path, cache: Path, out: Path) -> tuple[float, float]:
    """Highest memory of all processes together (proportional shares), and the clip's length in seconds."""
    process = subprocess.Popen(
        (
            sys.executable,
            "-m",
            "anchor.cli.app",
            "render",
            str(script),
            "-o",
            str(out),
            "--rendition",
            "web-720p",
            "--json",
        ),
        env={**os.environ, "ANCHOR_CACHE": str(cache)},
        stdout=subprocess.PIPE,
    )
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while not done.wait(0.2):
            total = 0
            try:
                for one in (root, *root.children(recursive=True)):
                    total += one.memory_full_info().pss
            except psutil.Error:
                continue
            peak = max(peak, total / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    done.set()
    watcher.join()
    assert process.returncode == 0
    return peak, json.loads(said)["duration_s"]


@pytest.mark.alone
def test_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    peaks = {}
    for name, paragraphs in (("warm", 1), ("minute", 4), ("ten", 42)):
        script = tmp_path / f"{name}.md"
        script.write_text("\n\n".join(f"第{n}段。{PARAGRAPH}" for n in range(1, paragraphs + 1)), encoding="utf-8")
        peaks[name], seconds = _peak_mb(script, cache, tmp_path / f"{name}.mp4")
        (tmp_path / f"{name}.mp4").unlink()
    assert seconds > 570
    assert peaks["ten"] < 1000
    assert peaks["ten"] <= 1.10 * peaks["minute"]
