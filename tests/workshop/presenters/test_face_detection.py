"""Finding faces and putting points on them: both figures of the shelf, whose points are known, and a photograph."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.landmarks import (
    CHIN,
    EYE_CORNERS,
    INNER_LIP,
    JAW_LINE,
    NOSE_TIP,
    OUTER_LIP,
    Landmarker,
    eye_span,
    lid_ratio,
    mouth_opening,
    mouth_width,
)
from tests.workshop.presenters.face_pictures import astronaut, over_grey, still

AVATARS = Path(__file__).resolve().parents[3] / "avatars"


@pytest.fixture(scope="module")
def finder(face_models: FaceModels) -> FaceFinder:
    """The detector."""
    return FaceFinder(face_models)


@pytest.fixture(scope="module")
def landmarker(face_models: FaceModels) -> Landmarker:
    """The landmark model."""
    return Landmarker(face_models)


def off(points: NDArray[np.float32], indices: tuple[int, ...], truth: list[list[float]], closed: bool) -> float:
    """Rms distance of points from the line through the true ones, pixels."""
    line = np.array(truth)
    starts, ends = (line, np.roll(line, -1, 0)) if closed else (line[:-1], line[1:])
    along = ends - starts
    distances = []
    for point in points[list(indices), :2]:
        share = ((point - starts) * along).sum(1) / np.maximum((along**2).sum(1), 1e-9)
        nearest = starts + np.clip(share, 0, 1)[:, None] * along
        distances.append(np.linalg.norm(point - nearest, axis=1).min())
    return float(np.sqrt(np.mean(np.square(distances))))


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_points_sit_where_the_figure_has_them(name: str, finder: FaceFinder, landmarker: Landmarker) -> None:
    picture = over_grey(still(name))
    faces = finder.find(picture)
    assert len(faces) == 1
    found = landmarker.of_face(picture, faces[0])
    truth = json.loads((AVATARS / name / "track.json").read_text())["data"][0]["points"]
    unit = eye_span(found.points) / 100
    assert off(found.points, OUTER_LIP, truth["outer_lip"], closed=True) < 2.5 * unit
    assert off(found.points, INNER_LIP, truth["inner_lip"], closed=True) < 2.8 * unit
    assert off(found.points, JAW_LINE, truth["jaw_line"], closed=False) < 2.5 * unit
    for indices, key, allowed in (
        # The mesh's corners lie under the skin beside those that show, its chin in front of the lowest point.
        (EYE_CORNERS, "eye_corners", 3.0),
        ((NOSE_TIP,), "nose_tip", 2.5),
        ((CHIN,), "chin_tip", 4.5),
    ):
        apart = found.xy[list(indices)] - np.array(truth[key])
        assert np.sqrt((apart**2).sum(1).mean()) < allowed * unit, key
    assert abs(found.yaw_deg) < 3
    assert abs(found.pitch_deg) < 5
    assert abs(found.roll_deg) < 2
    assert mouth_opening(found.points) < 0.04
    assert 0.5 < mouth_width(found.points) < 0.65
    assert lid_ratio(found.points) > 0.25


def test_left_and_right_are_the_pictures(finder: FaceFinder, landmarker: Landmarker) -> None:
    picture = astronaut()
    (face,) = finder.find(picture)
    assert face.eyes[0][0] < face.eyes[1][0]
    found = landmarker.of_face(picture, face)
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    other = landmarker.of_face(mirrored, finder.find(mirrored)[0])
    for points in (found, other):
        for contour in (OUTER_LIP, INNER_LIP):
            xs = points.xy[list(contour), 0]
            assert xs[0] == xs.min()
            assert xs[10] == xs.max()
            assert points.xy[contour[5], 1] < points.xy[contour[15], 1]
        assert (np.diff(points.xy[list(JAW_LINE), 0]) > 0).all()
        assert (np.diff(points.xy[list(EYE_CORNERS), 0]) > 0).all()
    assert found.roll_deg > 1.5 > -1.5 > other.roll_deg


@pytest.mark.parametrize("width", [60, 130, 700, 2400])
def test_a_face_of_any_size_is_found_once(width: int, finder: FaceFinder) -> None:
    """One face of that many pixels in a picture of 1080 lines, or as large as needed."""
    face = astronaut()[20:240, 110:340]
    scaled = cv2.resize(face, None, fx=width / 100, fy=width / 100, interpolation=cv2.INTER_CUBIC)
    height, across = max(1080, scaled.shape[0]), max(1920, scaled.shape[1])
    picture = np.full((height, across, 3), 128, np.uint8)
    picture[height - scaled.shape[0] :, across - scaled.shape[1] :] = scaled
    (found,) = finder.find(picture)
    assert found.size == pytest.approx(width, rel=0.2)


def test_two_faces_come_largest_first(finder: FaceFinder) -> None:
    one = astronaut()[20:240, 110:340]
    two = cv2.resize(one, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    picture = np.full((600, 1200, 3), 90, np.uint8)
    picture[100 : 100 + one.shape[0], 60 : 60 + one.shape[1]] = one
    picture[60 : 60 + two.shape[0], 640 : 640 + two.shape[1]] = two
    first, second = finder.find(picture)
    assert first.centre[0] > 640 > second.centre[0]
    (near,) = finder.near(picture, second.centre, second.size)
    assert near.centre == pytest.approx(second.centre, abs=4)


def test_no_face_in_noise_flat_colour_and_stripes(finder: FaceFinder) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (540, 960, 3)).astype(np.uint8)
    stripes = np.ascontiguousarray(
        np.broadcast_to((np.arange(960) // 30 % 2 * 200)[None, :, None], (540, 960, 3)).astype(np.uint8)
    )
    for picture in (noise, np.full((540, 960, 3), 60, np.uint8), stripes):
        assert finder.find(picture) == []


@pytest.mark.parametrize("turn", [-25, 15, 30])
def test_a_tilted_head_is_followed(turn: int, finder: FaceFinder, landmarker: Landmarker) -> None:
    picture = astronaut()
    upright = landmarker.of_face(picture, finder.find(picture)[0])
    matrix = cv2.getRotationMatrix2D((225.0, 125.0), -turn, 1)
    tilted = cv2.warpAffine(picture, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    found = landmarker.of_face(tilted, finder.find(tilted)[0])
    assert found.roll_deg - upright.roll_deg == pytest.approx(turn, abs=2.5)
    expected = upright.xy @ matrix[:, :2].T + matrix[:, 2]
    assert np.sqrt(((found.xy - expected) ** 2).sum(1).mean()) < 0.03 * eye_span(upright.points)
