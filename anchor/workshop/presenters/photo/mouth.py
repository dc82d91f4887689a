"""Mouth pictures of one photograph: lips moved, what is behind them painted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.face.mesh import F32
from anchor.workshop.presenters.photo.lips import HALF, Lips, LipShape, shaped_lips
from anchor.workshop.presenters.photo.lower_face import LowerFace, Sheets, moved_sheets
from anchor.workshop.presenters.photo.mouth_interior import MouthLight, MouthView, encoded, painted_interior
from anchor.workshop.presenters.photo.portrait import DENSITY, Portrait
from anchor.workshop.presenters.photo.thin_plate_spline import Box

_RED_REACH = 0.045
"""Width of the lips' red around an opening, eye distances."""
_SEAM, _SEAM_PRESSED = 0.55, 0.3
"""How much darker the line is where lips meet."""
_RED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Mouth:
    """All that is needed to draw a face's mouth in any shape."""

    picture: NDArray[np.uint8]
    """[h·DENSITY, w·DENSITY, 3] RGB: the photograph on the canvas."""
    face: LowerFace
    closed: Lips
    light: MouthLight
    box: Box
    """What is drawn, plate pixels."""
    red: float
    """Of the lips: R over the mean of G and B, sRGB."""
    was_open: bool = False
    """The photograph shows parted lips."""

    def lips(self, shape: LipShape) -> Lips:
        """The contours of a shape."""
        return shaped_lips(self.closed, shape, self.face.axes)

    def draw(self, shape: LipShape) -> F32:
        """The lower face in a shape, `DENSITY` samples a plate pixel.

        Shapes:
            → [h, w, 3] sRGB 0–255
        """
        target = self.lips(shape)
        sheets = moved_sheets(self.face, target, self.box, DENSITY)
        skin = self._sampled(sheets)
        view = self._view(target, sheets)
        if not sheets.inside.any():
            return self._shaded(skin, shape, target, view) if self.was_open else skin
        painted = cv2.GaussianBlur(painted_interior(shape, self.light, view), (0, 0), 0.45 * DENSITY)
        inside = encoded(np.asarray(painted, np.float32))
        skin = self._reddened(skin, sheets.inside)
        soft = cv2.GaussianBlur(sheets.inside, (0, 0), 0.35 * DENSITY)[..., None]
        return np.asarray(skin + (inside - skin) * soft, np.float32)

    def _reddened(self, skin: F32, inside: F32) -> F32:
        """The lips' red all around the opening, where the photograph stretched skin to it; red skin stays as it is."""
        unit = self.face.axes.unit_px * DENSITY
        away = cv2.distanceTransform((inside < 0.5).astype(np.uint8), cv2.DIST_L2, 5) / np.float32(unit)
        weight = _RED_SHARE * np.exp(-((away / _RED_REACH) ** 2))
        red = skin[..., 0] / np.maximum(1, skin[..., 1:].mean(axis=2))
        pale = np.clip(1 - red / np.float32(self.red), 0, 0.5) * weight
        return np.asarray(skin * (1 - pale[..., None] * (0.25, 1.0, 1.0)), np.float32)

    def _shaded(self, skin: F32, shape: LipShape, target: Lips, view: MouthView) -> F32:
        """The soft shadow where lips meet that were apart in the photograph; pressed ones have less of it."""
        closed = self.face.axes.to_face(target.inner)
        middle, half = closed[:, 0].mean(), np.ptp(closed[:, 0]) / 2
        along = np.clip(1 - np.abs((view.x - middle) / half) ** 3, 0, 1)
        dark = (_SEAM_PRESSED if shape.under < 0 else _SEAM) * along * np.exp(-((view.below_upper / 0.0065) ** 2))
        return np.asarray(skin * (1 - dark[..., None] * (0.85, 1.0, 1.0)), np.float32)

    def _sampled(self, sheets: Sheets) -> F32:
        x, y = ((plane + np.float32(0.5)) * DENSITY - np.float32(0.5) for plane in (sheets.x, sheets.y))
        return np.asarray(cv2.remap(self.picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)

    def _view(self, target: Lips, sheets: Sheets) -> MouthView:
        axes = self.face.axes
        x0, y0, x1, y1 = self.box
        columns = np.arange(x0 * DENSITY, x1 * DENSITY) + 0.5
        rows = np.arange(y0 * DENSITY, y1 * DENSITY) + 0.5
        x, y = np.meshgrid(columns / DENSITY, rows / DENSITY)
        at = axes.to_face(np.column_stack([x.ravel(), y.ravel()]))
        closed, open_ = axes.to_face(self.closed.inner), axes.to_face(target.inner)
        upper, lower = open_[: HALF + 1], np.vstack([open_[HALF:], open_[:1]])[::-1]

        def line(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.interp(at[:, 0], points[:, 0], points[:, 1])

        # Teeth stand straight: their line follows the lips' bow only a little.
        seam = 0.35 * line(closed[: HALF + 1]) + 0.65 * closed[1:HALF, 1].mean()
        planes = (at[:, 0], at[:, 1], seam, at[:, 1] - line(upper), line(lower) - at[:, 1])
        u, v, bow, below, above = (np.asarray(p.reshape(x.shape), np.float32) for p in planes)
        return MouthView(u, v, bow, sheets.inside, below, above)


def skin_and_lips(picture: NDArray[np.uint8], face: LowerFace) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Samples of the cheeks and of the lower lip's skin, each [n, 3] RGB."""
    axes, lips = face.axes, face.lips
    cheeks = axes.to_plate(np.array([(s * (0.3 + a), -0.28 + b) for s in (-1, 1) for a in _SPREAD for b in _SPREAD]))
    lower = (lips.outer[HALF + 1 :] + lips.inner[HALF + 1 :]) / 2
    return _picked(picture, cheeks * DENSITY), _picked(picture, lower * DENSITY)


def redness(lips: NDArray[np.uint8]) -> float:
    """R over the mean of G and B of lips where they are red: some of the samples, [n, 3] RGB, lie on skin."""
    r, g, b = lips.astype(float).T
    return float(np.percentile(r / np.maximum(1, (g + b) / 2), 75))


def eye_whites(portrait: Portrait) -> NDArray[np.uint8]:
    """Pixels between the lids of both eyes, [n, 3] RGB; the brightest of them are the whites."""
    found = []
    for lids in _LIDS:
        mask: NDArray[np.uint8] = np.zeros(portrait.picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.rint(portrait.xy(lids) * DENSITY).astype(np.int32)], 255)
        found.append(portrait.picture[cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0])
    return np.vstack(found)


_LIDS = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
_SPREAD = np.linspace(-0.05, 0.05, 5)


def _picked(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    x = np.clip(points[:, 0].astype(int), 0, picture.shape[1] - 1)
    y = np.clip(points[:, 1].astype(int), 0, picture.shape[0] - 1)
    return np.asarray(picture[y, x], np.uint8)
