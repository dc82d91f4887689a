"""Lips of a film as MediaPipe's FaceMesh sees them: `python measure_mesh.py FILM OUT.npz`.

Runs in an environment of its own (`make lips`) and imports nothing of Anchor: it is the second pair of eyes.

Written, one entry per frame, NaN where no face is seen:
    gap    mean gap of the inner lips in the middle of the mouth, pixels
    width  distance of the outer mouth corners, pixels
    eyes   distance of the outer eye corners, pixels
    lid    height over width of the eyes' openings
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import mediapipe as mp
import numpy as np

UPPER, LOWER = (82, 13, 312), (87, 14, 317)
MOUTH_CORNERS = (61, 291)
EYE_CORNERS = (33, 263)
LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))
"""Upper lid, lower lid, corners."""


def measured(points: np.ndarray) -> tuple[float, float, float, float]:
    """Gap, width, eye distance and lid ratio of one face; points: [n, 2] pixels."""

    def apart(a: int, b: int) -> float:
        return float(np.hypot(*(points[a] - points[b])))

    # Across the mouth's own axis, so that a tilted head changes nothing.
    along = points[MOUTH_CORNERS[1]] - points[MOUTH_CORNERS[0]]
    down = np.array([-along[1], along[0]]) / max(1e-6, float(np.hypot(*along)))
    gap = float(np.mean([(points[low] - points[up]) @ down for up, low in zip(UPPER, LOWER, strict=True)]))
    lid = float(np.mean([apart(up, low) / apart(left, right) for up, low, left, right in LIDS]))
    return gap, apart(*MOUTH_CORNERS), apart(*EYE_CORNERS), lid


def main(film: Path, out: Path) -> None:
    """Measure every frame of a film."""
    video = cv2.VideoCapture(str(film))
    rows = []
    with mp.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True) as mesh:
        while True:
            there, picture = video.read()
            if not there:
                break
            found = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if not found:
                rows.append((np.nan,) * 4)
                continue
            size = picture.shape[1], picture.shape[0]
            rows.append(measured(np.array([(p.x, p.y) for p in found[0].landmark]) * size))
    gap, width, eyes, lid = np.array(rows, float).reshape(-1, 4).T
    np.savez(out, gap=gap, width=width, eyes=eyes, lid=lid)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
