"""The network in memory: once a process, shared by all threads, given back when nobody needs it.

Three sessions of onnxruntime, each on one thread: sentences are said side by side instead, which keeps every core
busy (docs/voices.md has the figures). Only where somebody waits for the first sound, a sentence has all cores; every
sample is the same either way.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, PackError, Place
from anchor.core.machine import available_cores
from anchor.core.ports import Voice
from anchor.messages import message, os_reason
from anchor.models.files import model_files
from anchor.neural import load_onnxruntime, one_line, onnx_errors, onnx_session
from anchor.packs.paths import pack_file
from anchor.speech.engines.kokoro.graph import CUTS

MODEL = "kokoro"
"""Name of the set of models."""
SOUND = "sound"
"""The part that makes the samples and takes nearly all the time."""
RATE_HZ = 24_000
FRAME = 600
"""Samples of one frame: 25 ms."""
ROWS, WIDTH = 510, 256
"""Style rows, one a number of symbols, and their width."""


@dataclass(frozen=True, slots=True)
class Laid:
    """What the network has decided before it makes sound.

    Shapes:
        features: [1, 512, frames] float32, the network's own
        f0: [2 · frames] float32, Hz; near 10 where unvoiced
        loudness: [2 · frames] float32, the network's own scale, roughly dB / 3
    """

    features: NDArray[np.float32]
    f0: NDArray[np.float32]
    loudness: NDArray[np.float32]


class KokoroModel:
    """The three parts. Safe to use from several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(len(CUTS), thread_name_prefix="load")
        self._sessions: dict[tuple[str, int], Future[Any]] = {}
        self._turns = threading.BoundedSemaphore(available_cores())
        """Sentences of several segments wait for each other here: more at once than cores would only take memory."""

    def load(self, threads: int = 1) -> None:
        """Begin to load all parts, side by side; the one that makes the sound with so many threads.

        What cannot be loaded is said when it is used.
        """
        # Here, so that the import does not share the interpreter with whatever the caller does next.
        load_onnxruntime(message("kokoro.install"))
        for part in CUTS:
            self._begun(part, threads if part == SOUND else 1)

    def _begun(self, part: str, threads: int) -> Future[Any]:
        """A session that is being loaded by a thread of its own, begun once."""
        with self._lock:
            future = self._sessions.get((part, threads))
            if future is None or (future.done() and future.exception()):
                cures = message("kokoro.install"), message("kokoro.fetch-again")
                future = self._sessions[part, threads] = self._pool.submit(
                    onnx_session, self._folder / f"{part}.onnx", threads, *cures
                )
            return future

    def frames(self, ids: list[int], style: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[Any, Any]]:
        """How long each symbol lasts at the voice's own speed, edges included, and what `lay` needs.

        Shapes:
            → [len(ids) + 2] float32, frames, not rounded
        """
        tokens = np.array([[0, *ids, 0]], np.int64)
        durations, wide, text = self._run("front", (tokens, style, np.ones(1, np.float32)))
        return durations[0], (wide, text)

    def lay(self, between: tuple[Any, Any], frames: NDArray[np.int64], style: NDArray[np.float32]) -> Laid:
        """Melody and loudness over given durations.

        Shapes:
            frames: [symbols + 2], 1 or more each
        """
        given = frames.astype(np.float32)[None]
        features, f0, loudness = self._run("pitch", (*between, given, style))
        return Laid(features, f0[0], loudness[0])

    def sound(self, laid: Laid, style: NDArray[np.float32], threads: int = 1) -> NDArray[np.float32]:
        """The samples; the same with any number of threads.

        Shapes:
            → [frames · 600] float32 at 24 kHz
        """
        (pcm,) = self._run(SOUND, (laid.features, laid.f0[None], laid.loudness[None], style), threads)
        if not np.isfinite(pcm).all():
            raise EngineError(message("kokoro.no-sound"), hint=message("kokoro.fetch-again"))
        return np.asarray(pcm, np.float32)

    def _run(self, part: str, values: tuple[Any, ...], threads: int = 1) -> list[Any]:
        names = CUTS[part][0]
        session = self._begun(part, threads).result()
        try:
            with self._turns:
                made = session.run(None, dict(zip(names, values, strict=True)))
        except onnx_errors() as error:
            what = message("kokoro.failed", error=one_line(error))
            raise EngineError(what, hint=message("kokoro.fetch-again")) from error
        return list(made)


@cache
def _style_rows(path: Path, size: int, time_ns: int) -> NDArray[np.float32]:
    return np.fromfile(path, "<f4").reshape(ROWS, 1, WIDTH)


def style_of(voice: Voice, symbols: int) -> NDArray[np.float32]:
    """The voice's style for a sentence of so many symbols.

    Shapes:
        → [1, 256] float32

    Raises:
        PackError: the style file is missing or of another size.
    """
    place = Place(file=str(voice.path / "voice.toml"), field="engine_options.style")
    path = pack_file(voice.path, str(voice.option("style", "style.bin")), place)
    try:
        state = path.stat()
        rows = _style_rows(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        what = message("kokoro.style-unreadable", name=path.name, reason=os_reason(error))
        raise PackError(what, hint=message("speech.restore-the-file"), place=place) from error
    except ValueError as error:
        what, hint = message("kokoro.no-style", name=path.name), message("kokoro.no-style-hint", rows=ROWS, width=WIDTH)
        raise PackError(what, hint=hint, place=place) from error
    row: NDArray[np.float32] = rows[min(symbols, ROWS - 1)]
    return row


_lock = threading.Lock()
_held: dict[Path, tuple[KokoroModel, int]] = {}


@contextmanager
def held_model(models: Path) -> Iterator[KokoroModel]:
    """The network from the folder of models, shared by all who hold it at the same time.

    Raises:
        EngineUnavailable: onnxruntime or the model is not here.
        PackError: a file of it is not what it should be.
    """
    folder = checked_folder(models)
    with _lock:
        model, holders = _held.get(folder) or (KokoroModel(folder), 0)
        _held[folder] = model, holders + 1
    try:
        yield model
    finally:
        with _lock:
            model, holders = _held[folder]
            if holders > 1:
                _held[folder] = model, holders - 1
            else:
                del _held[folder]
                del model
                _give_back_memory()


def checked_folder(models: Path) -> Path:
    """Where the model lies, its files and its parts checked.

    Raises:
        EngineUnavailable: it is not here, or onnxruntime is not.
        PackError: a file is not what it should be.
    """
    load_onnxruntime(message("kokoro.install"))
    return model_files(MODEL, models)["model"].parent


def _give_back_memory() -> None:
    """Freed memory back to the system: half a gigabyte that the encoder needs next."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
