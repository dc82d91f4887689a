"""Footage made for tests: a house anchor speaking or idle, over a room or in front of a green screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import ffmpeg as graph
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Avatar, Patch
from anchor.core.plan import Placement
from anchor.core.time import VIDEO
from anchor.face.blinks import blink_patch
from anchor.face.engines.bank import BankEngine
from anchor.face.idle import plan_idle
from anchor.face.paste import lay_patch
from anchor.face.plates import Keyer, read_plate
from anchor.media.planes import Planes, planes_from_ycbcr, ycbcr_from_rgb
from anchor.media.process import Process
from anchor.media.tool import FFmpeg, file_url
from tests.face.face_samples import frames_of, hum, spoken

TALK = (
    "_2.2 ge4 wei4 guan1 zhong4 da4 jia1 hao3 _0.5 huan1 ying2 shou1 kan4 wan3 jian1 xin1 wen2 _0.6 "
    "mei3 guo2 zong3 tong3 fa1 biao3 yan3 shuo1 _0.5 lv3 ke4 bu2 bi4 fu4 fei4 _0.6 la1 ma1 si1 ji1 _3.2"
)
"""Closed lips, rounded, spread, open; lips on teeth, tongue and teeth; long pauses at both ends."""
GREEN = (20, 190, 60)


def room(width: int, height: int) -> NDArray[np.uint8]:
    """A plain room with something in it that a moving camera would show."""
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    grey = 110 + 40 * x + 25 * y
    picture = np.dstack([grey * 0.95, grey, grey * 1.05]).astype(np.uint8)
    cv2.rectangle(picture, (width // 12, height // 8), (width // 5, height // 2), (70, 60, 90), -1)
    cv2.circle(picture, (width * 10 // 12, height // 4), height // 9, (190, 170, 120), -1)
    return picture


def screen(width: int, height: int) -> NDArray[np.uint8]:
    """A green screen lit a little unevenly."""
    light = (0.88 + 0.12 * np.linspace(0, 1, width))[None, :, None]
    return np.broadcast_to(np.array(GREEN) * light, (height, width, 3)).astype(np.uint8)


def talking(
    avatar: Avatar, background: NDArray[np.uint8], folder: Path, text: str = TALK, seed: str = "clip"
) -> Iterator[NDArray[np.uint8]]:
    """Frames of a presenter reading pinyin; `folder` takes the sound.

    Shapes:
        background: [h, w, 3] uint8 RGB → [h · 3/2, w] uint8, yuv420p
    """
    timeline = spoken(text)
    frames = frames_of(timeline)
    with BankEngine() as engine:
        yield from shown(
            avatar, background, list(engine.sync(avatar, timeline, hum(timeline, folder), frames, VIDEO)), seed
        )


def shown(
    avatar: Avatar, background: NDArray[np.uint8], patches: list[Patch | None], seed: str = "clip"
) -> Iterator[NDArray[np.uint8]]:
    """Frames of a presenter with the patches laid on, over a background."""
    height, width = background.shape[:2]
    keyer = Keyer(avatar, ycbcr_from_rgb(background), Placement(height / 1080, 0.0, 0.0))
    plates = list(read_plate_boxes(avatar, keyer))
    for patch, idle in zip(patches, plan_idle(avatar, len(patches), seed), strict=True):
        frame = planes_from_ycbcr(ycbcr_from_rgb(background))
        frame.put(plates[idle.plate], keyer.x0, keyer.y0)
        pose = avatar.frames[idle.plate]
        if patch is not None:
            lay_patch(frame, patch, pose.mouth, keyer.screen, pose.colour)
        if idle.blink is not None:
            lay_patch(frame, blink_patch(avatar, idle.blink), pose.face, keyer.screen)
        yield frame.buffer.reshape(height * 3 // 2, width)


def before_screen(
    avatar: Avatar, background: NDArray[np.uint8], count: int, gamma: float = 2.2
) -> Iterator[NDArray[np.uint8]]:
    """The plate's first frames as a camera films them: a lens mixes in linear light and blurs a little, the sensor is
    noisy, chroma is halved last.

    Shapes:
        background: [h, w, 3] uint8 RGB → [h · 3/2, w] uint8, yuv420p
    """
    from anchor.media.tool import find_ffmpeg

    height, width = background.shape[:2]
    screen_light = (background / np.float32(255)) ** gamma
    rng = np.random.default_rng(3)
    for plate, alpha in read_plate(find_ffmpeg(), avatar, 0, count):
        whole = rgb_from_ycbcr(plate.transpose(1, 2, 0).astype(np.float32))
        figure = cv2.resize((whole / np.float32(255)) ** gamma, (width, height), interpolation=cv2.INTER_AREA)
        share = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)[..., None] / np.float32(255)
        light = cv2.GaussianBlur(figure * share + screen_light * (1 - share), (0, 0), 0.6 * height / 1080)
        coded = 255 * np.clip(light, 0, 1) ** (1 / gamma) + rng.normal(0, 0.8, light.shape)
        picture = ycbcr_from_rgb(np.clip(coded + 0.5, 0, 255).astype(np.uint8))
        yield planes_from_ycbcr(picture).buffer.reshape(height * 3 // 2, width)


def rgb_from_ycbcr(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """BT.709, limited range, to 0…255."""
    y, cb, cr = (picture - np.array([16, 128, 128], np.float32)).transpose(2, 0, 1)
    y = y * np.float32(255 / 219)
    cb, cr = cb * np.float32(255 / 224), cr * np.float32(255 / 224)
    return np.clip(np.dstack([y + 1.5748 * cr, y - 0.1873 * cb - 0.4681 * cr, y + 1.8556 * cb]), 0, 255)


def read_plate_boxes(avatar: Avatar, keyer: Keyer) -> Iterator[Planes]:
    """Every plate frame keyed."""
    from anchor.media.tool import find_ffmpeg

    for plate, alpha in read_plate(find_ffmpeg(), avatar):
        yield keyer.key(plate, alpha, keyer._background)


def write_clip(
    ffmpeg: FFmpeg, frames: Iterator[NDArray[np.uint8]], size: tuple[int, int], target: Path, **options: str | int
) -> Path:
    """Encode yuv420p frames as H.264, as a camera would."""
    source = graph.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", video_size=size, framerate="30000/1001"
    ).video.filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv")
    how: dict[str, str | int] = {"c:v": "libx264", "preset": "superfast", "crf": 15, "pix_fmt": "yuv420p", **options}
    argv = graph.output(source, file_url(target), **how).overwrite_output().compile(cmd=ffmpeg.path)
    with Process([argv[0], "-v", "error", "-nostdin", *argv[1:]], feed=True) as process:
        for frame in frames:
            process.stdin.write(np.ascontiguousarray(frame).tobytes())
        process.stdin.close()
        process.wait()
    return target
