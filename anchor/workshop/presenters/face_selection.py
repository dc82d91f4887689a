"""Which of the faces is wanted, and whether a presenter can be made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anchor.core.errors import MediaError, Place
from anchor.messages import Message, message
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
            message("presenters.no-face"),
            hint=message("presenters.no-face-hint"),
            place=place,
        )
    if isinstance(wanted, tuple):
        return _at(faces, wanted, place)
    if wanted is not None:
        if not 1 <= wanted <= len(faces):
            what = message("presenters.no-face-number", wanted=wanted, faces=listed(faces))
            raise MediaError(what, hint=message("presenters.choose-face"), place=place)
        return faces[wanted - 1]
    rivals = [face for face in faces if face.size >= RIVAL * faces[0].size]
    if len(rivals) > 1:
        what = message("presenters.several-faces", count=len(rivals), faces=listed(rivals))
        raise MediaError(what, hint=message("presenters.choose-face"), place=place)
    return faces[0]


def listed(faces: Sequence[DetectedFace]) -> tuple[Message, ...]:
    """`1 at 300,200 (180 px)`, `2 at …`."""
    at = [(float(face.centre[0]), float(face.centre[1]), float(face.size)) for face in faces]
    return tuple(message("presenters.face-at", number=n, x=x, y=y, size=s) for n, (x, y, s) in enumerate(at, 1))


def _at(faces: Sequence[DetectedFace], point: tuple[float, float], place: Place) -> DetectedFace:
    nearest = min(faces, key=lambda face: math.dist(face.centre, point))
    if math.dist(nearest.centre, point) > nearest.size:
        what = message("presenters.no-face-at", x=float(point[0]), y=float(point[1]), faces=listed(faces))
        raise MediaError(what, hint=message("presenters.choose-face"), place=place)
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
    "none": ("presenters.unseen", "presenters.unseen-hint"),
    "small": ("presenters.small", "presenters.small-hint"),
    "leaving": ("presenters.leaving", "presenters.leaving-hint"),
    "turned": ("presenters.turned", "presenters.turned-hint"),
    "tilted": ("presenters.tilted", "presenters.tilted-hint"),
    "blurred": ("presenters.blurred", "presenters.blurred-hint"),
}
"""Fault → ids of what it is, what to do."""


def fault_texts(fault: str, least_eyes_px: float) -> tuple[Message, Message]:
    """What a fault is, and what to do."""
    what, hint = FAULTS[fault]
    return message(what), message(hint, least=least_eyes_px)


def check_photo_face(face: Landmarks, size: tuple[int, int], place: Place) -> None:
    """Refuse a face in a photo that no presenter can be made of.

    Raises:
        MediaError: it is too small, cut off, turned away or tilted.
    """
    fault = face_fault(face, size, LEAST_EYES_OF_PHOTO_PX)
    if not fault:
        return
    what, hint = fault_texts(fault, LEAST_EYES_OF_PHOTO_PX)
    measured = {
        "small": message("presenters.small-by", pixels=float(face.eye_distance)),
        "turned": message("presenters.turned-by", yaw=float(face.yaw_deg), pitch=float(face.pitch_deg)),
        "tilted": message("presenters.tilted-by", roll=float(face.roll_deg)),
    }
    raise MediaError(measured.get(fault, what), hint=hint, place=place)
