"""How a face lies in other frames, to a tenth of a pixel: landmarks say where to look, the skin says where it is.

Corners of the canonical picture are followed by optical flow (Lucas and Kanade 1981; pyramids: Bouguet 2000) after the
landmarks have taken the frame back to the canonical pose, so that only small shifts are left to measure.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine
from anchor.face.pose import F64, chained, fit_affine, fit_similarity, moved, pixel_matrix
from anchor.workshop.presenters.video.face_observations import U8

_CORNERS = 160
_LEAST = 12
"""Corners that must be found again; with fewer the landmarks' word stands."""
_WINDOW = (21, 21)
_ROUNDS = 3


class SteadyRegion:
    """A part of the canonical face that is looked for in other frames."""

    def __init__(self, canonical: U8, region: list[F64], without: list[F64], affine: bool) -> None:
        """Choose corners.

        Args:
            canonical: [h, w, 3] uint8, the plate's frame 0.
            region: polygons that hold the skin to follow, plate pixels.
            without: polygons to leave out.
            affine: fit an affine map; else a similarity.
        """
        points = np.vstack(region)
        low, high = points.min(axis=0) - 24, points.max(axis=0) + 24
        height, width = canonical.shape[:2]
        self._x, self._y = max(0, int(low[0])), max(0, int(low[1]))
        x1, y1 = min(width, int(high[0])), min(height, int(high[1]))
        self._size = (x1 - self._x, y1 - self._y)
        self._grey = self._prepared(canonical[self._y : y1, self._x : x1])
        mask = np.zeros(self._grey.shape, np.uint8)
        for polygons, value in ((region, 255), (without, 0)):
            for polygon in polygons:
                hull = cv2.convexHull((polygon - (self._x, self._y)).astype(np.float32)).astype(np.int32)
                cv2.fillConvexPoly(mask, hull, value)
        found = cv2.goodFeaturesToTrack(self._grey, _CORNERS, 0.003, 4, mask=mask)
        self._corners = np.zeros((0, 1, 2), np.float32) if found is None else found
        self._fit = fit_affine if affine else fit_similarity

    def refine(self, frame: U8, pose: Affine) -> Affine:
        """A better map from the canonical pose to this frame.

        Shapes:
            frame: [h, w, 3] uint8
        """
        if len(self._corners) < _LEAST:
            return pose
        for _ in range(2):
            back = self._taken_back(frame, pose)
            found, status, _ = cv2.calcOpticalFlowPyrLK(
                self._grey, back, self._corners, self._corners.copy(), winSize=_WINDOW, maxLevel=2
            )
            good = status.ravel() == 1
            corner = np.array([self._x + 0.5, self._y + 0.5])
            here = self._corners[good, 0].astype(np.float64) + corner
            there = found[good, 0].astype(np.float64) + corner
            residual = self._robust(here, there)
            if residual is None:
                return pose
            pose = chained(residual, pose)
        return pose

    def _taken_back(self, frame: U8, pose: Affine) -> U8:
        shift = (1.0, 0.0, float(self._x), 0.0, 1.0, float(self._y))
        matrix = pixel_matrix(chained(shift, pose))
        crop = cv2.warpAffine(
            frame, matrix, self._size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        return self._prepared(np.asarray(crop, np.uint8))

    def _robust(self, here: F64, there: F64) -> Affine | None:
        """Fit, leaving out what moves on its own."""
        keep: NDArray[np.bool_] = np.ones(len(here), bool)
        for _ in range(_ROUNDS):
            if keep.sum() < _LEAST:
                return None
            fitted = self._fit(here[keep], there[keep])
            error = np.linalg.norm(moved(fitted, here) - there, axis=1)
            keep = error <= max(0.15, 2.5 * float(np.median(error[keep])))
        return fitted

    @staticmethod
    def _prepared(rgb: U8) -> U8:
        """Grey with the light taken out, so that a face that turns to the lamp stays the same."""
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
        size = (grey.shape[1], grey.shape[0])
        # The light holds nothing fine: blurred at a quarter of the size.
        small = cv2.resize(grey, (max(4, size[0] // 4), max(4, size[1] // 4)), interpolation=cv2.INTER_AREA)
        light = cv2.resize(cv2.GaussianBlur(small, (0, 0), 9 / 4), size, interpolation=cv2.INTER_LINEAR)
        detail = grey - light
        return np.asarray(np.clip(cv2.GaussianBlur(detail, (0, 0), 0.8) * 3 + 128, 0, 255), np.uint8)
