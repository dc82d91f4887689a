"""Frames handed to the encoder by a thread of its own, so that drawing and encoding overlap."""

from __future__ import annotations

import threading
from queue import Empty, Queue
from types import TracebackType
from typing import Self

import numpy as np

from anchor.core.errors import AnchorError
from anchor.media.encode import FrameEncoder
from anchor.media.planes import Planes

_BUFFERS = 10
_WAIT_S = 0.25


class FrameFeed:
    """Copies each frame into one of a few buffers and writes them in order; use inside the encoder's context."""

    def __init__(self, encoder: FrameEncoder, width: int, height: int) -> None:
        self._encoder = encoder
        self._free: Queue[Planes] = Queue()
        for _ in range(_BUFFERS):
            self._free.put(Planes(width, height))
        self._full: Queue[Planes | None] = Queue()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="frame-feed", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def put(self, picture: Planes) -> None:
        """Queue one frame; waits while all buffers are on their way.

        Raises:
            AnchorError: what the encoder raised on an earlier frame.
        """
        while True:
            if self._error is not None:
                raise self._error
            try:
                buffer = self._free.get(timeout=_WAIT_S)
                break
            except Empty:
                continue
        np.copyto(buffer.buffer, picture.buffer)
        self._full.put(buffer)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # The encoder's own exit ends ffmpeg, which ends a write that may hang.
            while not self._full.empty():
                self._full.get_nowait()
        self._full.put(None)
        self._thread.join(None if kind is None else _WAIT_S)
        if kind is None and self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (buffer := self._full.get()) is not None:
            try:
                self._encoder.write(buffer.buffer)
            except (AnchorError, OSError, ValueError) as error:
                self._error = error
                return
            self._free.put(buffer)
