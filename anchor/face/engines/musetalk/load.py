"""MuseTalk's networks, loaded once and kept by the process."""

from __future__ import annotations

from importlib import import_module
from pickle import UnpicklingError
from typing import Any

from anchor.core.errors import PackError, Place
from anchor.face.engines.musetalk.files import ModelFiles
from anchor.face.engines.musetalk.libraries import LOCK, explained, import_libraries
from anchor.face.engines.musetalk.networks import Networks
from anchor.face.engines.musetalk.pack import MuseTalkPack
from anchor.messages import message
from anchor.neural import hushed, one_line, torch_device

_models: dict[tuple[str, str], Networks] = {}


def loaded(pack: MuseTalkPack) -> Networks:
    """The model, loaded at its first use in this process and kept.

    Raises:
        EngineUnavailable: a library is missing, or the device or its memory.
        PackError: the weights cannot be read or are not those of the configuration.
    """
    with LOCK, hushed():
        import_libraries()
        if pack.threads:
            import_module("torch").set_num_threads(pack.threads)
        device = torch_device(pack.device)
        key = (pack.digest, device)
        if key not in _models:
            _models[key] = _load(pack.files, device)
        return _models[key]


def forget() -> None:
    """Drop all models from memory."""
    with LOCK:
        _models.clear()


def _load(files: ModelFiles, device: str) -> Networks:
    torch: Any = import_module("torch")
    try:
        return Networks(files, device)
    except torch.cuda.OutOfMemoryError as error:
        raise explained(error) from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, UnpicklingError) as error:
        what = one_line(error, 300)
        raise PackError(
            message("musetalk.cannot-load", kind=type(error).__name__, said=what),
            hint=message("musetalk.cannot-load-hint"),
            place=Place(file=str(files.unet.parent.parent)),
        ) from error
