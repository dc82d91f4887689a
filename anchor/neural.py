"""Loading the libraries of neural networks: looked for, quiet on the terminal, what went wrong in one line."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anchor.core.errors import EngineUnavailable
from anchor.messages import Message, message

_CHATTY = ("TTS", "transformers", "torch", "torchaudio", "trainer", "numba", "diffusers")
"""Loggers of libraries that write to stderr where nobody has set logging up."""
_ERRORS_ONLY = 3
"""Severity from which onnxruntime writes to stderr."""


def is_installed(name: str) -> bool:
    """Whether a library is there; nothing of it is loaded."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def one_line(error: BaseException, longest: int = 200) -> str:
    """What a library says of an error, its line breaks taken out."""
    return " ".join(str(error).split())[:longest]


def quieten() -> None:
    """Keep the libraries' logs from the terminal; again after an import, since some then set a level of their own."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def hushed() -> Iterator[None]:
    """Third-party chatter is kept from the terminal: warnings, and what is no error in their logs."""
    quieten()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def torch_device(wanted: str) -> str:
    """`cpu` or `cuda` of `auto`, `cpu` or `cuda`; torch must be importable.

    Raises:
        EngineUnavailable: cuda was asked for and is not there.
    """
    torch: Any = import_module("torch")
    there = bool(torch.cuda.is_available())
    if wanted == "cuda" and not there:
        raise EngineUnavailable(message("neural.no-cuda"), hint=message("neural.device-auto"))
    return "cuda" if there and wanted != "cpu" else "cpu"


def load_onnxruntime(install: Message) -> Any:
    """The library.

    Args:
        install: what brings it.

    Raises:
        EngineUnavailable: it is not there or does not load.
    """
    if not is_installed("onnxruntime"):
        raise EngineUnavailable(message("neural.no-onnxruntime"), hint=install)
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        what = message("neural.onnxruntime-does-not-load", reason=one_line(error))
        raise EngineUnavailable(what, hint=install) from error


def onnx_session(network: Path, threads: int, install: Message, again: Message) -> Any:
    """A network ready to run on the CPU.

    Args:
        network: the ONNX file.
        threads: for one run; 0: as many as the library likes.
        install: what brings the library.
        again: how the network is fetched again.

    Raises:
        EngineUnavailable: the library is not there, or the network cannot be loaded.
    """
    runtime = load_onnxruntime(install)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # The arena halves the peak: without it every run leaves holes.
    options.enable_cpu_mem_arena = True
    try:
        return runtime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    except onnx_errors() as error:
        what = message("neural.cannot-load", network=str(network), reason=one_line(error))
        raise EngineUnavailable(what, hint=again) from error


@cache
def onnx_errors() -> tuple[type[BaseException], ...]:
    """What onnxruntime raises: classes of its own without a common one."""
    state: Any = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    found = (getattr(state, name) for name in dir(state))
    own = tuple(c for c in found if isinstance(c, type) and issubclass(c, Exception))
    return (*own, RuntimeError, ValueError)
