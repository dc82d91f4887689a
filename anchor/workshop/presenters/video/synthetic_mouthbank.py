"""A mouth bank for footage in which nobody speaks: the mouths that a photograph gets."""

from __future__ import annotations

import cv2
import numpy as np

from anchor.core.face import Affine
from anchor.face.pose import F64
from anchor.workshop.presenters.pack_writer import BankShape
from anchor.workshop.presenters.photo.lip_seam import found_seam
from anchor.workshop.presenters.photo.lips import lip_shapes, resting_lips
from anchor.workshop.presenters.photo.lower_face import LowerFace, still_points
from anchor.workshop.presenters.photo.mouth import Mouth, eye_whites, redness, skin_and_lips
from anchor.workshop.presenters.photo.mouth_interior import measured_light
from anchor.workshop.presenters.photo.portrait import DENSITY, Portrait, placed_picture
from anchor.workshop.presenters.video.face_observations import U8
from anchor.workshop.presenters.video.harvest import Canonical


def painted_bank(
    canonical: Canonical, sample: U8, framing: Affine, points: F64
) -> tuple[dict[str, BankShape], dict[str, F64]]:
    """Every shape, drawn from the closed mouth, and the canonical points with the lips' seam as the picture has it.

    Shapes:
        sample: [h, w, 3] uint8, the footage frame that is plate frame 0; points: [468, 2] plate pixels
    """
    height, width = canonical.rgb.shape[:2]
    flat = np.hstack([points, np.zeros((len(points), 1))])
    portrait = Portrait(placed_picture(sample, framing, (width, height)), None, flat)
    axes, lips = portrait.axes, canonical.lips
    lips = found_seam(canonical.rgb, lips, axes)
    face = LowerFace(lips, still_points(axes, portrait.nose, lips.jaw, canonical.crop), axes)
    skin, red = skin_and_lips(portrait.picture, face)
    light = measured_light(skin, red, eye_whites(portrait))
    mouth = Mouth(portrait.picture, face, resting_lips(lips, axes), light, canonical.crop, redness(red))
    x0, y0, x1, y1 = canonical.crop
    shapes = {}
    for shape in lip_shapes():
        drawn = mouth.lips(shape)
        if shape.name == "j0_neutral":
            pixels = np.ascontiguousarray(canonical.rgb[y0:y1, x0:x1])
        else:
            picture = np.clip(mouth.draw(shape) + 0.5, 0, 255).astype(np.uint8)
            size = (picture.shape[1] // DENSITY, picture.shape[0] // DENSITY)
            pixels = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        facts: dict[str, object] = {"from": "painted", "made": True}
        shapes[shape.name] = BankShape(pixels, drawn.outer, drawn.inner, drawn.jaw, shape.jaw, facts)
    rest: dict[str, F64] = dict(canonical.rest)
    rest["outer_lip"], rest["inner_lip"] = mouth.closed.outer, mouth.closed.inner
    return shapes, rest
