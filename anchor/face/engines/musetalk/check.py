"""Whether MuseTalk can run here with the weights of a folder: everything that is missing, each with what to do."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from anchor.core.errors import AnchorError, EngineUnavailable, PackError
from anchor.face.engines.musetalk.files import ModelFiles, config_problems, file_problems, find_model
from anchor.face.engines.musetalk.libraries import LOCK, import_libraries, library_problems
from anchor.messages import Message, message
from anchor.neural import hushed, one_line

_WORK_BYTES = 5 << 29
"""GPU memory beside the weights at `batch = 8`: 2.3 GiB measured on an H100, and a little."""


def preflight(folder: Path, accepted: str = "") -> tuple[str, ...]:
    """What keeps the engine from running, each with what to do; empty: nothing.

    Args:
        folder: of the weights.
        accepted: digest of the weights that a presenter's manifest accepts; empty: any.
    """
    problems: list[str] = [*library_problems(), *file_problems(folder)]
    if problems:
        return tuple(problems)
    files = find_model(folder)
    try:
        problems += config_problems(files)
    except PackError as error:
        return (_said(error),)
    if accepted and files.digest != accepted:
        problems.append(message("musetalk.other-digest", digest=files.digest, accepted=accepted))
    try:
        with LOCK, hushed():
            import_libraries()
            problems += [*([] if problems else _weight_problems(files)), *_memory_problems(files)]
    except EngineUnavailable as error:
        problems.append(_said(error))
    return tuple(problems)


def _said(error: AnchorError) -> Message:
    """An error as one line."""
    if error.place is not None:
        return message("musetalk.said-at", place=error.place.message, what=error.message, hint=error.hint)
    return message("musetalk.said", what=error.message, hint=error.hint)


def memory_problem(free: int, weights: int) -> str:
    """What to do when a GPU has too little free memory; empty: it has enough.

    Args:
        free: bytes.
        weights: bytes of the files, which hold 32-bit numbers; the GPU holds 16-bit ones.
    """
    wanted = weights // 2 + _WORK_BYTES
    if free >= wanted:
        return ""
    return message("musetalk.gpu-small", free=free / 2**30, wanted=wanted / 2**30)


def _memory_problems(files: ModelFiles) -> list[str]:
    torch: Any = import_module("torch")
    if not torch.cuda.is_available():
        return []
    free, _ = torch.cuda.mem_get_info()
    problem = memory_problem(int(free), sum(path.stat().st_size for path in (files.unet, files.vae, files.whisper)))
    return [problem] if problem else []


def _weight_problems(files: ModelFiles) -> list[str]:
    """Whether the network's weights are those of its configuration; nothing is read into memory."""
    torch: Any = import_module("torch")
    diffusers: Any = import_module("diffusers")
    try:
        state = torch.load(files.unet, map_location="cpu", weights_only=True, mmap=True)
        found = {name: tuple(value.shape) for name, value in state.items()}
        with torch.device("meta"):
            config = json.loads(files.unet_config.read_text(encoding="utf-8"))
            unet = diffusers.UNet2DConditionModel.from_config(config)
        wanted = {name: tuple(value.shape) for name, value in unet.state_dict().items()}
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, UnpicklingError) as error:
        return [message("musetalk.weights-unreadable", path=str(files.unet), reason=one_line(error))]
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if not wrong:
        return []
    given = {"path": str(files.unet), "config": files.unet_config.name, "count": len(wrong), "first": wrong[0]}
    return [message("musetalk.two-models", **given)]
