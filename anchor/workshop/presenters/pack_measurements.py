"""A presenter's pack measured: whether its parts belong together and are good enough to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Avatar
from anchor.core.quality import CheckItem
from anchor.face.avatar import resolve_avatar
from anchor.face.idle import plate_speeds
from anchor.face.mesh import inner_gap_px
from anchor.face.mouthbank import MouthBank, load_bank
from anchor.face.track import HeadTrack, load_track
from anchor.media.decode import read_frames
from anchor.media.process import raise_if
from anchor.media.tool import FFmpeg
from anchor.messages import Message, message
from anchor.packs import Pack
from anchor.workshop.presenters.build_report import Weakness

NOSE_OFF_PX = 2.0
"""Bank against track at frame 0."""
JOINT = 3.0
"""The step from the last frame to the first, against the 95th percentile of all steps of the loop."""
SHARP = 6.0
"""Least variance of the Laplacian of Y' over the face, taken to `FACE_PX`; the house anchors have 18 and 31."""
FACE_PX = 130.0
"""Eye distance at which sharpness is measured."""
CLOSED = 0.045
"""Widest inner-lip gap of a closed mouth over the eye distance; the house anchors rest at .004 to .016."""
COLOUR_OFF = 14.0
"""Code values of Y' between plate and bank at the seam."""
LEAST_SECONDS = 2.0
LEAST_EYES_PX = 60.0
"""Eye distance of a face that fills enough of the plate."""


@dataclass(frozen=True)
class PresenterMeasurements:
    """What was measured on a pack."""

    items: tuple[CheckItem, ...]
    weak: tuple[Weakness, ...]
    """What passes and could be better, or fails."""
    steps: tuple[float, ...]
    """How far the head moves from each plate frame to the next, the last to the first; plate pixels."""
    changes: tuple[float, ...]
    """Mean change of Y' from each plate frame to the next, the last to the first; code values."""


def measure_pack(pack: Pack, ffmpeg: FFmpeg, cancelled: Callable[[], bool]) -> PresenterMeasurements:
    """Measure a presenter's pack; decodes its plate once.

    Raises:
        PackError: a part cannot be read at all.
        MediaError: the plate cannot be decoded.
        JobCancelled: `cancelled` said so.
    """
    avatar = resolve_avatar(pack)
    track = load_track(pack.file(str(pack.manifest["plate"].get("track", "track.json"))))
    bank = load_bank(pack.file("bank/bank.json"))
    changes, sharpness, frames = _plate(avatar, track, ffmpeg, cancelled)
    steps = plate_speeds(avatar)
    eyes = eye_distance_px(track)
    seconds = len(avatar.frames) / float(avatar.timebase.rate)
    off = float(np.linalg.norm(np.array(track.data[0].points.nose_tip[0]) - np.array(bank.nose_tip)))
    moved, changed = joint(steps), joint(changes)
    gap = inner_gap_px(bank.rest) / eyes
    tint = max(abs(frame.colour[0]) for frame in avatar.frames)
    items = (
        CheckItem("plate", _frames(frames), _frames(len(avatar.frames)), frames == len(avatar.frames)),
        _least("length", seconds, LEAST_SECONDS, message("presenters.s")),
        _least("face-size", eyes, LEAST_EYES_PX, message("presenters.px-between-eyes")),
        _most("bank-on-track", off, NOSE_OFF_PX, message("presenters.px-at-nose")),
        _most("loop-motion", moved, JOINT, message("presenters.times-steps")),
        _most("loop-picture", changed, JOINT, message("presenters.times-changes")),
        _least("sharpness", sharpness, SHARP, message("presenters.laplacian")),
        _most("closed-mouth", gap, CLOSED, message("presenters.eye-distances")),
        _most("seam-colour", tint, COLOUR_OFF, message("presenters.code-values")),
    )
    return PresenterMeasurements(items, _weak(items, avatar, bank), steps, changes)


def joint(steps: tuple[float, ...]) -> float:
    """The last step of a loop, which closes it, against the fast ones of the others."""
    usual = float(np.percentile(steps[:-1], 95)) if len(steps) > 1 else 0.0
    # A plate that hardly moves has no fast steps; a fifth of a unit is nothing anybody sees.
    return steps[-1] / max(usual, 0.2)


def eye_distance_px(track: HeadTrack) -> float:
    """Between the middles of the eyes in frame 0, plate pixels."""
    corners = np.array(track.data[0].points.eye_corners)
    return float(np.linalg.norm(corners[2:].mean(axis=0) - corners[:2].mean(axis=0)))


def _plate(
    avatar: Avatar, track: HeadTrack, ffmpeg: FFmpeg, cancelled: Callable[[], bool]
) -> tuple[tuple[float, ...], float, int]:
    """Changes from frame to frame, the median sharpness of the face, and the frames that there are."""
    small: list[NDArray[np.int16]] = []
    sharp: list[float] = []
    x0, y0, x1, y1 = avatar.figure
    for index, frame in enumerate(read_frames(ffmpeg, avatar.plate, "yuv444p")):
        raise_if(cancelled)
        luma = frame[0]
        part = luma[y0:y1, x0:x1]
        size = (max(1, part.shape[1] // 4), max(1, part.shape[0] // 4))
        small.append(cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.int16))
        if index % 8 == 0 and index < len(track.data):
            sharp.append(_sharpness(luma, np.array(track.data[index].points.stable)))
    count = len(small)
    changes = tuple(float(np.abs(small[(i + 1) % count] - small[i]).mean()) for i in range(count))
    return changes, float(np.median(sharp)), count


def _sharpness(luma: NDArray[np.uint8], points: NDArray[np.float64]) -> float:
    """Variance of the Laplacian over the face at one size; a face enlarged from few pixels is soft."""
    low, high = points.min(axis=0).astype(int), points.max(axis=0).astype(int) + 1
    face = luma[max(0, low[1]) : high[1], max(0, low[0]) : high[0]]
    if not face.size:
        return 0.0
    scale = FACE_PX / float(np.linalg.norm(points[3] - points[0])) * 1.42  # corner to corner over middle to middle
    if scale < 1:
        face = np.asarray(cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return float(cv2.Laplacian(face, cv2.CV_32F).var())


def _frames(count: int) -> Message:
    return message("presenters.frames", count=count)


def _least(name: str, value: float, limit: float, unit: Message) -> CheckItem:
    measured, allowed = _with_unit(value, unit), message("presenters.at-least", limit=limit)
    return CheckItem(name, measured, allowed, value >= limit)


def _most(name: str, value: float, limit: float, unit: Message) -> CheckItem:
    measured, allowed = _with_unit(value, unit), message("presenters.at-most", limit=limit)
    return CheckItem(name, measured, allowed, value <= limit)


def _with_unit(value: float, unit: Message) -> Message:
    return message("presenters.with-unit", value=float(value), unit=unit)


_MENDING: dict[str, str] = {
    "plate": "presenters.weak-plate",
    "length": "presenters.weak-length",
    "face-size": "presenters.weak-face-size",
    "bank-on-track": "presenters.weak-bank-on-track",
    "loop-motion": "presenters.weak-loop-motion",
    "loop-picture": "presenters.weak-loop-picture",
    "sharpness": "presenters.weak-sharpness",
    "closed-mouth": "presenters.weak-closed-mouth",
    "seam-colour": "presenters.weak-seam-colour",
}
"""Check → id of what falls short and what would fix it."""


def _weak(items: tuple[CheckItem, ...], avatar: Avatar, bank: MouthBank) -> tuple[Weakness, ...]:
    found = [Weakness(item.name, message(_MENDING[item.name])) for item in items if not item.passed]
    if avatar.matte is None:
        found.append(Weakness("no-matte", message("presenters.weak-no-matte")))
    return tuple(found)
