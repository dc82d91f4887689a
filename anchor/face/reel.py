"""Patch reels: the mouth patches of one segment in one file, read frame by frame.

Layout, integers little-endian:
    8 bytes   magic
    4 bytes   length of the header; then the header, JSON: {"frames": n, "schema": "PatchReel.1"}
    blobs     one per different patch in a row: a zstd frame with checksum
    index     one zstd frame: n entries of two uint64, offset and length of the blob; length 0: no patch
    24 bytes  offset and length of the index, magic again

A blob is x, y (int32), h, w (uint16), then mask, Y', Cb, Cr plane by plane. Equal patches one after another share a
blob. Nothing depends on clock or machine: equal content, equal bytes.
"""

from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
import numpy as np
import zstandard
from numpy.typing import NDArray

from anchor.core.errors import StorageError
from anchor.core.face import Patch
from anchor.messages import message, os_reason

SCHEMA = "PatchReel.1"
_MAGIC = b"ANCHREEL"
_TAIL = struct.Struct("<QQ8s")
_HEAD = struct.Struct("<iiHH")
_LEVEL = 1
"""zstd level: higher ones save 3 % and cost a third of the time."""
_LARGEST = 1 << 28
"""No patch or index is larger when unpacked."""


class ReelWriter:
    """Writes a reel patch by patch; a context manager. Leaving it by an error removes the file."""

    def __init__(self, path: Path, frames: int) -> None:
        self._path = path
        self._frames = frames
        self._entries = np.zeros((frames, 2), "<u8")
        self._at = 0
        self._last: Patch | None = None
        self._blob = (0, 0)
        self._pack = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True)
        self._file: BinaryIO

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            raise self._failed(error) from error
        head = json.dumps({"frames": self._frames, "schema": SCHEMA}, separators=(",", ":")).encode()
        self._put(_MAGIC + struct.pack("<I", len(head)) + head)
        return self

    def write(self, patch: Patch | None) -> None:
        """The next frame's patch; None: the plate's own mouth.

        Raises:
            StorageError: the disk is full or not writable.
        """
        if self._at >= self._frames:
            raise ValueError(f"the reel has {self._frames} frames, one more was written")
        if patch is not None:
            if self._last is not None and _same(self._last, patch):
                self._entries[self._at] = self._blob
            else:
                self._blob = self._file.tell(), self._put(self._pack.compress(_packed(patch)))
                self._entries[self._at] = self._blob
                self._last = patch
        self._at += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            self._discard()
            raise
        if kind is None:
            self._file.close()
        else:
            self._discard()

    def _finish(self) -> None:
        if self._at != self._frames:
            raise ValueError(f"the reel has {self._frames} frames, {self._at} were written")
        start = self._file.tell()
        size = self._put(self._pack.compress(self._entries.tobytes()))
        self._put(_TAIL.pack(start, size, _MAGIC))
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error

    def _discard(self) -> None:
        with suppress(OSError):  # what is left in the buffer may not fit either
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _put(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StorageError:
        what = message("face.cannot-write-reel", reason=os_reason(error))
        return StorageError(what, hint=message("face.free-space", folder=str(self._path.parent)))


class Reel:
    """Reads a reel, any frame at any time; a context manager.

    Raises:
        StorageError: on opening or reading, the file is missing, cut short or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unpack = zstandard.ZstdDecompressor()
        self._last: tuple[tuple[int, int], Patch] | None = None
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._broken(os_reason(error) if isinstance(error, OSError) else str(error)) from error
        try:
            self.frames, self._entries = self._index()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def patch(self, index: int) -> Patch | None:
        """The patch of one frame; its arrays are read-only."""
        if not 0 <= index < self.frames:
            raise IndexError(f"the reel has frames 0 to {self.frames - 1}, not {index}")
        offset, size = (int(n) for n in self._entries[index])
        if not size:
            return None
        if self._last is None or self._last[0] != (offset, size):
            self._last = (offset, size), self._unpacked(self._plain(offset, size))
        return self._last[1]

    def _index(self) -> tuple[int, NDArray[np.uint64]]:
        lead = self._read(0, len(_MAGIC) + 4)
        if lead[: len(_MAGIC)] != _MAGIC:
            raise self._broken(message("face.no-reel"))
        (length,) = struct.unpack("<I", lead[-4:])
        if length > 1 << 16:
            raise self._broken(message("face.reel-header"))
        try:
            head = json.loads(self._read(len(lead), length))
            frames, schema = int(head["frames"]), head["schema"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._broken(message("face.reel-header")) from error
        if schema != SCHEMA:
            raise self._broken(message("face.reel-schema", schema=str(schema), wanted=SCHEMA))
        end = self._path.stat().st_size
        start, size, magic = _TAIL.unpack(self._read(end - _TAIL.size, _TAIL.size))
        if magic != _MAGIC or start + size + _TAIL.size != end:
            raise self._broken(message("face.reel-cut"))
        entries = self._plain(start, size)
        if len(entries) != 16 * frames:
            raise self._broken(message("face.reel-index"))
        return frames, np.frombuffer(entries, "<u8").reshape(frames, 2)

    def _read(self, offset: int, size: int) -> bytes:
        if offset < 0:
            raise self._broken(message("face.reel-cut"))
        try:
            content = os.pread(self._file.fileno(), size, offset)
        except (OSError, OverflowError) as error:
            raise self._broken(os_reason(error) if isinstance(error, OSError) else str(error)) from error
        if len(content) != size:
            raise self._broken(message("face.reel-cut"))
        return content

    def _plain(self, offset: int, size: int) -> bytes:
        try:
            return self._unpack.decompress(self._read(offset, size), max_output_size=_LARGEST)
        except (zstandard.ZstdError, MemoryError) as error:
            raise self._broken(message("face.reel-checksum")) from error

    def _unpacked(self, blob: bytes) -> Patch:
        x, y, height, width = _HEAD.unpack_from(blob)
        if len(blob) != _HEAD.size + 4 * height * width:
            raise self._broken(message("face.reel-patch"))
        mask, *planes = np.frombuffer(blob, np.uint8, offset=_HEAD.size).reshape(4, height, width)
        pixels = np.asarray(cv2.merge(planes), np.uint8)
        pixels.setflags(write=False)
        return Patch(x, y, pixels, mask)

    def _broken(self, what: str) -> StorageError:
        said = message("face.reel", name=self._path.name, reason=what)
        return StorageError(said, hint=message("face.render-again"))


def _packed(patch: Patch) -> bytes:
    height, width = patch.mask.shape
    planes = np.empty((4, height, width), np.uint8)
    planes[0] = patch.mask
    hidden = patch.mask == 0
    for plane, content in zip(planes[1:], cv2.split(patch.pixels), strict=True):
        plane[:] = content
        # Pixels that the mask hides are never seen: a flat value packs to nothing.
        np.copyto(plane, 128, where=hidden)
    return _HEAD.pack(patch.x, patch.y, height, width) + planes.tobytes()


def _same(a: Patch, b: Patch) -> bool:
    if a is b:
        return True
    return (a.x, a.y) == (b.x, b.y) and np.array_equal(a.mask, b.mask) and np.array_equal(a.pixels, b.pixels)
