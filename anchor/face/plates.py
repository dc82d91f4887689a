"""The presenter keyed over the set, once for each plate frame and placement, in the encoder's own pixel format.

Keying is the heavy part of a frame (decode 4:4:4, resize, blend a million pixels) and depends on nothing that is said.
It is done once, kept in a file, and read back frame by frame.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, StorageError
from anchor.core.face import Avatar
from anchor.core.machine import in_order
from anchor.core.plan import Placement
from anchor.face.paste import GRID_PX, placement_screen
from anchor.media.decode import read_frames
from anchor.media.planes import Planes, planes_from_ycbcr, rounded, subsampled
from anchor.media.tool import FFmpeg
from anchor.messages import message, os_reason

KEYING_VERSION = 1
"""Bump when the pixels would change."""

_HEAD_BYTES = 4096

_WRAP_SIGMA_PX = 9.0
"""Reach of the set's light around the presenter's edge, where the shorter side has 1080 pixels."""
_WRAP = 0.35
_BLACK = np.array([16, 128, 128], np.float32)
_SHADOW_SIGMA_PX = 38.0
_SHADOW_SHIFT_PX = (26.0, 14.0)
_ROWS = 32
"""Of a strip; even."""


class Keyer:
    """Keys plate frames of one avatar over one background at one placement."""

    def __init__(self, avatar: Avatar, background: NDArray[np.float32], placement: Placement) -> None:
        """`background`: [h, w, 3] float32 Y'CbCr code values of the whole picture, without the shadow."""
        self.avatar = avatar
        self.screen = placement_screen(placement, avatar.width, avatar.height)
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
        self._scale = min(width, height) / 1080
        self._set: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]] | None = None
        """What was behind last, and its two forms."""

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

    def key(self, plate: NDArray[np.uint8], alpha: NDArray[np.uint8], behind: NDArray[np.float32]) -> Planes:
        """One plate frame keyed over `behind`, cut to the covered box. Safe to use from several threads at once.

        Shapes:
            plate: [3, plate height, plate width] uint8, planar Y'CbCr 4:4:4
            alpha: [plate height, plate width] uint8
            behind: [h, w, 3] float32, the same array for every frame
            → planes of [y1 − y0, x1 − x0]
        """
        weight = self._resized(alpha).astype(np.float32) * np.float32(1 / 255)
        inside = self._inside(weight)
        # Chroma is halved afterwards.
        figures = [self._resized(plane, cv2.INTER_LINEAR if at else cv2.INTER_AREA) for at, plane in enumerate(plate)]
        under, lit = self._set_of(behind)
        out = Planes(self.x1 - self.x0, self.y1 - self.y0)
        for top in range(0, out.height, _ROWS):  # a strip and all that is reckoned of it stay in the processor's cache
            rows = slice(top, top + _ROWS)
            # Exactly 0 well inside: there the plate's own pixels stay.
            wrap = np.clip(0.98 - inside[rows], 0, 1) * np.float32(_WRAP)
            for at, figure in enumerate(figures):
                keyed = self._graded(figure[rows], at)
                keyed += (lit[at, rows] - keyed) * wrap
                keyed -= under[at, rows]
                keyed *= weight[rows]
                keyed += under[at, rows]
                if at:
                    (out.u, out.v)[at - 1][top // 2 : (top + _ROWS) // 2] = rounded(subsampled(keyed))
                else:
                    out.y[rows] = rounded(keyed)
        return out

    def _graded(self, plane: NDArray[np.uint8], channel: int) -> NDArray[np.float32]:
        grade = self.placement.grade
        gain = 1.0 if channel else grade.gain
        lift = (16 - 16 * grade.gain + grade.lift, grade.cb, grade.cr)[channel]
        figure = plane.astype(np.float32)
        if gain != 1 or lift:
            figure *= np.float32(gain)
            figure += np.float32(lift)
        return figure

    def _inside(self, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """The matte far out of focus: near 1 inside the figure, where no light of the set reaches over the edge."""
        size = (weight.shape[1], weight.shape[0])
        small = cv2.resize(weight, (size[0] // 4, size[1] // 4), interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), _WRAP_SIGMA_PX * self._scale / 4, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), np.float32)

    def _set_of(self, behind: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is behind the covered box, sharp and far out of focus.

        Shapes:
            → [3, h, w] float32 each
        """
        if self._set is None or self._set[0] is not behind:
            under = behind[self.y0 : self.y1, self.x0 : self.x1]
            small = cv2.resize(under, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
            small = cv2.GaussianBlur(small, (0, 0), 3)
            glow = cv2.resize(small, (under.shape[1], under.shape[0]), interpolation=cv2.INTER_LINEAR)
            planar = [np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) for picture in (under, glow)]
            self._set = behind, planar[0], planar[1]
        return self._set[1:]

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
                raise StorageError(message("face.plate-cut"), hint=message("face.render-again"))
            done += got


def build_keyed(
    ffmpeg: FFmpeg,
    avatar: Avatar,
    targets: Sequence[tuple[Keyer, Path]],
    plates: Sequence[int],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Key `plates` of one avatar into a file for each placement; the plate is decoded once.

    Each file is written beside its place, then renamed.

    Raises:
        StorageError: the disk is full or the folder not writable; nothing half-written stays.
        MediaError: the plate is shorter than its manifest says.
    """
    among = set(plates)
    keyers = [keyer for keyer, _ in targets]
    temporary = [path.with_name(f".{path.name}.{os.getpid()}") for _, path in targets]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in temporary]
            frames = enumerate(read_plate(ffmpeg, avatar, 0, max(among) + 1))
            first = next(frames)
            behind = [keyer.shadowed(first[1][1]) for keyer in keyers]
            for out, keyer, shadowed in zip(files, keyers, behind, strict=True):
                _write_head(out, keyer, sorted(among), planes_from_ycbcr(shadowed))

            def keyed(frame: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> list[Planes]:
                return [keyer.key(*frame, shadowed) for keyer, shadowed in zip(keyers, behind, strict=True)]

            done = 0
            for boxes in in_order(keyed, (frame for index, frame in chain([first], frames) if index in among), "key"):
                for out, planes in zip(files, boxes, strict=True):
                    out.write(planes.buffer.data)
                done += 1
                if progress:
                    progress(done, len(among))
            for out in files:
                out.flush()
                os.fsync(out.fileno())
        if done < len(among):
            what = message("face.plate-short", avatar=avatar.name, done=done, frames=len(among))
            raise MediaError(what, hint=message("face.plate-short-hint"))
        for (_, path), made in zip(targets, temporary, strict=True):
            made.replace(path)
    except OSError as error:
        where = targets[0][1].parent
        what = message("face.cannot-write-plates", reason=os_reason(error))
        raise StorageError(what, hint=message("face.free-space", folder=str(where))) from error
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)


def _write_head(out: BinaryIO, keyer: Keyer, plates: Sequence[int], base: Planes) -> None:
    box = (keyer.x0, keyer.y0, keyer.x1 - keyer.x0, keyer.y1 - keyer.y0)
    head = {"box": box, "plates": list(plates), "size": (base.width, base.height)}
    out.write(json.dumps(head).encode().ljust(_HEAD_BYTES - 1) + b"\n")
    out.write(base.buffer.tobytes())
