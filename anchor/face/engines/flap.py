"""Lip-sync engine `flap`: a drawn mouth that opens and shuts. For tests; never on air."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from anchor.core.face import Avatar, Patch
from anchor.core.ports import LipSyncCapabilities
from anchor.core.speech import PhonemeTimeline
from anchor.core.time import Timebase
from anchor.face.mouth_shape import MouthShape
from anchor.face.track import load_track
from anchor.face.visemes import plan_visemes

_LIPS = (130, 118, 155)
_DARK = (24, 128, 128)
"""Y', Cb, Cr."""


class FlapEngine:
    """Draws two lips where the mouth should be: between nose and chin."""

    capabilities = LipSyncCapabilities(needs_audio=False, on_air=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def sync(
        self, avatar: Avatar, timeline: PhonemeTimeline, audio: Path, frames: int, timebase: Timebase
    ) -> Iterator[Patch | None]:
        """Exactly `frames` patches; None: the plate's own mouth shows. The audio is not read."""
        points = load_track(avatar.path / "track.json").data[0].points
        (nose_x, nose_y), (_, chin_y) = points.nose_tip[0], points.chin_tip[0]
        centre = (nose_x, nose_y + 0.42 * (chin_y - nose_y))
        reach = 0.25 * (points.eye_corners[3][0] - points.eye_corners[0][0])
        for shape in plan_visemes(timeline, frames, timebase).frames:
            yield None if shape is None else _drawn(shape, centre, reach)


def _drawn(shape: MouthShape, centre: tuple[float, float], reach: float) -> Patch:
    half_width = reach * (1 + 0.25 * shape.width)
    gap = reach * shape.opening * (1 - shape.press)
    lip = 0.22 * reach
    side = int(reach * 1.5)
    pixels = np.empty((2 * side, 2 * side, 3), np.uint8)
    pixels[:] = _LIPS
    mask = np.zeros((2 * side, 2 * side), np.uint8)
    middle = (side, side)
    cv2.ellipse(mask, middle, (round(half_width), round(gap + lip)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    if gap >= 1:
        cv2.ellipse(pixels, middle, (round(half_width * 0.8), round(gap)), 0, 0, 360, _DARK, -1)
    mask = np.asarray(cv2.convertScaleAbs(mask, alpha=shape.presence), np.uint8)
    return Patch(round(centre[0]) - side, round(centre[1]) - side, pixels, mask)
