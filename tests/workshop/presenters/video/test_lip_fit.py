"""Inner lips found in pictures whose lips are known: the banks of both house anchors, as a camera would store them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.track import load_track
from anchor.workshop.presenters.photo.face_axes import face_axes
from anchor.workshop.presenters.photo.lips import Lips
from anchor.workshop.presenters.video.lip_fit import fitted_lips

AVATARS = Path(__file__).resolve().parents[4] / "avatars"
OPEN = ("wide", "neutral", "L", "S")
GUESSES = (0.7, 1.0, 1.25)
"""Landmarks see this much of the gap."""


def _gap(inner: NDArray[np.float64]) -> float:
    return float((inner[:10:-1, 1] - inner[1:10, 1]).max())


def _as_footage(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour at half size, as 4:2:0 keeps it."""
    ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    half = cv2.resize(ycc[..., 1:], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ycc[..., 1:] = cv2.resize(half, (rgb.shape[1], rgb.shape[0]))
    return np.asarray(cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB), np.uint8)


def _errors(name: str) -> list[float]:
    pack = AVATARS / name
    bank = json.loads((pack / "bank" / "bank.json").read_text(encoding="utf-8"))
    points = load_track(pack / "track.json").data[0].points
    axes = face_axes(np.array(points.eye_corners), np.array(bank["rest"]["inner_lip"]).mean(axis=0))
    errors = []
    for shape, facts in bank["shapes"].items():
        if not shape.endswith(OPEN) or shape.startswith("j0"):
            continue
        picture = cv2.imread(str(pack / "bank" / facts["file"]))
        assert picture is not None
        outer, inner, jaw = (np.array(facts[key]) for key in ("outer_lip", "inner_lip", "jaw_line"))
        middle = np.r_[inner[:1, 1], (inner[1:10, 1] + inner[:10:-1, 1]) / 2, inner[10:11, 1]]
        middle = np.r_[middle, middle[9:0:-1]]
        for share in GUESSES:
            guess = inner.copy()
            guess[:, 1] = middle + share * (inner[:, 1] - middle)
            rgb = _as_footage(np.ascontiguousarray(picture[..., ::-1]))
            found = fitted_lips(rgb, Lips(outer, guess, jaw), axes, tuple(bank["crop"][:2]))
            errors.append(_gap(found.inner) - _gap(inner))
    return errors


def test_the_gap_between_known_lips_is_found() -> None:
    errors = np.array(_errors("lan") + _errors("hao"))
    assert len(errors) == 60
    assert abs(errors.mean()) < 0.7, "neither too narrow nor too wide"
    assert np.abs(errors).mean() < 1.8 and np.percentile(np.abs(errors), 90) < 3.5
