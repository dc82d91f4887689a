"""Portraits to test with: lan's still as if it were a photograph, and a photograph of a smile."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.framing import plan_framing
from anchor.workshop.presenters.landmarks import EYE_CORNERS, Landmarker
from anchor.workshop.presenters.photo.build import Sitter, placed_portrait, prepared_sitter
from anchor.workshop.presenters.photo.portrait import U8

CANVAS = (1280, 720)


def seated(rgb: U8, matte: np.ndarray, models: FaceModels) -> Sitter:
    """A picture made ready on a small canvas."""
    points = Landmarker(models).of_face(rgb, FaceFinder(models).find(rgb)[0])
    a, b, c, d = points.xy[list(EYE_CORNERS)].astype(float)
    eyes = (tuple((a + b) / 2), tuple((c + d) / 2))
    framing = plan_framing(eyes, (rgb.shape[1], rgb.shape[0]), True, CANVAS)
    return prepared_sitter(placed_portrait(rgb, matte.astype(np.float32), points, framing, CANVAS))


@pytest.fixture(scope="session")
def closed_sitter(face_models: FaceModels) -> Sitter:
    """A face with closed lips: the rendered anchor, whose shape is known."""
    file = Path(__file__).resolve().parents[4] / "avatars" / "lan" / "still.png"
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    rgb = np.ascontiguousarray(picture[..., 2::-1])
    return seated(rgb, picture[..., 3] / 255, face_models)


@pytest.fixture(scope="session")
def smiling_photo() -> U8:
    """A photograph of a smile with teeth, in the public domain."""
    data = pytest.importorskip("skimage.data")
    return np.asarray(cv2.resize(data.astronaut(), None, fx=3, fy=3, interpolation=cv2.INTER_LANCZOS4), np.uint8)


@pytest.fixture(scope="session")
def smiling_sitter(face_models: FaceModels, smiling_photo: U8) -> Sitter:
    """A face whose teeth show."""
    return seated(smiling_photo, np.ones(smiling_photo.shape[:2]), face_models)
