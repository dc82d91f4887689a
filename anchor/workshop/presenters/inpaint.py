"""Filling what is not known from what is around it: push and pull through a pyramid (Gortler et al. 1996)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

AROUND_PX = 96
"""So far around what is known colours are spread; beyond, the last one is repeated."""


def filled(picture: F32, weight: F32) -> F32:
    """`picture` where `weight` is 1, spread smoothly into where it is 0.

    Shapes:
        picture: [h, w, channels]; weight: [h, w] 0…1; gives [h, w, channels]
    """
    return _pulled(np.asarray(picture * weight[..., None], np.float32), weight)


def spread_out(rgb: U8, weight: U8) -> U8:
    """`rgb` where `weight` is 255, its colours spread into where it is 0; worked out at half the size and near what is
    known, since colours that nobody sees need no detail.

    Shapes:
        rgb: [h, w, 3]; weight: [h, w] 0…255; gives [h, w, 3]
    """
    height, width = weight.shape
    x, y, across, down = cv2.boundingRect(weight)
    x0, y0 = (max(0, v - AROUND_PX) // 2 * 2 for v in (x, y))
    x1, y1 = min(width, x + across + AROUND_PX), min(height, y + down + AROUND_PX)
    part = np.s_[y0:y1, x0:x1]
    near = _spread(rgb[part], weight[part])
    edges = (y0, height - y1, x0, width - x1)
    return np.asarray(cv2.copyMakeBorder(near, *edges, cv2.BORDER_REPLICATE) if any(edges) else near, np.uint8)


def _spread(rgb: U8, weight: U8) -> U8:
    height, width = weight.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    less = cv2.resize(weight, half, interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
    heavy = cv2.multiply(rgb, cv2.merge([weight] * 3), scale=256 / 255, dtype=cv2.CV_16U)
    carried = cv2.resize(heavy, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    known = np.minimum(1.0, 4 * less).astype(np.float32)
    scale = known / np.maximum(256 * less, 1e-6)
    small = _pulled(cv2.multiply(carried, cv2.merge([scale] * 3)).astype(np.float32, copy=False), known)
    around = cv2.resize(np.clip(small + 0.5, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    share = weight.astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.blendLinear(rgb, around, share, 1 - share), np.uint8)


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
