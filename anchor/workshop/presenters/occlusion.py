"""Signs that eyes or mouth are covered, or that a face is drawn.

The landmark model puts eyes behind sunglasses and lips under a hand without a word. What it cannot tell is told by
colour: lids are skin, lips are not quite, and drawn skin has no grain.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, Place
from anchor.messages import message
from anchor.workshop.presenters.build_report import Weakness
from anchor.workshop.presenters.landmarks import CHEEKS, OUTER_LIP, Landmarks

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

SIZE = 160
"""Pixels of the upright face that is looked at."""
OFTEN = 0.5
"""Share of looks from which a sign is reported."""
DARK = 0.45
"""Of the cheeks' luma, under which skin around the eyes counts as covered."""
UNLIKE = 30.0
"""Colour difference (CIE 1976, a and b only) from the cheeks that is no skin."""
FLAT, SOFT = 0.1, 0.2
"""Grain of the cheeks, code values, under which skin is drawn, and under which it looks so; the rendered house anchors
have .33, after a smoothing filter .22."""

_UNDER_EYES = ((110, 228, 229, 230, 231, 120, 119, 118, 117, 111), (339, 448, 449, 450, 451, 349, 348, 347, 346, 340))
_OVER_EYES = ((225, 224, 223, 222, 27, 28, 29, 30), (445, 444, 443, 442, 257, 258, 259, 260))
_AROUND_MOUTH = (164, 167, 165, 92, 186, 57, 43, 106, 182, 83, 18, 313, 406, 335, 273, 287, 410, 322, 391, 393)
_CHIN_PAD = (200, 199, 208, 428, 201, 421)


class Suspicions:
    """Looks at faces and remembers what was odd."""

    def __init__(self) -> None:
        self._looks = 0
        self._seen = dict.fromkeys((*_REFUSED, "soft-skin"), 0)

    def see(self, rgb: U8, face: Landmarks) -> None:
        """Look at one face."""
        self._looks += 1
        for sign in signs_of(rgb, face):
            self._seen[sign] += 1

    def refuse(self, place: Place) -> None:
        """Refuse a face that is covered or drawn in most looks.

        Raises:
            MediaError: so it is.
        """
        for sign, (what, hint) in _REFUSED.items():
            if self._often(sign):
                raise MediaError(message(what), hint=message(hint), place=place)

    def weaknesses(self) -> tuple[Weakness, ...]:
        """What was seen in most looks and can be lived with."""
        return (Weakness("soft-skin", message("presenters.soft-skin")),) if self._often("soft-skin") else ()

    def _often(self, sign: str) -> bool:
        return self._seen[sign] > OFTEN * max(1, self._looks)


_REFUSED = {
    "eyes-covered": ("presenters.eyes-covered", "presenters.eyes-covered-hint"),
    "mouth-covered": ("presenters.mouth-covered", "presenters.mouth-covered-hint"),
    "drawn": ("presenters.drawn", "presenters.drawn-hint"),
}
"""Sign → ids of what it is, what to do."""


def signs_of(rgb: U8, face: Landmarks) -> tuple[str, ...]:
    """`eyes-covered`, `mouth-covered`, `drawn`, `soft-skin`: what seems odd about a face.

    Shapes:
        rgb: [h, w, 3] uint8
    """
    picture, xy = _upright(rgb, face)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
    cheeks = _mean(lab, xy, CHEEKS)
    found: list[str] = []
    around = [_mean(lab, xy, ring) for ring in (*_UNDER_EYES, *_OVER_EYES)]
    # Both eyes, above and below: a shadow or a fringe does not cover all four.
    if all(tone[0] < DARK * cheeks[0] for tone in around):
        found.append("eyes-covered")
    lips, skin, chin = (_mean(lab, xy, points) for points in (OUTER_LIP, _AROUND_MOUTH, _CHIN_PAD))
    masked = all(_apart(tone, cheeks) > UNLIKE or tone[0] < DARK * cheeks[0] for tone in (skin, chin))
    if masked or _lipless(lips, skin, lab, xy):
        found.append("mouth-covered")
    grain = _grain(picture, xy)
    if grain < SOFT:
        found.append("drawn" if grain < FLAT else "soft-skin")
    return tuple(found)


def _upright(rgb: U8, face: Landmarks) -> tuple[U8, F64]:
    """The face cut out at a common size, and its points there."""
    x0, y0, x1, y1 = face.box
    height, width = rgb.shape[:2]
    left, top = max(0, int(x0)), max(0, int(y0))
    part = rgb[top : min(height, int(y1) + 1), left : min(width, int(x1) + 1)]
    if min(part.shape[:2]) < 8:
        return np.zeros((SIZE, SIZE, 3), np.uint8), np.full((len(face.points), 2), SIZE / 2)
    scale = (SIZE / part.shape[1], SIZE / part.shape[0])
    small = np.asarray(cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)
    return small, (face.xy.astype(np.float64) - (left, top)) * scale


def _mean(lab: F64, xy: F64, indices: tuple[int, ...]) -> F64:
    """Median colour at some points."""
    at = np.clip(xy[list(indices)].astype(int), 0, SIZE - 1)
    return np.asarray(np.median(lab[at[:, 1], at[:, 0]], axis=0), np.float64)


def _apart(one: F64, other: F64) -> float:
    return float(np.hypot(*(one[1:] - other[1:])))


def _lipless(lips: F64, skin: F64, lab: F64, xy: F64) -> bool:
    """No lip colour and no lip line where they should be."""
    if np.linalg.norm(lips - skin) > 4:
        return False
    x0, y0 = np.clip(xy[list(OUTER_LIP)].min(0).astype(int), 0, SIZE - 2)
    x1, y1 = np.clip(xy[list(OUTER_LIP)].max(0).astype(int) + 1, 2, SIZE)
    inside = lab[y0:y1, x0:x1, 0]
    return bool(inside.size) and float(np.percentile(inside, 95) - np.percentile(inside, 5)) < 12


def _grain(picture: U8, xy: F64) -> float:
    """Median difference of the cheeks from their own surroundings, code values."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.blur(grey, (3, 3)))
    values = []
    for index in CHEEKS:
        x, y = np.clip(xy[index].astype(int), 6, SIZE - 7)
        values.append(detail[y - 6 : y + 7, x - 6 : x + 7].ravel())
    return float(np.median(np.concatenate(values)))
