"""Running MediaPipe's TensorFlow Lite models in OpenCV's own DNN module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.messages import message


class Net:
    """One model with named outputs; not for use by two threads at once."""

    def __init__(self, path: Path, outputs: Sequence[str]) -> None:
        """Load it.

        Raises:
            EngineError: OpenCV cannot read it.
        """
        try:
            # OpenCV 5's default engine gives one output only.
            engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
            arguments = (str(path),) if engine is None else (str(path), engine)
            self._net = cv2.dnn.readNetFromTFLite(*arguments)
        except cv2.error as error:
            what = message("presenters.opencv", file=path.name, reason=str(error))
            raise EngineError(what, hint=message("presenters.opencv-hint")) from error
        self._outputs = tuple(outputs)

    def __call__(self, picture: NDArray[np.floating]) -> tuple[NDArray[np.float64], ...]:
        """The named outputs, flat, for `picture`: [h, w, 3], RGB, in the model's range."""
        self._net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)[None])
        return tuple(np.asarray(out, np.float64).reshape(-1) for out in self._net.forward(self._outputs))


def crop(rgb: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.floating]:
    """A square of `size` pixels whose point (x, y) shows `matrix` · (x, y, 1) of the picture.

    Both sides count from the corner of the corner pixel, so pixel centres lie at +0.5. What is shrunk is averaged, not
    skipped; outside the picture is black.

    Shapes:
        rgb: [h, w, 3]; matrix: [2, 3]; gives [size, size, 3] float32 0…255
    """
    step = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    corners = matrix @ np.array([[0, size, size, 0], [0, 0, size, size], [1, 1, 1, 1]], np.float64)
    height, width = rgb.shape[:2]
    x0, y0 = (max(0, int(v) - 2) for v in np.floor(corners.min(1)))
    x1, y1 = (min(top, int(v) + 2) for v, top in zip(np.ceil(corners.max(1)), (width, height), strict=True))
    if x1 <= x0 or y1 <= y0:
        return np.zeros((size, size, 3), np.float32)
    part: NDArray[np.integer | np.floating] = rgb[y0:y1, x0:x1]
    shrink = max(1, int(step))
    if shrink > 1:
        # Whole blocks only, so that the scale stays exact; the border repeats.
        down, right = -part.shape[0] % shrink, -part.shape[1] % shrink
        part = cv2.copyMakeBorder(part, 0, down, 0, right, cv2.BORDER_REPLICATE)
        part = cv2.resize(part, (part.shape[1] // shrink, part.shape[0] // shrink), interpolation=cv2.INTER_AREA)
    inner = matrix.copy()
    inner[:, 2] -= (x0, y0)
    inner /= shrink
    inner[:, 2] += inner[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(part.astype(np.float32), inner, (size, size), flags=flags).astype(np.float32, copy=False)


def turned_square(centre: tuple[float, float], side: float, angle: float, size: int) -> NDArray[np.float64]:
    """The matrix for `crop`: a square of `side` picture pixels about `centre`, turned clockwise by `angle` radians.

    Shapes:
        gives [2, 3]
    """
    step = side / size
    c, s = step * math.cos(angle), step * math.sin(angle)
    half = size / 2
    return np.array([[c, -s, centre[0] - (c - s) * half], [s, c, centre[1] - (s + c) * half]], np.float64)


def sigmoid(logit: float) -> float:
    """A logit as a probability."""
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))
