"""Frames on the plate's canvas, cut out or whole: by a green screen, by segmentation, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np

from anchor.core.face import Affine
from anchor.workshop.presenters.chroma_key import LEAST_SHARE, GreenScreen, find_screen_colour
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.segmentation import Segmenter, opened_colour
from anchor.workshop.presenters.video.face_observations import U8
from anchor.workshop.presenters.video.prefetch import run_ahead

_CLEAN_FRAMES = 5


@dataclass(frozen=True)
class MattedFrame:
    """One frame on the canvas.

    Shapes:
        rgb: [h, w, 3] uint8, straight colour; matte: [h, w] uint8, or None: opaque
    """

    rgb: U8
    matte: U8 | None


def choose_background(asked: str, sample: U8) -> str:
    """`keep`, `remove` or `green`; `auto` takes green where there is a screen, else segmentation."""
    if asked != "auto":
        return asked
    return "green" if find_screen_colour(sample)[1] >= LEAST_SHARE else "remove"


class Cutter:
    """Brings footage frames onto the canvas."""

    def __init__(
        self, way: str, framing: Affine, canvas: tuple[int, int], models: FaceModels, sample: list[U8]
    ) -> None:
        """Prepare for one footage.

        Args:
            way: `keep`, `remove` or `green`.
            framing: source pixels → plate pixels, by `on_pixels`.
            canvas: width and height of the plate.
            models: of the face.
            sample: some frames, to learn the screen from.

        Raises:
            MediaError: `green`, and there is no screen.
        """
        self._way, self._canvas = way, canvas
        self._framing = framing
        self._screen = GreenScreen.of(sample[:_CLEAN_FRAMES]) if way == "green" else None
        self._segmenter = Segmenter(models) if way == "remove" else None

    def cut(self, frames: Iterable[U8]) -> Generator[MattedFrame, None, None]:
        """Consecutive frames, in order; mattes are made in a thread beside whoever takes them."""
        with closing(run_ahead(self._keyed(frames))) as keyed:
            for cut in keyed:
                if self._segmenter is not None and cut.matte is not None:
                    yield MattedFrame(opened_colour(cut.rgb, cut.matte), cut.matte)
                else:
                    yield cut

    def _keyed(self, frames: Iterable[U8]) -> Generator[MattedFrame, None, None]:
        """With the person's colours as they are in the picture, except before a screen."""
        framed = (self._placed(rgb) for rgb in frames)
        if self._segmenter is not None:
            yield from itertools.starmap(MattedFrame, self._segmenter.matted(framed))
            return
        for rgb in framed:
            if self._screen is None:
                yield MattedFrame(rgb, None)
            else:
                matte, own = self._screen.key(rgb)
                yield MattedFrame(own, matte)

    def _placed(self, rgb: U8) -> U8:
        height, width = rgb.shape[:2]
        across, _, x, _, down, y = self._framing
        size = (round(across * width), round(down * height))
        if size != (width, height):
            how = cv2.INTER_AREA if across < 1 else cv2.INTER_CUBIC
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=how), np.uint8)
        left, top = round(x), round(y)
        right, low = self._canvas[0] - left - size[0], self._canvas[1] - top - size[1]
        part = rgb[max(0, -top) : size[1] + min(0, low), max(0, -left) : size[0] + min(0, right)]
        edges = (max(0, top), max(0, low), max(0, left), max(0, right))
        return np.asarray(cv2.copyMakeBorder(part, *edges, cv2.BORDER_REPLICATE), np.uint8)
