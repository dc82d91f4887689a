"""Pictures as the encoder takes them: planar Y'CbCr 4:2:0, BT.709, limited range, left-sited chroma.

Chroma sample (j, i) sits at luma position (2j + 0.5, 2i + 1) counted from the picture's corner, pixel centres at +0.5:
co-sited with even columns, between rows, the default of H.264 (ITU-T H.264 Annex E, chroma sample location type 0).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]

_KR, _KB = 0.2126, 0.0722
_KG = 1.0 - _KR - _KB
_MATRIX = np.array(
    [
        [219 * _KR / 255, 219 * _KG / 255, 219 * _KB / 255],
        [-112 * _KR / (1 - _KB) / 255, -112 * _KG / (1 - _KB) / 255, 112 / 255],
        [112 / 255, -112 * _KG / (1 - _KR) / 255, -112 * _KB / (1 - _KR) / 255],
    ],
    dtype=np.float32,
)
"""R'G'B' 0–255 → Y'CbCr, limited range without offsets (ITU-R BT.709-6 §3)."""
_OFFSET = np.array([16.0, 128.0, 128.0], dtype=np.float32)


class Planes:
    """One frame buffer: contiguous yuv420p with views on its planes.

    Shapes:
        buffer: [width * height * 3 / 2] uint8
        y: [height, width]; u, v: [height / 2, width / 2], views of buffer
    """

    def __init__(self, width: int, height: int, buffer: U8 | None = None) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"4:2:0 needs even sides, not {width}x{height}")
        self.width, self.height = width, height
        luma, chroma = width * height, width * height // 4
        self.buffer: U8 = np.empty(luma + 2 * chroma, np.uint8) if buffer is None else buffer
        self.y: U8 = self.buffer[:luma].reshape(height, width)
        self.u: U8 = self.buffer[luma : luma + chroma].reshape(height // 2, width // 2)
        self.v: U8 = self.buffer[luma + chroma : luma + 2 * chroma].reshape(height // 2, width // 2)

    def copy_box(self, source: Planes, x: int, y: int, width: int, height: int) -> None:
        """Copy an even-aligned box from the same place of a picture of the same size."""
        self.y[y : y + height, x : x + width] = source.y[y : y + height, x : x + width]
        half = np.s_[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2]
        self.u[half] = source.u[half]
        self.v[half] = source.v[half]

    def put(self, source: Planes, x: int, y: int) -> None:
        """Lay a whole smaller picture with its corner at even (x, y)."""
        self.y[y : y + source.height, x : x + source.width] = source.y
        half = np.s_[y // 2 : (y + source.height) // 2, x // 2 : (x + source.width) // 2]
        self.u[half] = source.u
        self.v[half] = source.v


def ycbcr_from_rgb(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Y'CbCr 4:4:4 of an sRGB/BT.709 picture, unrounded.

    Shapes:
        rgb: [h, w, 3] uint8
        → [h, w, 3] float32, code values (Y' 16–235, Cb/Cr 16–240)
    """
    pixels = rgb.astype(np.float32)
    return np.asarray(cv2.transform(pixels, _MATRIX) + _OFFSET, dtype=np.float32)


def rounded(values: NDArray[np.float32]) -> U8:
    """Nearest code value, clipped to 0–255."""
    return np.asarray(np.clip(values + 0.5, 0, 255), dtype=np.uint8)


def subsampled(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A 4:4:4 plane at the 4:2:0 chroma positions: rows averaged in pairs, 1-2-1 around even columns.

    Shapes:
        plane: [h, w] float32, even sides
        → [h / 2, w / 2] float32
    """
    rows = (plane[0::2] + plane[1::2]) * 0.5
    left = np.concatenate([rows[:, :1], rows[:, 1:-1:2]], axis=1)
    return np.asarray(0.25 * left + 0.5 * rows[:, 0::2] + 0.25 * rows[:, 1::2], dtype=np.float32)


def planes_from_ycbcr(picture: NDArray[np.float32]) -> Planes:
    """4:2:0 planes of a 4:4:4 picture.

    Shapes:
        picture: [h, w, 3] float32 code values, even sides
    """
    height, width = picture.shape[:2]
    planes = Planes(width, height)
    planes.y[:] = rounded(picture[..., 0])
    planes.u[:] = rounded(subsampled(picture[..., 1]))
    planes.v[:] = rounded(subsampled(picture[..., 2]))
    return planes


def rgb_from_planes(planes: Planes) -> NDArray[np.uint8]:
    """The picture as R'G'B', for stills.

    Shapes:
        → [h, w, 3] uint8
    """
    height, width = planes.height, planes.width
    # Left-sited: output column x lies at chroma index (x + 0.5 − 0.5) / 2, row y at (y + 0.5 − 1) / 2.
    matrix = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, -0.25]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    full = [
        cv2.warpAffine(p.astype(np.float32), matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for p in (planes.u, planes.v)
    ]
    picture = np.dstack([planes.y.astype(np.float32), *full]) - _OFFSET
    rgb = cv2.transform(picture, np.linalg.inv(_MATRIX).astype(np.float32))
    return rounded(np.asarray(rgb, np.float32))


class Blend:
    """A small picture with alpha, ready to be laid over planes again and again.

    Laying is `background · (255 − a) / 255 + premultiplied`; where a is 0 the background stays bit-identical, where it
    is 255 the picture replaces it exactly.
    """

    def __init__(self, rgba: NDArray[np.uint8]) -> None:
        """From sRGB with straight alpha, [h, w, 4] uint8, even sides."""
        self.height, self.width = rgba.shape[:2]
        alpha = rgba[..., 3].astype(np.float32)
        colour = ycbcr_from_rgb(np.ascontiguousarray(rgba[..., :3]))
        half = subsampled(alpha)
        weights = alpha * np.float32(1 / 255)
        self._luma = _Layer(rounded(alpha), rounded(colour[..., 0] * weights))
        self._chroma = tuple(_Layer(rounded(half), rounded(subsampled(colour[..., c] * weights))) for c in (1, 2))
        self.nbytes = self.height * self.width * 3

    def lay(self, on: Planes, x: int, y: int) -> None:
        """Blend onto `on` with the corner at even (x, y); the box must lie inside."""
        self._luma.lay(on.y[y : y + self.height, x : x + self.width])
        half = np.s_[y // 2 : (y + self.height) // 2, x // 2 : (x + self.width) // 2]
        self._chroma[0].lay(on.u[half])
        self._chroma[1].lay(on.v[half])


class _Layer:
    """One plane of a Blend, cut to where its alpha is not 0."""

    def __init__(self, alpha: U8, premultiplied: U8) -> None:
        rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
        self._empty = not len(rows)
        if self._empty:
            return
        self._box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._premultiplied = np.ascontiguousarray(premultiplied[self._box])
        self._through = np.ascontiguousarray(255 - alpha[self._box])
        self._opaque = not self._through.any()
        # A premultiplied value of 0 at alpha 0 keeps the background; rounding up there would not.
        self._premultiplied[self._through == 255] = 0

    def lay(self, plane: U8) -> None:
        if self._empty:
            return
        target = plane[self._box]
        if self._opaque:
            target[:] = self._premultiplied
            return
        behind = cv2.multiply(target, self._through, scale=1 / 255)
        cv2.add(behind, self._premultiplied, dst=behind)
        target[:] = behind
