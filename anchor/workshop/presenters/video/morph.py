"""Two like pictures dissolved without double edges: both are carried to a pose between them along the optical flow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.workshop.presenters.video.face_observations import F32, U8

_SHRINK = 2
"""The flow is measured at this fraction of the size."""
_SOFT_PX = 6.0


def flow_between(a: U8, b: U8) -> F32:
    """Where each pixel of `a` lies in `b`, as a shift.

    Shapes:
        a, b: [h, w, 3] uint8 → [h, w, 2] float32, pixels
    """
    size = (a.shape[1] // _SHRINK, a.shape[0] // _SHRINK)
    grey = [cv2.cvtColor(cv2.resize(p, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for p in (a, b)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    there = search.calc(grey[0], grey[1], np.zeros((*grey[0].shape, 2), np.float32))
    soft = cv2.GaussianBlur(there, (0, 0), _SOFT_PX / _SHRINK)
    full = cv2.resize(soft, (a.shape[1], a.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full * _SHRINK, np.float32)


def between(a: NDArray[np.uint8], b: NDArray[np.uint8], flow: F32, share: float) -> U8:
    """The picture `share` of the way from `a` to `b`.

    Shapes:
        a, b: [h, w] or [h, w, 3] uint8; flow: [h, w, 2] of `flow_between(a, b)`
    """
    y, x = np.indices(flow.shape[:2], np.float32)
    first = cv2.remap(
        a, x - share * flow[..., 0], y - share * flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    back = 1 - share
    second = cv2.remap(
        b, x + back * flow[..., 0], y + back * flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cv2.addWeighted(first, 1 - share, second, share, 0), np.uint8)
