"""Loading Coqui's libraries and models: checked first, once per process, without a word on the terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineUnavailable, PackError, Place
from anchor.core.ports import Voice
from anchor.core.speech import Phoneme
from anchor.messages import Message, message
from anchor.neural import hushed, is_installed, one_line, quieten, torch_device
from anchor.speech.engines.coqui.pack import CoquiPack, read_pack
from anchor.speech.engines.coqui.text import BreathGroup, SyllableUnit

PIP = "pip install 'anchor-newsroom[coqui]'"
NEEDED = {
    "torch": "pip install torch==2.13.0",
    "torchaudio": "pip install torchaudio==2.11.0",
    "torchcodec": "pip install torchcodec==0.13.0",
    "six": "pip install six",
    "transformers": PIP,
    "TTS": PIP,
}
"""Module → the command that brings it, in the order in which they are looked for."""
_LONGEST = 300
"""Characters of a library's own words in an error."""
_BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError, EOFError)
"""What a damaged or foreign checkpoint makes torch and Coqui raise; unpickling errors are added once torch is there."""


class Model(Protocol):
    """A model in memory."""

    rate: int

    def size(self, unit: SyllableUnit) -> int:
        """How much of the model's longest input a unit takes."""
        ...

    limit: int
    """Longest input."""

    def say(
        self, phrase: BreathGroup, seed: int, pace: float = 1.0
    ) -> tuple[NDArray[np.float32], list[Phoneme] | None]:
        """A phrase without its silence, `pace` times as fast; the phonemes tile the samples. None: no timing."""
        ...

    def stream(self, phrase: BreathGroup, seed: int, pace: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """A phrase's sound in pieces as the model makes them."""
        ...


LOCK = threading.RLock()
"""Held while a model is loaded or speaks: torch's random numbers are one stream for the whole process."""
_models: dict[tuple[str, str, str], Model] = {}


def import_libraries() -> None:
    """Import everything that the models need; call under `hushed`.

    Raises:
        EngineUnavailable: something is missing or does not load here, with what to install.
    """
    for name in NEEDED:
        if not is_installed(name):
            raise EngineUnavailable(message("coqui.needs", name=name), hint=cure_of(name))
        if name == "torchcodec":
            continue  # looked for, never loaded: its libraries want one exact ffmpeg
        try:
            import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            raise explained(name, error) from error
    quieten()  # some set their own level when they are imported


def cure_of(module: str) -> Message:
    """What brings a module that is not installed."""
    command = NEEDED.get(module, f"pip install {module}")
    return message("coqui.install-torch" if module == "torch" else "coqui.install", command=command)


def explained(name: str, error: Exception) -> EngineUnavailable:
    """What an import error of a Coqui library means for whoever runs this."""
    text = one_line(error, _LONGEST)
    if "cuda" in text.lower() and ".so" in text:
        return EngineUnavailable(
            message("coqui.built-for-cuda", name=name, text=text),
            hint=message("coqui.built-for-cuda-hint"),
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        return EngineUnavailable(message("coqui.module-needs", name=name, other=error.name), hint=cure_of(error.name))
    return EngineUnavailable(message("coqui.loads-not", name=name, text=text), hint=cure_of("TTS"))


def device_for(wanted: str, place: Place) -> str:
    """`cpu` or `cuda`, from the option `device`.

    Raises:
        PackError: another word.
        EngineUnavailable: cuda was asked for and is not there.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise PackError(message("coqui.device", device=wanted), hint=message("coqui.device-hint"), place=place)
    return torch_device(wanted)


def loaded(voice: Voice) -> Model:
    """The voice's model, loaded at its first use in this process and kept.

    Raises:
        EngineUnavailable: a library is missing, or the device.
        PackError: the pack or its model cannot be read.
        ConsentError: the terms of its licence were not accepted.
    """
    with LOCK, hushed():
        pack = read_pack(voice)
        import_libraries()
        device = device_for(pack.text("device", "auto"), Place(file=str(voice.path / "voice.toml"), field="device"))
        threads = int(pack.number("threads", 0))
        if threads > 0:  # on a busy machine torch's own number makes small models fifty times slower
            import_module("torch").set_num_threads(threads)
        key = (voice.digest, str(voice.path), device)
        if key not in _models:
            _models[key] = _load(pack, device)
        return _models[key]


def _load(pack: CoquiPack, device: str) -> Model:
    from pickle import UnpicklingError

    try:
        if pack.kind == "vits":
            from anchor.speech.engines.coqui.vits import VitsModel

            vits: Model = VitsModel(pack, device)
            return vits
        from anchor.speech.engines.coqui.xtts import XttsModel

        xtts: Model = XttsModel(pack, device)
        return xtts
    except (*_BROKEN, UnpicklingError) as error:
        raise PackError(
            message("coqui.model", kind=type(error).__name__, text=one_line(error, _LONGEST)),
            hint=message("coqui.model-hint"),
            place=Place(file=str(pack.checkpoint)),
        ) from error
