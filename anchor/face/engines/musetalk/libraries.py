"""The libraries that MuseTalk stands on: looked for, loaded quietly, and what their errors mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.messages import Message, message
from anchor.neural import hushed, is_installed, one_line

PIP = "musetalk.pip"
NEEDED = {"torch": "musetalk.pip-torch", "diffusers": PIP, "transformers": PIP, "safetensors": PIP}
"""Module → id of what brings it, in the order in which they are looked for."""
LOCK = threading.RLock()
"""Held while a model is loaded or given work: one model serves all threads of the process."""
_NO_ROOM = ("ALLOC_FAILED", "out of memory")
"""How the libraries under torch say that memory is full."""


def library_problems() -> tuple[Message, ...]:
    """Which libraries are missing, each with what to install."""
    missing = [name for name in NEEDED if not is_installed(name)]
    return tuple(message("musetalk.not-installed", name=name, cure=message(NEEDED[name])) for name in missing)


def import_libraries() -> None:
    """Import what the networks need; call under `hushed`.

    Raises:
        EngineUnavailable: something is missing or does not load here, with what to install.
    """
    problems = library_problems()
    if problems:
        raise EngineUnavailable(message("musetalk.cannot-run", problem=problems[0]), hint=message(PIP))
    for name in NEEDED:
        try:
            import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            what = message("musetalk.does-not-load", name=name, reason=one_line(error))
            raise EngineUnavailable(what, hint=message(NEEDED[name])) from error
    for name in ("diffusers.utils.logging", "transformers.utils.logging"):
        import_module(name).disable_progress_bar()


@contextmanager
def at_work() -> Iterator[None]:
    """Around everything that a network in memory is asked.

    Raises:
        EngineUnavailable: the GPU's memory is full.
        EngineError: torch cannot do it.
    """
    torch: Any = import_module("torch")
    with LOCK, hushed(), torch.inference_mode():
        try:
            yield
        except RuntimeError as error:
            raise explained(error) from error


def explained(error: Exception) -> EngineError:
    """What an error of torch means for whoever runs this."""
    torch: Any = import_module("torch")
    text = one_line(error)
    if isinstance(error, torch.cuda.OutOfMemoryError) or any(sign in text for sign in _NO_ROOM):
        return EngineUnavailable(message("musetalk.gpu-full", said=text), hint=message("musetalk.gpu-full-hint"))
    return EngineError(message("musetalk.stopped", said=text), hint=message("musetalk.stopped-hint"))
