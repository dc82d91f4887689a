"""Presenters made for the measuring alone: from a public-domain photograph, and from a talking clip of our own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from anchor.pipeline.services import Services
from anchor.workshop.presenters.build_report import BuildOptions
from anchor.workshop.presenters.creation import Rights, build_presenter
from tests.lips.filming import FilmWriter, both, plan_of, read_out

_ENLARGED = 3
TALK = (
    "各位觀眾大家好，歡迎收看今天的新聞。北部地區明天多雲，東部有短暫陣雨，氣溫二十到二十六度，出門請記得帶傘。"
    "體育消息，我國羽球選手在決賽擊敗印尼對手，拿下女子單打冠軍。她說，謝謝爸爸媽媽，也謝謝每一位球迷的支持。"
    "最後提醒您，綠色蔬果要多吃，魚肉煮熟再入口，保護自己也保護家人。"
)
"""Half a minute, as docs/presenters.md asks for."""


def add_astronaut(services: Services, shelf: Path, work: Path) -> str:
    """Eileen Collins's portrait (NASA, public domain), enlarged, since its face is small."""
    from skimage import data

    picture = np.asarray(data.astronaut())[..., ::-1]
    size = (picture.shape[1] * _ENLARGED, picture.shape[0] * _ENLARGED)
    source = work / "astronaut.png"
    cv2.imwrite(str(source), cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4))
    return _added(source, "astronaut", "lan", services, shelf)


def add_talker(services: Services, shelf: Path, work: Path) -> str:
    """A bank harvested from hao reading something else."""
    reading = read_out(services, "hao", TALK)
    plan = plan_of(services, reading, reading.clip)
    source = work / "talking.mkv"
    box = (0, 0, plan.rendition.width, plan.rendition.height)
    with FilmWriter(services.ffmpeg, source, box, ("-c:v", "libx264", "-crf", "10", "-preset", "veryfast")) as film:
        for spoken, _, _ in both(services, plan):
            film.write(spoken)
    return _added(source, "talker", "hao", services, shelf)


GUESTS: dict[str, Callable[[Services, Path, Path], str]] = {"astronaut": add_astronaut, "talker": add_talker}


def _added(source: Path, name: str, voice: str, services: Services, shelf: Path) -> str:
    """A pack that lives as long as the measuring; nobody is made to say anything but the fixed text."""
    pack = shelf / "avatars" / name
    pack.mkdir(parents=True)
    rights = Rights(
        "synthetic", "tests", f"made of {source.name} for measuring", date(2026, 1, 1), "CC0-1.0", "CC0-1.0\n"
    )
    options = BuildOptions(name, voice=voice)
    models = services.settings.models
    build_presenter(source, pack, options, rights, services.ffmpeg, models, lambda *_: None, lambda: False)
    return name
