"""The head turns in depth, the track says where, the edge of the figure stays clean."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.landmarks import EYE_CORNERS, NOSE_TIP, Landmarker, Landmarks, lid_ratio
from anchor.workshop.presenters.photo.build import Sitter, drawn_frame, frame_points
from anchor.workshop.presenters.photo.motion import BLINKS, FRAMES, moment


def test_points_lie_where_the_pictures_show_them(closed_sitter: Sitter, face_models: FaceModels) -> None:
    """Another eye: the landmark model on the drawn frames against the track."""
    look = Landmarker(face_models)
    start = Landmarks(closed_sitter.portrait.points.astype(np.float32), 1.0)
    seen, told = [], []
    for number in (0, 50, 140):
        frame, _ = drawn_frame(closed_sitter, moment(number))
        seen.append(look.follow(frame, start).xy[[*EYE_CORNERS, NOSE_TIP]])
        points = frame_points(closed_sitter, moment(number))
        told.append(np.vstack([points["eye_corners"], points["nose_tip"]]))
    for k in (1, 2):
        error = (seen[k] - seen[0]) - (told[k] - told[0])
        assert np.abs(error).mean() < 0.8


def test_the_nose_moves_more_than_the_ears(closed_sitter: Sitter) -> None:
    turned = replace(moment(0), yaw_deg=3.0)
    turning = closed_sitter.turning
    points = closed_sitter.portrait.points[[NOSE_TIP, 234, 454], :2]
    moved = turning.moved(points, turned)[:, 0] - points[:, 0]
    assert moved[0] > 1.5 * abs(moved[1:]).max() > 0


def test_the_figure_lives_and_shoulders_breathe(closed_sitter: Sitter) -> None:
    noses = np.array([frame_points(closed_sitter, moment(n))["nose_tip"][0] for n in range(0, FRAMES, 5)])
    assert np.ptp(noses, axis=0).min() > 2
    assert np.ptp(noses, axis=0).max() < 40
    width, height = closed_sitter.portrait.size
    shoulder = np.array([[width / 2 + 180, height - 60.0]])
    heights = [closed_sitter.turning.moved(shoulder, moment(n))[0, 1] for n in range(0, FRAMES, 5)]
    assert 0.5 < np.ptp(heights) < 3


def test_last_and_first_frame_join(closed_sitter: Sitter) -> None:
    def frame(number: int) -> np.ndarray:
        return drawn_frame(closed_sitter, moment(number))[0].astype(int)

    first, last, middle, after = frame(0), frame(FRAMES - 1), frame(40), frame(41)
    assert np.abs(first - last).mean() < np.abs(middle - after).mean()


def test_sharpness_does_not_pulse(closed_sitter: Sitter) -> None:
    x0, y0, x1, _ = closed_sitter.mouth.box
    values = []
    for number in range(30, 60, 5):
        grey = cv2.cvtColor(drawn_frame(closed_sitter, moment(number))[0], cv2.COLOR_RGB2GRAY)
        values.append(cv2.Laplacian(grey[y0 - 120 : y0, x0 + 40 : x1 - 40], cv2.CV_64F).var())
    assert max(values) < 1.15 * min(values)


def test_no_background_shows_at_the_edge(closed_sitter: Sitter) -> None:
    """Colours outside the figure are its own, so that a half-clear pixel brings no seam."""
    frame, matte = drawn_frame(closed_sitter, moment(60))
    assert matte is not None
    inside, rim = (matte > 250).astype(np.uint8), (matte > 20) & (matte < 200)
    mean = cv2.blur(frame.astype(np.float32) * inside[..., None], (25, 25))
    near = mean / np.maximum(cv2.blur(inside.astype(np.float32), (25, 25)), 1e-3)[..., None]
    assert rim.sum() > 500
    assert np.median(np.abs(frame[rim] - near[rim]).max(axis=1)) < 25


def test_lids_close(closed_sitter: Sitter, face_models: FaceModels) -> None:
    """Another eye sees the lids nearer; and nothing of the eye shows between them."""
    start = Landmarks(closed_sitter.portrait.points.astype(np.float32), 1.0)
    look = Landmarker(face_models)
    middle = BLINKS[0][0] + 2
    shut, open_ = (drawn_frame(closed_sitter, moment(n))[0] for n in (middle, FRAMES - middle))
    assert lid_ratio(look.follow(shut, start).points) < 0.85 * lid_ratio(look.follow(open_, start).points)
    for eye in closed_sitter.eyes:
        x0, y0, x1, y1 = eye.box
        white = [picture[y0:y1, x0 + 25 : x1 - 25].min(axis=2).astype(int) for picture in (shut, open_)]
        pupil = [picture < 40 for picture in white]
        assert pupil[0].sum() < 0.5 * pupil[1].sum()


def test_moving_lids_have_smooth_edges(closed_sitter: Sitter) -> None:
    """A lid drawn at more samples than pixels differs from the plain one only where lids move."""
    now = moment(BLINKS[0][0] + 2)
    frame, _ = drawn_frame(closed_sitter, now)
    plain, _ = drawn_frame(replace(closed_sitter, lids=()), now)
    changed = np.abs(frame.astype(int) - plain).max(axis=2) > 1
    assert changed.any()
    for eye in closed_sitter.eyes:
        x0, y0, x1, y1 = eye.box
        changed[y0 - 8 : y1 + 8, x0 - 8 : x1 + 8] = False
    assert not changed.any()
    quiet = replace(now, lids=0.0)
    assert np.array_equal(drawn_frame(closed_sitter, quiet)[0], drawn_frame(replace(closed_sitter, lids=()), quiet)[0])
