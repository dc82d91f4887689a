"""Where a presenter's brows are: found in the picture, for tracks hold the eyes and no brows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH = 0.42
"""Brows are looked for up to this height over the line of the eyes, in distances of the outer eye corners."""
_MIDDLE = (0.2, 0.8)
"""Part of each eye, corner to corner, whose columns are looked at: brows run out at their ends."""
_THICK = 0.16
"""What is dark over no more than this is a brow or an eye; hair that falls over the forehead is longer."""
_SEEN = 12.0
"""Code values of Y' by which it is darker than the skin above and below."""
_SKIN = 0.02
"""So much skin parts two lines."""


@dataclass(frozen=True, slots=True)
class BrowLine:
    """Heights over the line of the eyes, in distances of the outer eye corners."""

    lid: float
    """Upper end of the lashes."""
    low: float
    """Lower edge of the brows in the middle."""
    high: float
    """Their upper edge."""


def found_brows(luma: NDArray[np.uint8], corners: NDArray[np.float64]) -> BrowLine | None:
    """The brows over open eyes, mean of both; None where no line stands out from the skin.

    Shapes:
        luma: [h, w] Y' code values
        corners: [4, 2] of the eyes, pixels, picture left to right
    """
    apart = float(corners[3, 0] - corners[0, 0])
    thick = np.ones((2 * round(_THICK * apart / 2) + 1, 1), np.uint8)
    lines = cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, thick)
    found = []
    for outer, inner in (corners[:2], corners[2:]):
        eye = (outer + inner) / 2
        left, right = (int(outer[0] + share * (inner[0] - outer[0])) for share in _MIDDLE)
        top, low = int(eye[1] - _REACH * apart), int(eye[1]) + 1
        if left < 0 or top < 0 or right <= left:
            continue
        edges = _edges(np.median(lines[top:low, left:right], axis=1)[::-1], round(_SKIN * apart))
        if edges:
            found.append(np.array(edges) / apart)
    return BrowLine(*(float(v) for v in np.mean(found, axis=0))) if found else None


def _edges(darkness: NDArray[np.float64], skin: int) -> tuple[int, int, int] | None:
    """Rows over the eye at which lashes end, the brow begins and ends; `darkness`: of each row, upwards."""
    seen = np.r_[False, darkness >= _SEEN, False]
    starts, ends = np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(~seen[1:] & seen[:-1])
    apart = np.flatnonzero(starts[1:] - ends[:-1] >= skin)
    runs = list(zip(starts[np.r_[0, apart + 1]], ends[np.r_[apart, len(ends) - 1]], strict=True)) if len(starts) else []
    if len(runs) < 2:
        return None
    peaks = [float(darkness[start:end].max()) for start, end in runs]
    # The fold of the lid is a line too, but a faint one.
    brow = next(k for k in range(1, len(runs)) if peaks[k] >= 0.5 * max(peaks[1:]))
    return int(runs[0][1]), int(runs[brow][0]), int(runs[brow][1])
