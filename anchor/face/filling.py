"""Filling what is not known from what is around it: push and pull through a pyramid (Gortler et al. 1996)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


def filled(picture: F32, weight: F32) -> F32:
    """`picture` where `weight` is 1, spread smoothly into where it is 0.

    Shapes:
        picture: [h, w, channels]; weight: [h, w] 0…1; gives [h, w, channels]
    """
    return _pulled(np.asarray(picture * weight[..., None], np.float32), weight)


def spread_out(rgb: U8, weight: F32) -> U8:
    """`rgb` where `weight` is 1, its colours spread into where it is 0; worked out at half the size, where colours that
    nobody sees need no detail.

    Shapes:
        rgb: [h, w, 3]; weight: [h, w] 0…1; gives [h, w, 3]
    """
    height, width = weight.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    less = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    heavy = cv2.multiply(rgb, cv2.merge([weight] * 3), dtype=cv2.CV_32F)
    carried = cv2.resize(heavy, half, interpolation=cv2.INTER_AREA)
    known = np.minimum(1.0, 4 * less).astype(np.float32)
    small = _pulled((carried * (known / np.maximum(less, 1e-6))[..., None]).astype(np.float32), known)
    around = cv2.resize(np.clip(small + 0.5, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.blendLinear(rgb, around, weight, 1 - weight), np.uint8)


def _pulled(carried: F32, weight: F32) -> F32:
    """One level: what is missing comes from the level of half the size."""
    height, width = weight.shape
    if min(height, width) <= 2:
        total = float(weight.sum())
        mean = carried.sum((0, 1)) / max(total, 1e-6)
        return np.asarray(carried + (1 - weight[..., None]) * mean, np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    less = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    smaller = cv2.resize(carried, half, interpolation=cv2.INTER_AREA).reshape(*less.shape, -1)
    # A cell that is known in part counts as known: its colour is that part's.
    known = np.minimum(1.0, 4 * less)
    inner = _pulled((smaller * (known / np.maximum(less, 1e-6))[..., None]).astype(np.float32), known)
    outer = cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
    return np.asarray(carried + (1 - weight[..., None]) * outer, np.float32)
