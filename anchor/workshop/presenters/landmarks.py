"""468 points of a face (MediaPipe's face mesh), and what they measure.

Points lie in picture pixels, x right, y down, pixel centres at +0.5; left and right are the picture's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anchor.workshop.presenters.face_detection import MARGIN, SIDE_OF_MESH, DetectedFace
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.tflite import Net, crop, sigmoid, turned_square

F32 = NDArray[np.float32]

POINTS = 468

# Indices of points. Contours of the lips run from the left corner over the upper lip to the right corner and back.
OUTER_LIP: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
INNER_LIP: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
EYE_CORNERS: Final = (33, 133, 362, 263)
"""Left to right."""
NOSE_TIP: Final = 4
NOSE_BRIDGE: Final = (168, 6, 197, 195)
"""From between the eyes down."""
CHIN: Final = 152
FOREHEAD: Final = 10
JAW_LINE: Final = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)
"""Left to right, the chin in the middle."""
FACE_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
LIDS: Final = (((160, 144), (159, 145), (158, 153)), ((385, 380), (386, 374), (387, 373)))
"""Pairs of upper and lower lid, left eye and right eye."""
CHEEKS: Final = (117, 118, 50, 205, 346, 347, 280, 425)
STABLE: Final = (9, 8, *NOSE_BRIDGE, NOSE_TIP, 117, 118, 50, 346, 347, 280, 127, 356)
"""Points that neither speech nor blinks move much: they tell where the head is.

Between the brows, nose, cheekbones and temples. Chosen among those of the rigid face by what the model makes of
rendered heads whose true pose is known: a blink moves the outer corners of the eyes two or three times as far as these,
and the lower cheeks go along with speech.
"""

LEVEL_PITCH_DEG = 12.6
"""Slope of forehead to chin in the model's depth when a head is level: mean of both house anchors and a photograph."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The points of one face in one picture."""

    points: F32
    """[468, 3]: x, y, and depth in pixels (smaller is nearer, 0 about the middle of the head)."""
    score: float
    """0…1: how sure the model is that there is a face."""

    @property
    def xy(self) -> F32:
        """[468, 2]."""
        return self.points[:, :2]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around all points."""
        (x0, y0), (x1, y1) = self.xy.min(0), self.xy.max(0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def eye_distance(self) -> float:
        """Between the middles of the eyes, pixels."""
        return eye_distance(self.xy)

    @property
    def yaw_deg(self) -> float:
        """Head turned: positive towards the picture's right."""
        return _angles(self.points)[0]

    @property
    def pitch_deg(self) -> float:
        """Head raised: positive looks up."""
        return _angles(self.points)[1]

    @property
    def roll_deg(self) -> float:
        """Head tilted: positive clockwise in the picture."""
        return _angles(self.points)[2]


class Landmarker:
    """Puts the points on faces; keeps the model loaded."""

    def __init__(self, models: FaceModels) -> None:
        """Load the model.

        Raises:
            EngineError: OpenCV cannot read it.
        """
        self._net = Net(models.landmarks, ("conv2d_21", "conv2d_31"))

    def of_face(self, rgb: NDArray[np.uint8], face: DetectedFace) -> Landmarks:
        """The points of a face that was found; run twice, so that the crop sits as it does while following."""
        (lx, ly), (rx, ry) = face.eyes
        rough = self._in_square(rgb, face.centre, MARGIN * face.size, math.atan2(ry - ly, rx - lx))
        return self.follow(rgb, rough)

    def follow(self, rgb: NDArray[np.uint8], before: Landmarks) -> Landmarks:
        """The points in this picture of the face whose points were known in the one before."""
        xy = before.xy.astype(np.float64)
        left, right = xy[EYE_CORNERS[0]], xy[EYE_CORNERS[3]]
        angle = math.atan2(right[1] - left[1], right[0] - left[0])
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        level = xy @ turn
        low, high = level.min(0), level.max(0)
        centre = turn @ ((low + high) / 2)
        return self._in_square(rgb, (centre[0], centre[1]), MARGIN * float((high - low).max()), angle)

    def _in_square(self, rgb: NDArray[np.uint8], centre: tuple[float, float], side: float, angle: float) -> Landmarks:
        """Points of the face in a turned square of the picture."""
        matrix = turned_square(centre, side, angle, SIDE_OF_MESH)
        raw, score = self._net(crop(rgb, matrix, SIDE_OF_MESH) / 255)
        points = raw.reshape(POINTS, 3).astype(np.float64)
        placed = np.empty((POINTS, 3), np.float32)
        placed[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        placed[:, 2] = points[:, 2] * (side / SIDE_OF_MESH)
        return Landmarks(placed, sigmoid(float(score[0])))


def eye_distance(points: NDArray[np.floating]) -> float:
    """Between the middles of the eyes, in the points' own unit."""
    xy = points[list(EYE_CORNERS), :2]
    return float(np.linalg.norm((xy[0] + xy[1]) / 2 - (xy[2] + xy[3]) / 2))


def eye_span(points: NDArray[np.floating]) -> float:
    """Between the outer corners of the eyes, in the points' own unit: what mouths are measured by."""
    return float(np.linalg.norm(points[EYE_CORNERS[3], :2] - points[EYE_CORNERS[0], :2]))


def mouth_opening(points: NDArray[np.floating]) -> float:
    """Opening between the lips at the middle three pairs, over the span of the eyes."""
    upper, lower = points[[82, 13, 312], :2], points[[87, 14, 317], :2]
    down = points[CHIN, :2] - points[FOREHEAD, :2]
    down = down / np.linalg.norm(down)
    return float(max(0.0, ((lower - upper) @ down).mean())) / eye_span(points)


def mouth_width(points: NDArray[np.floating]) -> float:
    """Corner to corner of the outer lips, over the span of the eyes."""
    return float(np.linalg.norm(points[291, :2] - points[61, :2])) / eye_span(points)


def lid_ratio(points: NDArray[np.floating]) -> float:
    """Opening of the eyes over their width, mean of both; about 0.3 open, under 0.15 closed."""
    ratios = []
    for pairs, corners in zip(LIDS, (EYE_CORNERS[:2], EYE_CORNERS[2:]), strict=True):
        width = np.linalg.norm(points[corners[1], :2] - points[corners[0], :2])
        opening = np.mean([np.linalg.norm(points[low, :2] - points[up, :2]) for up, low in pairs])
        ratios.append(float(opening / max(float(width), 1e-6)))
    return sum(ratios) / len(ratios)


def _angles(points: F32) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees from the face's own axes in the model's depth."""
    across = (points[454] - points[234]).astype(np.float64)
    down = (points[CHIN] - points[FOREHEAD]).astype(np.float64)
    roll = math.degrees(math.atan2(across[1], across[0]))
    yaw = math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))
    pitch = LEVEL_PITCH_DEG - math.degrees(math.atan2(down[2], math.hypot(down[0], down[1])))
    return yaw, pitch, roll
