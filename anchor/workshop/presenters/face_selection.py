"""Which of the faces is wanted, and whether a presenter can be made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anchor.core.errors import MediaError, Place
from anchor.workshop.presenters.face_detection import DetectedFace
from anchor.workshop.presenters.landmarks import FACE_OVAL, Landmarks

RIVAL = 0.5
"""A face this large against the largest could be the one meant."""
LEAST_EYES_PX = 34.0
"""Distance between the eyes in footage: the mouth is then as wide as that."""
LEAST_EYES_OF_PHOTO_PX = 60.0
"""In a photo; some 140 to 256 pixels of face, by how it is measured."""
MOST_YAW_DEG = 25.0
MOST_PITCH_DEG = 22.0
MOST_ROLL_DEG = 30.0
INSIDE = 0.985
"""Part of the face's outline that must lie in the picture."""


def choose_face(faces: Sequence[DetectedFace], wanted: int | tuple[float, float] | None, place: Place) -> DetectedFace:
    """The face meant by `--face`.

    Args:
        faces: those found, largest first.
        wanted: number from 1, a point in the picture, or None: the only one.
        place: the file, and where in it.

    Raises:
        MediaError: there is none, there are several and none was chosen, or not the one chosen.
    """
    if not faces:
        raise MediaError(
            "no face was found",
            hint="show one face, from the front, with light on it, at least a tenth of the picture high",
            place=place,
        )
    if isinstance(wanted, tuple):
        return _at(faces, wanted, place)
    if wanted is not None:
        if not 1 <= wanted <= len(faces):
            raise MediaError(f"there is no face {wanted}; there are {listed(faces)}", hint=_CHOOSE, place=place)
        return faces[wanted - 1]
    rivals = [face for face in faces if face.size >= RIVAL * faces[0].size]
    if len(rivals) > 1:
        raise MediaError(
            f"there are {len(rivals)} faces and none was chosen: {listed(rivals)}", hint=_CHOOSE, place=place
        )
    return faces[0]


_CHOOSE = "choose with --face N, or --face X,Y for the one at that point"


def listed(faces: Sequence[DetectedFace]) -> str:
    """`1 at 300,200 (180 px), 2 at …`."""
    return ", ".join(
        f"{n} at {face.centre[0]:.0f},{face.centre[1]:.0f} ({face.size:.0f} px)" for n, face in enumerate(faces, 1)
    )


def _at(faces: Sequence[DetectedFace], point: tuple[float, float], place: Place) -> DetectedFace:
    nearest = min(faces, key=lambda face: math.dist(face.centre, point))
    if math.dist(nearest.centre, point) > nearest.size:
        raise MediaError(
            f"there is no face at {point[0]:.0f},{point[1]:.0f}; there are {listed(faces)}", hint=_CHOOSE, place=place
        )
    return nearest


def face_fault(face: Landmarks, size: tuple[int, int], least_eyes_px: float = LEAST_EYES_PX) -> str:
    """Why a face cannot serve: `small`, `leaving`, `turned`, `tilted`; empty when it can.

    Args:
        face: its landmarks.
        size: width and height of the picture.
        least_eyes_px: least distance between the eyes.
    """
    width, height = size
    outline = face.xy[list(FACE_OVAL)]
    inside = (outline >= 0).all(1) & (outline[:, 0] < width) & (outline[:, 1] < height)
    if inside.mean() < INSIDE:
        return "leaving"
    # Turning brings the eyes nearer to each other; the face is no smaller for it.
    apart = face.eye_distance / max(0.5, math.cos(math.radians(face.yaw_deg)))
    if apart < least_eyes_px:
        return "small"
    if abs(face.yaw_deg) > MOST_YAW_DEG or abs(face.pitch_deg) > MOST_PITCH_DEG:
        return "turned"
    return "tilted" if abs(face.roll_deg) > MOST_ROLL_DEG else ""


FAULTS = {
    "none": ("no face is seen", "show one face, from the front, with light on it"),
    "small": ("the face is too small", "film or cut closer: the eyes must be {least:.0f} pixels apart or more"),
    "leaving": ("the face leaves the picture", "keep the whole face, forehead to chin, in the picture"),
    "turned": ("the head is turned away from the camera", "look into the camera"),
    "tilted": ("the head is tilted too far", "hold the head upright, or turn the picture"),
    "blurred": ("the face is blurred", "use a shorter exposure, more light, and focus on the eyes"),
}
"""Fault → what it is, what to do."""


def check_photo_face(face: Landmarks, size: tuple[int, int], place: Place) -> None:
    """Refuse a face in a photo that no presenter can be made of.

    Raises:
        MediaError: it is too small, cut off, turned away or tilted.
    """
    fault = face_fault(face, size, LEAST_EYES_OF_PHOTO_PX)
    if not fault:
        return
    what, hint = FAULTS[fault]
    measured = {
        "small": f": {face.eye_distance:.0f} pixels between the eyes",
        "turned": f": {face.yaw_deg:+.0f}° to the side, {face.pitch_deg:+.0f}° up",
        "tilted": f": {face.roll_deg:+.0f}°",
    }
    raise MediaError(what + measured.get(fault, ""), hint=hint.format(least=LEAST_EYES_OF_PHOTO_PX), place=place)
