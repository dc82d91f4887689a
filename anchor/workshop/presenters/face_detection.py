"""Finding faces in a picture, large and small.

MediaPipe's short-range detector sees a square of 128 pixels and knows faces from about a seventh of its side. Small
faces in large pictures are found in overlapping tiles; the landmark model has the last word on each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.tflite import Net, crop, sigmoid, turned_square

SIDE = 128
SIDE_OF_MESH = 192
"""Pixels of the landmark model's square."""
MARGIN = 1.5
"""Side of that square over the longer side of the face's box."""
STRIDES = ((8, 2), (16, 6))
"""Pixels of a cell and anchors in it."""
LEAST_SCORE = 0.5
SAME_FACE = 0.3
"""Overlap (intersection over union) from which two boxes are one face."""
SMALLEST_SHARE = 0.16
"""A face fills at least this part of a tile in which it is looked for."""
OVERLAP = 0.4
"""Of neighbouring tiles, part of their side: larger faces are found in the tiles of the next size."""
SMALLEST_PX = 36
SMALLEST_OF_PICTURE = 0.02
"""Of the picture's longer side."""
CROWD = 4.0
"""Faces that many times smaller than the largest are people in the background."""

FaceBox = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face found; pixels of the picture, x right, y down, pixel centres at +0.5."""

    box: FaceBox
    """x0, y0, x1, y1: forehead to chin."""
    score: float
    """0…1."""
    eyes: tuple[Point, Point]
    """Middle of the left and of the right eye in the picture."""

    @property
    def size(self) -> float:
        """Side of the box, pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def centre(self) -> Point:
        """Middle of the box."""
        return ((self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2)


class FaceFinder:
    """Finds faces; keeps the model loaded."""

    def __init__(self, models: FaceModels) -> None:
        """Load the models.

        Raises:
            EngineError: OpenCV cannot read it.
        """
        self._net = Net(models.detector, ("regressors", "classificators"))
        self._mesh = Net(models.landmarks, ("conv2d_31",))

    def find(self, rgb: NDArray[np.uint8], smallest: float = SMALLEST_PX) -> list[DetectedFace]:
        """Every face that could be the one wanted, largest first; those much smaller than the largest are left out.

        Args:
            rgb: the picture.
            smallest: smallest face worth finding, pixels.

        Shapes:
            rgb: [h, w, 3] uint8
        """
        height, width = rgb.shape[:2]
        side = float(max(width, height))
        least = max(smallest, SMALLEST_OF_PICTURE * side)
        found: list[DetectedFace] = []
        while True:
            for x, y in _tiles(width, height, side):
                found += (face for face in self._in_tile(rgb, x, y, side) if self._confirmed(rgb, face))
            if found:
                least = max(least, max(face.size for face in found) / CROWD)
            if side * SMALLEST_SHARE <= least:
                return sorted(_merged([f for f in found if f.size >= least]), key=lambda face: -face.size)
            side /= 2

    def near(self, rgb: NDArray[np.uint8], centre: Point, size: float) -> list[DetectedFace]:
        """Faces around a place where one of about that size was seen, nearest first."""
        side = 3.0 * size
        found = self._in_tile(rgb, centre[0] - side / 2, centre[1] - side / 2, side)
        true = (face for face in found if self._confirmed(rgb, face))
        return sorted(true, key=lambda face: math.dist(face.centre, centre))

    def _confirmed(self, rgb: NDArray[np.uint8], face: DetectedFace) -> bool:
        """Whether the landmark model, too, sees a face there."""
        (lx, ly), (rx, ry) = face.eyes
        square = turned_square(face.centre, MARGIN * face.size, math.atan2(ry - ly, rx - lx), SIDE_OF_MESH)
        (logit,) = self._mesh(crop(rgb, square, SIDE_OF_MESH) / 255)
        return sigmoid(float(logit[0])) >= LEAST_SCORE

    def _in_tile(self, rgb: NDArray[np.uint8], x: float, y: float, side: float) -> list[DetectedFace]:
        """Faces in a square of the picture; it may reach beyond the picture."""
        step = side / SIDE
        tile = crop(rgb, np.array([[step, 0, x], [0, step, y]], np.float64), SIDE)
        regressors, scores = self._net(tile / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(scores, -50, 50)))
        keep = np.flatnonzero(scores >= LEAST_SCORE)
        raw = regressors.reshape(-1, 16)[keep].astype(np.float64)
        raw[:, [0, 1]] += _ANCHORS[keep]
        raw[:, 4:] += np.tile(_ANCHORS[keep], 6)
        raw *= step
        return _merged([_face(row, float(score), x, y) for row, score in zip(raw, scores[keep], strict=True)])


def _face(row: NDArray[np.float64], score: float, x: float, y: float) -> DetectedFace:
    cx, cy, width, height = row[0] + x, row[1] + y, row[2], row[3]
    eyes = sorted((float(row[i] + x), float(row[i + 1] + y)) for i in (4, 6))
    box = (float(cx - width / 2), float(cy - height / 2), float(cx + width / 2), float(cy + height / 2))
    return DetectedFace(box, score, (eyes[0], eyes[1]))


def _anchors() -> NDArray[np.float64]:
    """Middles of all anchors in pixels of the net's square, in its order."""
    middles = [
        ((i + 0.5) * stride, (j + 0.5) * stride)
        for stride, each in STRIDES
        for j in range(SIDE // stride)
        for i in range(SIDE // stride)
        for _ in range(each)
    ]
    return np.array(middles, np.float64)


_ANCHORS = _anchors()


def _tiles(width: int, height: int, side: float) -> Iterator[tuple[float, float]]:
    """Corners of squares that cover the picture and overlap by what the largest face sought in them needs."""
    for y in _starts(height, side):
        for x in _starts(width, side):
            yield x, y


def _starts(length: int, side: float) -> list[float]:
    """Where tiles begin along a length; one in the middle where it is shorter."""
    if length <= side:
        return [(length - side) / 2]
    count = math.ceil((length - side) / (side * (1 - OVERLAP))) + 1
    return [i * (length - side) / (count - 1) for i in range(count)]


def _merged(found: list[DetectedFace]) -> list[DetectedFace]:
    """One face of each cluster of overlapping ones: the mean, weighted by score (as the detector was made for)."""
    left = sorted(found, key=lambda face: -face.score)
    merged: list[DetectedFace] = []
    while left:
        best = left[0]
        cluster = [face for face in left if _overlap(best.box, face.box) > SAME_FACE]
        left = [face for face in left if _overlap(best.box, face.box) <= SAME_FACE]
        merged.append(_mean(cluster, best.score))
    return merged


def _mean(cluster: list[DetectedFace], score: float) -> DetectedFace:
    weights = np.array([face.score for face in cluster])
    rows = np.array([(*face.box, *face.eyes[0], *face.eyes[1]) for face in cluster])
    row = [float(v) for v in weights @ rows / weights.sum()]
    return DetectedFace((row[0], row[1], row[2], row[3]), score, ((row[4], row[5]), (row[6], row[7])))


def _overlap(a: FaceBox, b: FaceBox) -> float:
    """Intersection over union; a box inside a much larger one counts as overlapping it."""
    across = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    shared = across * down
    return max(shared / max(sum(areas) - shared, 1e-9), 0.6 * shared / max(min(areas), 1e-9))
