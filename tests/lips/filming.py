"""A presenter reads a text in front of a set: every frame before the encoder, once speaking and once silent."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import AnchorClip, Avatar, Patch
from anchor.core.plan import Placement, RenderPlan, Scene
from anchor.core.speech import SpeechTrack
from anchor.core.time import AUDIO, VIDEO, Span
from anchor.face.paste import lay_patch, placement_screen
from anchor.face.reel import Reel, ReelWriter
from anchor.face.track import load_track
from anchor.media.planes import Planes
from anchor.media.tool import FFmpeg
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.plan.renditions import find_rendition
from anchor.pipeline.segments import speak_on_air
from anchor.pipeline.services import Context, Services

LOOK = "forum"
RENDITION = "web-1080p"
MOUTH = (0.16, 0.96)
"""Top and bottom of the mouth's region between nose and chin."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One presenter reading one text."""

    avatar: Avatar
    track: SpeechTrack
    clip: AnchorClip
    sync_s: float
    """Processor seconds of one core that the sync stage took."""

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return self.track.timeline.samples / self.track.timeline.rate


@dataclass(frozen=True, slots=True)
class Film:
    """What was seen on every frame; arrays have one entry per frame."""

    plan: RenderPlan
    speaking: Path
    """Face, lossless."""
    silent: Path
    """The same frames without speech."""
    outside: NDArray[np.int64]
    """Samples that differ outside the mouth's mask."""
    sharpness: NDArray[np.float64]
    """Variance of the Laplacian of Y' in the mouth's region, speaking over silent; NaN where no patch lies."""
    grain: NDArray[np.float64]
    """Residual noise of the skin beside the mouth, speaking over silent; NaN where no patch lies."""
    moved: NDArray[np.float64]
    """[frames, 2]: mean change of Y' in the mouth's region since the frame before, speaking and silent."""


def read_out(services: Services, avatar_name: str, text: str, pauses: tuple[tuple[int, int], ...] = ()) -> Reading:
    """Speak and sync; what the engine makes is never taken from the cache."""
    avatar = services.avatar(avatar_name)
    utterance = services.reader.read(text, pauses)
    track, _ = speak_on_air(utterance, services.voice(avatar.voice), find_rendition(RENDITION), services, Context())
    frames = VIDEO.ticks_covering(track.timeline.samples, AUDIO)
    engine, audio = services.lip_sync(avatar.engine), services.store.path(track.audio)
    next(iter(engine.sync(avatar, track.timeline, audio, frames, VIDEO)))  # what is loaded once is not counted
    start = time.process_time()
    with services.store.workdir() as work:
        with ReelWriter(work / "mouth.reel", frames) as writer:
            for patch in engine.sync(avatar, track.timeline, audio, frames, VIDEO):
                writer.write(patch)
        cost = time.process_time() - start
        reel = services.store.put(work / "mouth.reel")
    clip = AnchorClip(avatar.name, avatar.digest, avatar.engine, frames, VIDEO, reel)
    return Reading(avatar, track, clip, cost)


def plan_of(services: Services, reading: Reading, clip: AnchorClip | None) -> RenderPlan:
    """The presenter alone on the set."""
    look = services.look(LOOK)
    rendition = find_rendition(RENDITION)
    placement = look.placement("plain")
    frames = reading.clip.frames
    background = look.background.relative_to(look.path).as_posix()
    scene = Scene("lips", Span(0, frames), background, reading.avatar.name, placement, clip)
    return RenderPlan(
        slug="lips",
        title="",
        language="zh-TW",
        look=look.name,
        look_digest=look.digest,
        look_engine=look.engine,
        rendition=rendition,
        frames=frames,
        samples=AUDIO.ticks_at(frames, rendition.timebase),
        scenes=(scene,),
        overlays=(),
        captions=(),
        audio=(),
        seed=f"lips {reading.avatar.name}",
    )


def film(services: Services, reading: Reading, folder: Path) -> Film:
    """Draw every frame twice and compare."""
    plan = plan_of(services, reading, reading.clip)
    placement = plan.scenes[0].placement
    assert placement is not None
    box = face_box(reading.avatar, placement, plan)
    mouth, cheek = _mouth_box(reading.avatar, placement), _cheek_box(reading.avatar, placement)
    paths = folder / f"{reading.avatar.name}-speaking.mkv", folder / f"{reading.avatar.name}-silent.mkv"
    outside, sharp, grain, moved = [], [], [], []
    before: list[NDArray[np.uint8]] = []
    with (
        Reel(services.store.path(reading.clip.reel)) as reel,
        FilmWriter(services.ffmpeg, paths[0], box) as spoken_film,
        FilmWriter(services.ffmpeg, paths[1], box) as silent_film,
    ):
        for index, (spoken, silent, pose) in enumerate(both(services, plan)):
            spoken_film.write(spoken)
            silent_film.write(silent)
            patch = reel.patch(index)
            now = [_part(picture, mouth).copy() for picture in (spoken, silent)]
            moved.append([float(cv2.absdiff(a, b).mean()) for a, b in zip(now, before or now, strict=True)])
            before = now
            differs = spoken.buffer != silent.buffer
            if patch is not None:
                differs &= ~touched(spoken, patch, reading.avatar, placement, pose)
            outside.append(int(differs.sum()))
            full = patch is not None and int(patch.mask.max()) == 255
            sharp.append(_ratio(spoken, silent, mouth, sharpness) if full else np.nan)
            grain.append(_ratio(spoken, silent, cheek, noise) if full else np.nan)
    return Film(plan, *paths, np.array(outside), np.array(sharp), np.array(grain), np.array(moved))


def both(services: Services, plan: RenderPlan) -> Iterator[tuple[Planes, Planes, int]]:
    """Every frame speaking and silent, and the plate frame it shows.

    Silent is a clip of no frames: idle motion, which is drawn from what is said, stays the same.
    """
    scenes = (replace(s, clip=replace(s.clip, frames=0) if s.clip is not None else None) for s in plan.scenes)
    mute = replace(plan, scenes=tuple(scenes))
    with PictureMaker(plan, services, Context()) as one, PictureMaker(mute, services, Context()) as other:
        for index, (spoken, silent) in enumerate(zip(one.frames(), other.frames(), strict=True)):
            yield spoken, silent, one._idle_frame(plan.scenes[0].avatar or "", index).plate


def touched(frame: Planes, patch: Patch, avatar: Avatar, placement: Placement, pose: int) -> NDArray[np.bool_]:
    """Samples of the frame buffer on which the patch's mask is not 0."""
    ground = Planes(frame.width, frame.height, np.full(frame.buffer.shape, 0, np.uint8))
    full = Patch(patch.x, patch.y, np.full_like(patch.pixels, 255), np.where(patch.mask > 0, 255, 0).astype(np.uint8))
    lay_patch(ground, full, avatar.frames[pose].mouth, placement_screen(placement, avatar.width, avatar.height))
    return np.asarray(ground.buffer > 0)


def sharpness(luma: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian."""
    return float(cv2.Laplacian(luma.astype(np.float32), cv2.CV_32F).var())


def noise(luma: NDArray[np.uint8]) -> float:
    """Standard deviation of what a small blur takes away, without its largest tenth (moles, the lips' rim)."""
    values = luma.astype(np.float32)
    rest = np.abs(values - cv2.GaussianBlur(values, (0, 0), 1.2)).ravel()
    return float(np.sqrt(np.mean(np.sort(rest)[: int(0.9 * rest.size)] ** 2)))


def _ratio(
    spoken: Planes, silent: Planes, box: tuple[int, int, int, int], measure: Callable[[NDArray[np.uint8]], float]
) -> float:
    return measure(_part(spoken, box)) / max(1e-9, measure(_part(silent, box)))


def _part(picture: Planes, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    return picture.y[y0:y1, x0:x1]


def _at(avatar: Avatar, placement: Placement, point: tuple[float, float]) -> tuple[float, float]:
    screen = placement_screen(placement, avatar.width, avatar.height)
    return screen.x + screen.sx * point[0], screen.y + screen.sy * point[1]


def _nose_chin(avatar: Avatar, placement: Placement) -> tuple[float, float, float, float]:
    """x and y of the nose's tip, y of the chin, distance of the outer eye corners, picture pixels, at frame 0."""
    points = load_track(avatar.path / "track.json").data[0].points
    x, nose = _at(avatar, placement, points.nose_tip[0])
    _, chin = _at(avatar, placement, points.chin_tip[0])
    left, right = (_at(avatar, placement, points.eye_corners[k])[0] for k in (0, 3))
    return x, nose, chin, right - left


def _mouth_box(avatar: Avatar, placement: Placement) -> tuple[int, int, int, int]:
    x, nose, chin, eyes = _nose_chin(avatar, placement)
    top, bottom = (nose + share * (chin - nose) for share in MOUTH)
    return round(x - 0.42 * eyes), round(top), round(x + 0.42 * eyes), round(bottom)


def _cheek_box(avatar: Avatar, placement: Placement) -> tuple[int, int, int, int]:
    """Skin between lower lip and chin."""
    x, nose, chin, eyes = _nose_chin(avatar, placement)
    top, bottom = (nose + share * (chin - nose) for share in (0.72, 0.9))
    return round(x - 0.2 * eyes), round(top), round(x + 0.2 * eyes), round(bottom)


def face_box(avatar: Avatar, placement: Placement, plan: RenderPlan) -> tuple[int, int, int, int]:
    """The head with air around it, even, inside the picture."""
    x, nose, chin, eyes = _nose_chin(avatar, placement)
    x0, x1 = x - 1.7 * eyes, x + 1.7 * eyes
    y0, y1 = nose - 2.1 * eyes, chin + 0.9 * eyes
    limits = plan.rendition.width, plan.rendition.height
    low = [max(0, 2 * int(v / 2)) for v in (x0, y0)]
    high = [min(limit, 2 * int(v / 2)) for limit, v in zip(limits, (x1, y1), strict=True)]
    return low[0], low[1], high[0], high[1]


class FilmWriter:
    """Writes a box of every frame, without loss unless told otherwise."""

    def __init__(
        self, ffmpeg: FFmpeg, path: Path, box: tuple[int, int, int, int], codec: Sequence[str] = ("-c:v", "ffv1")
    ) -> None:
        self._box = box
        size = f"{box[2] - box[0]}x{box[3] - box[1]}"
        head = [str(ffmpeg.path), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size]
        tail = ["-r", "30000/1001", "-i", "-", *codec, "-colorspace", "bt709", "-color_range", "tv", str(path)]
        self._process = subprocess.Popen([*head, *tail], stdin=subprocess.PIPE)

    def __enter__(self) -> FilmWriter:
        return self

    def write(self, frame: Planes) -> None:
        """One frame."""
        x0, y0, x1, y1 = self._box
        half = np.s_[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
        assert self._process.stdin is not None
        for plane in (frame.y[y0:y1, x0:x1], frame.u[half], frame.v[half]):
            self._process.stdin.write(np.ascontiguousarray(plane).data)

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait():
            raise RuntimeError("ffmpeg could not write the film")


def jitter_px(services: Services, reading: Reading, work: Path, frames: int = 240) -> tuple[float, float]:
    """How the resting mouth, laid as a patch, moves against the plate's own: (quick part rms, whole range), pixels.

    The patch shows the plate's own mouth, so any shift between the two pictures is a fault of where it was laid.
    """
    engine_patch = _rest_patch(reading.avatar)
    with ReelWriter(work / "rest.reel", frames) as writer:
        for _ in range(frames):
            writer.write(engine_patch)
    clip = replace(reading.clip, frames=frames, reel=services.store.put(work / "rest.reel"))
    plan = plan_of(services, replace(reading, clip=clip), clip)
    placement = plan.scenes[0].placement
    assert placement is not None
    x0, y0, x1, y1 = _mouth_box(reading.avatar, placement)
    window = cv2.createHanningWindow((x1 - x0, y1 - y0), cv2.CV_32F)
    shifts = [
        cv2.phaseCorrelate(*(p.y[y0:y1, x0:x1].astype(np.float32) for p in (silent, spoken)), window)[0]
        for spoken, silent, _ in itertools.islice(both(services, plan), frames)
    ]
    return quick_rms(np.array(shifts)), float(np.ptp(np.array(shifts), axis=0).max())


def quick_rms(shifts: NDArray[np.float64]) -> float:
    """Rms of what is quicker than a mean over seven frames (about 4 Hz), both axes together; shifts: [frames, 2]."""
    kernel = np.ones(7) / 7
    slow = np.stack([np.convolve(np.pad(s, 3, mode="edge"), kernel, "valid") for s in shifts.T], axis=1)
    return float(np.sqrt(((shifts - slow) ** 2).sum(axis=1).mean()))


def _rest_patch(avatar: Avatar) -> Patch:
    from anchor.face.mouth_patch import MouthPainter
    from anchor.face.mouth_shape import MouthShape
    from anchor.face.mouthbank import load_bank

    return MouthPainter(load_bank(avatar.path / "bank" / "bank.json")).paint(MouthShape())
