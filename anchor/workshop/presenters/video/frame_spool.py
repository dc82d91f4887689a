"""Cut frames that are wanted again later: in a file without a name instead of in memory."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from anchor.core.errors import StorageError
from anchor.messages import message, os_reason
from anchor.workshop.presenters.video.face_observations import U8
from anchor.workshop.presenters.video.mattes import MattedFrame


def nameless_file(folder: Path, buffering: int = -1) -> IO[bytes]:
    """A file that is gone when it is closed, whatever happens.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        return tempfile.TemporaryFile(dir=folder, buffering=buffering)
    except OSError as error:
        what = message("presenters.cannot-write-in", folder=str(folder), reason=os_reason(error))
        raise StorageError(what, hint=message("presenters.free-space")) from error


class FrameSpool:
    """Frames of one size in the order in which they came; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Prepare a file in `folder`.

        Raises:
            StorageError: it cannot be made.
        """
        self._file = nameless_file(folder, buffering=0)
        self._shape: tuple[int, ...] = ()
        self._matted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, cut: MattedFrame) -> None:
        """Keep the next frame.

        Raises:
            StorageError: the disk is full.
        """
        self._shape, self._matted = cut.rgb.shape, cut.matte is not None
        try:
            for picture in (cut.rgb, cut.matte):
                if picture is not None:
                    view = memoryview(np.ascontiguousarray(picture).data).cast("B")
                    while view:
                        view = view[self._file.write(view) or 0 :]
        except OSError as error:
            what = message("presenters.cannot-keep-frames", reason=os_reason(error))
            raise StorageError(what, hint=message("presenters.free-1-gb")) from error

    def cut(self, number: int) -> MattedFrame:
        """Frame `number` from 0."""
        height, width = self._shape[:2]
        size = height * width
        self._file.seek(number * size * (4 if self._matted else 3))
        rgb = self._array((height, width, 3))
        return MattedFrame(rgb, self._array((height, width)) if self._matted else None)

    def _array(self, shape: tuple[int, ...]) -> U8:
        out = np.fromfile(self._file, np.uint8, math.prod(shape))
        if out.size != math.prod(shape):
            raise StorageError(message("presenters.frames-cut"), hint=message("presenters.run-again"))
        return out.reshape(shape)
