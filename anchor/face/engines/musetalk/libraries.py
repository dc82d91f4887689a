"""The libraries that MuseTalk stands on: looked for, loaded quietly, and what their errors mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.neural import hushed, is_installed, one_line

PIP = "pip install 'anchor-newsroom[musetalk]'"
NEEDED = {
    "torch": "pip install torch==2.13.0 (for machines without CUDA its CPU build)",
    "diffusers": PIP,
    "transformers": PIP,
    "safetensors": PIP,
}
"""Module → what brings it, in the order in which they are looked for."""
LOCK = threading.RLock()
"""Held while a model is loaded or given work: one model serves all threads of the process."""
_NO_ROOM = ("ALLOC_FAILED", "out of memory")
"""How the libraries under torch say that memory is full."""


def library_problems() -> tuple[str, ...]:
    """Which libraries are missing, each with what to install."""
    return tuple(f"{name} is not installed: {cure}" for name, cure in NEEDED.items() if not is_installed(name))


def import_libraries() -> None:
    """Import what the networks need; call under `hushed`.

    Raises:
        EngineUnavailable: something is missing or does not load here, with what to install.
    """
    problems = library_problems()
    if problems:
        raise EngineUnavailable(f"MuseTalk cannot run: {problems[0]}", hint=PIP)
    for name in NEEDED:
        try:
            import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineUnavailable(f"{name} does not load: {one_line(error)}", hint=NEEDED[name]) from error
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
        return EngineUnavailable(
            f"the GPU's memory is full: {text}",
            hint='lower batch in [engine_options], free the GPU, or write device = "cpu"',
        )
    return EngineError(f"the networks stopped: {text}", hint='device = "cpu" tells whether the GPU is to blame')
