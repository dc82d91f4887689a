"""What the one pass over the footage keeps: a small grey picture of every frame, and the face as a JPEG.

With these, loop and mouths are chosen without decoding anything twice. The faces lie in a nameless file; with longer
footage fewer are kept, so that it does not grow without end.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import StorageError
from anchor.messages import message, os_reason
from anchor.workshop.presenters.landmarks import CHIN, FACE_OVAL, Landmarks, eye_span
from anchor.workshop.presenters.video.face_observations import U8
from anchor.workshop.presenters.video.frame_spool import nameless_file

THUMB = (96, 54)
MOST_FACES = 5400
"""Three minutes at 30 a second; of longer footage every second face is kept, or every third …"""
_QUALITY = 97
_ABOVE, _BESIDE, _BELOW = 0.3, 0.35, 0.6
"""Kept around the outline of the face, in eye spans."""


class FaceCache:
    """Sees every frame once; a context manager."""

    def __init__(self, folder: Path, frames: int) -> None:
        """Prepare for footage of about `frames` frames, with a file in `folder` that has no name.

        Raises:
            StorageError: the file cannot be made.
        """
        self._every = max(1, -(-frames // MOST_FACES))
        self._thumbs: list[U8] = []
        self._at: dict[int, tuple[int, int, int, int]] = {}
        self._file = nameless_file(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def see(self, index: int, rgb: U8, face: Landmarks | None) -> None:
        """Take in the next frame.

        Raises:
            StorageError: the disk is full.
        """
        self._thumbs.append(thumb(rgb))
        if face is None or index % self._every:
            return
        outline, unit = face.xy[list(FACE_OVAL)], eye_span(face.points)
        (left, top), right, low = outline.min(axis=0), outline[:, 0].max(), max(face.xy[CHIN, 1], outline[:, 1].max())
        height, width = rgb.shape[:2]
        x0, y0 = max(0, int(left - _BESIDE * unit)), max(0, int(top - _ABOVE * unit))
        x1, y1 = min(width, int(right + _BESIDE * unit)), min(height, int(low + _BELOW * unit))
        if x1 - x0 < 16 or y1 - y0 < 16:
            return
        part = cv2.cvtColor(rgb[y0:y1, x0:x1], cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if done:
            self._at[index] = (x0, y0, self._written(data.tobytes()), len(data))

    def _written(self, data: bytes) -> int:
        try:
            at = self._file.tell()
            self._file.write(data)
        except OSError as error:
            what = message("presenters.cannot-keep-faces", reason=os_reason(error))
            raise StorageError(what, hint=message("presenters.free-1-gb")) from error
        return at

    @property
    def frames(self) -> frozenset[int]:
        """Those whose face is kept."""
        return frozenset(self._at)

    def thumbs(self) -> U8:
        """Of all frames seen, [n, 54, 96]; they are given away."""
        given, self._thumbs = self._thumbs, []
        out = np.empty((len(given), *THUMB[::-1]), np.uint8)
        for index in reversed(range(len(given))):
            out[index] = given.pop()
        return out

    def face(self, frame: int) -> tuple[U8, int, int]:
        """The face in a frame, and where its corner lies in the footage's picture.

        Shapes:
            gives [h, w, 3] uint8 RGB
        """
        x0, y0, at, size = self._at[frame]
        self._file.flush()
        self._file.seek(at)
        data: NDArray[np.uint8] = np.frombuffer(self._file.read(size), np.uint8)
        self._file.seek(0, 2)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8), x0, y0


def thumb(rgb: U8) -> U8:
    """A small grey picture of a frame."""
    small = cv2.resize(rgb, THUMB, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (0, 0), 0.8), np.uint8)
