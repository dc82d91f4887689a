"""Pictures with faces for tests: the figures of the shelf and a photograph in the public domain."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

U8 = NDArray[np.uint8]

AVATARS = Path(__file__).resolve().parents[3] / "avatars"


@cache
def astronaut() -> U8:
    """A portrait by NASA, 512 x 512 RGB; the face is 100 pixels wide and smiles."""
    return np.ascontiguousarray(skimage.data.astronaut())


@cache
def portrait(width: int = 300) -> U8:
    """The same, enlarged so that the face is that wide."""
    factor = width / 100
    return cv2.resize(astronaut(), None, fx=factor, fy=factor, interpolation=cv2.INTER_LANCZOS4)


@cache
def still(name: str) -> U8:
    """A figure of the shelf, straight RGBA, 1920 x 1080."""
    with Image.open(AVATARS / name / "still.png") as picture:
        return np.array(picture.convert("RGBA"))


def over(rgba: U8, colour: tuple[int, int, int]) -> U8:
    """Laid over one colour."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    laid = rgba[..., :3] * alpha + np.array(colour, np.float32) * (1 - alpha)
    return laid.round().astype(np.uint8)


def over_grey(rgba: U8) -> U8:
    """Laid over a grey studio."""
    return over(rgba, (104, 110, 118))
