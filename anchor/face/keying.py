"""The presenter keyed over the set, once for each plate frame and placement, in the encoder's own pixel format.

Keying is the heavy part of a frame (decode 4:4:4, resize, blend a million pixels) and depends on nothing that is said.
It is done once, kept in a file, and read back frame by frame.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, StorageError
from anchor.core.face import Avatar
from anchor.core.plan import Placement
from anchor.face.laying import GRID_PX, screen_of
from anchor.media.decode import read_frames
from anchor.media.planes import Planes, planes_from_ycbcr, rounded, subsampled
from anchor.media.tool import FFmpeg

KEYING_VERSION = 1
"""Bump when the pixels would change."""

_HEAD_BYTES = 4096

_WRAP_SIGMA_PX = 9.0
"""Reach of the set's light around the presenter's edge, at 1080 lines."""
_WRAP = 0.35
_BLACK = np.array([16, 128, 128], np.float32)
_SHADOW_SIGMA_PX = 38.0
_SHADOW_SHIFT_PX = (26.0, 14.0)


class Keyer:
    """Keys plate frames of one avatar over one background at one placement."""

    def __init__(self, avatar: Avatar, background: NDArray[np.float32], placement: Placement) -> None:
        """`background`: [h, w, 3] float32 Y'CbCr code values of the whole picture, without the shadow."""
        self.avatar = avatar
        self.screen = screen_of(placement, avatar.width, avatar.height)
        self.placement = placement
        self._background = background
        height, width = background.shape[:2]
        self._size = (width, height)
        # The part of the picture that the scaled figure covers, widened to even numbers but never beyond the plate.
        s, (x0, y0, x1, y1) = self.screen, avatar.figure
        self.x0 = max(0, s.x, 2 * math.floor((s.x + x0 * s.sx) / 2))
        self.y0 = max(0, s.y, 2 * math.floor((s.y + y0 * s.sy) / 2))
        self.x1 = min(width, s.x + s.width - s.width % 2, 2 * math.ceil((s.x + x1 * s.sx) / 2))
        self.y1 = min(height, s.y + s.height - s.height % 2, 2 * math.ceil((s.y + y1 * s.sy) / 2))
        # The part of the plate that is resized: it starts on the grid, where scaled positions are whole pixels.
        grid = GRID_PX
        self._part = (
            max(0, x0 - 4) // grid * grid,
            max(0, y0 - 4) // grid * grid,
            min(avatar.width, -(-(x1 + 4) // grid) * grid),
            min(avatar.height, -(-(y1 + 4) // grid) * grid),
        )
        self._landing = (s.x + round(self._part[0] * s.sx), s.y + round(self._part[1] * s.sy))
        self._scale = height / 1080
        self._glow: NDArray[np.float32] | None = None

    def shadowed(self, alpha: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The background with the presenter's soft shadow on it.

        Shapes:
            alpha: [plate height, plate width] uint8 of a typical frame
            → [h, w, 3] float32
        """
        strength = self.placement.shadow
        if strength <= 0:
            return self._background
        width, height = self._size
        dx, dy = _SHADOW_SHIFT_PX
        mask = np.zeros((height, width), np.float32)
        mask[self.y0 : self.y1, self.x0 : self.x1] = self._resized(alpha) / 255
        move = np.array([[1, 0, dx * self._scale], [0, 1, dy * self._scale]], np.float32)
        mask = np.asarray(cv2.warpAffine(mask, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)
        small = cv2.resize(mask, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), _SHADOW_SIGMA_PX * self._scale / 4, borderType=cv2.BORDER_REPLICATE)
        soft = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
        dark = self._background - (self._background - _BLACK) * (soft * np.float32(strength))
        return np.asarray(dark, np.float32)

    def key(
        self, plate: NDArray[np.uint8], alpha: NDArray[np.uint8], behind: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """One plate frame keyed over `behind`, cut to the covered box.

        Shapes:
            plate: [3, plate height, plate width] uint8, planar Y'CbCr 4:4:4
            alpha: [plate height, plate width] uint8
            behind: [h, w, 3] float32
            → [y1 − y0, x1 − x0, 3] float32
        """
        grade = self.placement.grade
        weight = self._resized(alpha).astype(np.float32) * np.float32(1 / 255)
        wrap = self._wrap(weight)
        under = behind[self.y0 : self.y1, self.x0 : self.x1]
        keyed = np.empty(under.shape, np.float32)
        gains = (grade.gain, 1.0, 1.0)
        lifts = (16 - 16 * grade.gain + grade.lift, grade.cb, grade.cr)
        for channel, plane in enumerate(plate):
            flags = cv2.INTER_LINEAR if channel else cv2.INTER_AREA  # chroma is halved afterwards
            figure = self._resized(plane, flags).astype(np.float32)
            if gains[channel] != 1 or lifts[channel]:
                figure *= np.float32(gains[channel])
                figure += np.float32(lifts[channel])
            figure += (self._lit(under)[..., channel] - figure) * wrap
            figure -= under[..., channel]
            figure *= weight
            keyed[..., channel] = figure + under[..., channel]
        return keyed

    def _wrap(self, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much of the set's light reaches over the edge: 0 inside the figure."""
        size = (weight.shape[1], weight.shape[0])
        small = cv2.resize(weight, (size[0] // 4, size[1] // 4), interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), _WRAP_SIGMA_PX * self._scale / 4, borderType=cv2.BORDER_REPLICATE)
        inside = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
        # Exactly 0 well inside: there the plate's own pixels stay.
        return np.asarray(np.clip(0.98 - inside, 0, 1) * np.float32(_WRAP), np.float32)

    def _lit(self, under: NDArray[np.float32]) -> NDArray[np.float32]:
        """The set behind the covered box, far out of focus."""
        if self._glow is None:
            small = cv2.resize(under, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
            small = cv2.GaussianBlur(small, (0, 0), 3)
            self._glow = cv2.resize(small, (under.shape[1], under.shape[0]), interpolation=cv2.INTER_LINEAR).astype(
                np.float32
            )
        return self._glow

    def _resized(self, plane: NDArray[np.uint8], flags: int = cv2.INTER_AREA) -> NDArray[np.uint8]:
        """The covered box of one plane of a plate, at the picture's size."""
        x0, y0, x1, y1 = self._part
        part = plane[y0:y1, x0:x1]
        left, top = self._landing
        size = (round((x1 - x0) * self.screen.sx), round((y1 - y0) * self.screen.sy))
        if size != (x1 - x0, y1 - y0):
            part = np.asarray(cv2.resize(part, size, interpolation=flags), np.uint8)
        return part[self.y0 - top : self.y1 - top, self.x0 - left : self.x1 - left]


def read_plate(
    ffmpeg: FFmpeg, avatar: Avatar, start: int = 0, count: int | None = None
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Plate frames with their alpha, in order.

    Shapes:
        → ([3, h, w] uint8 planar Y'CbCr 4:4:4, [h, w] uint8 alpha 0–255) per frame
    """
    shape = (avatar.height, avatar.width)
    plates = read_frames(ffmpeg, avatar.plate, "yuv444p", start, count)
    if avatar.matte is None:
        opaque = np.full(shape, 255, np.uint8)
        for plate in plates:
            yield plate.reshape(3, *shape), opaque
        return
    table = np.clip((np.arange(256, dtype=np.float32) - 16) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
    mattes = read_frames(ffmpeg, avatar.matte, "yuv420p", start, count)
    for plate, matte in zip(plates, mattes, strict=True):
        luma = matte.reshape(-1)[: shape[0] * shape[1]].reshape(shape)
        yield plate.reshape(3, *shape), np.asarray(cv2.LUT(luma, table), np.uint8)


class KeyedPlates:
    """Keyed frames in a file: a JSON line, the empty set with its shadow, then yuv420p boxes, one per plate frame."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        head = json.loads(self._file.read(_HEAD_BYTES) or b"{}")
        self.x, self.y, self.width, self.height = head["box"]
        self.plates: tuple[int, ...] = tuple(head["plates"])
        self._slot = {plate: slot for slot, plate in enumerate(self.plates)}
        self._bytes = self.width * self.height * 3 // 2
        self._planes = Planes(self.width, self.height)
        self.base = Planes(*head["size"])
        """The set without the presenter."""
        self._read(self.base, _HEAD_BYTES)
        self._start = _HEAD_BYTES + self.base.buffer.nbytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def frame(self, plate: int) -> Planes:
        """The keyed box of one plate frame; the buffer is reused by the next call."""
        self._read(self._planes, self._start + self._slot[plate] * self._bytes)
        return self._planes

    def _read(self, into: Planes, at: int) -> None:
        view = into.buffer.data
        done = 0
        while done < len(view):
            got = os.preadv(self._file.fileno(), [view[done:]], at + done)
            if not got:
                raise StorageError("a prepared plate file is cut short", hint="anchor cache clear, then render again")
            done += got


def build_keyed(
    ffmpeg: FFmpeg,
    avatar: Avatar,
    keyer: Keyer,
    plates: Sequence[int],
    path: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Key `plates` into `path`, written beside it, then renamed.

    Raises:
        StorageError: the disk is full or the folder not writable; nothing half-written stays.
    """
    wanted = sorted(set(plates))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as out:
            done = 0
            for index, (plate, alpha) in enumerate(read_plate(ffmpeg, avatar, 0, wanted[-1] + 1)):
                if not index:
                    behind = keyer.shadowed(alpha)
                    _write_head(out, keyer, wanted, planes_from_ycbcr(behind))
                if index != wanted[done]:
                    continue
                figure = keyer.key(plate, alpha, behind)
                out.write(rounded(figure[..., 0]).tobytes())
                for channel in (1, 2):
                    out.write(rounded(subsampled(np.ascontiguousarray(figure[..., channel]))).tobytes())
                done += 1
                if progress:
                    progress(done, len(wanted))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write prepared plates: {error}", hint=f"free space in {path.parent}") from error
    finally:
        temporary.unlink(missing_ok=True)
    if done < len(wanted):
        path.unlink(missing_ok=True)
        raise MediaError(f"the plate of {avatar.name} has {done} of {len(wanted)} frames", hint="check the pack")


def _write_head(out: BinaryIO, keyer: Keyer, plates: Sequence[int], base: Planes) -> None:
    box = (keyer.x0, keyer.y0, keyer.x1 - keyer.x0, keyer.y1 - keyer.y0)
    head = {"box": box, "plates": list(plates), "size": (base.width, base.height)}
    out.write(json.dumps(head).encode().ljust(_HEAD_BYTES - 1) + b"\n")
    out.write(base.buffer.tobytes())
