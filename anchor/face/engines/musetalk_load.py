"""MuseTalk's three networks in memory: the image coder, Whisper's ear, and the network that paints the lower face."""

from __future__ import annotations

import json
import logging
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, EngineUnavailable, PackError, Place
from anchor.face.engines.musetalk_files import FEATURES_HZ, GET, HEARD_HZ, ModelFiles
from anchor.face.engines.musetalk_pack import MuseTalkPack

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

PIP = "pip install 'anchor-newsroom[musetalk]'"
NEEDED = {
    "torch": "pip install torch==2.13.0 (for machines without CUDA its CPU build)",
    "diffusers": PIP,
    "transformers": PIP,
    "safetensors": PIP,
}
"""Module → what brings it, in the order in which they are looked for."""
LOCK = threading.RLock()
"""Held while a model is loaded or works: one model serves all threads of the process."""
OVERLAP_S = 1
"""Seconds at each end of a piece of sound that are heard and not used, where another piece joins."""
_CHATTY = ("diffusers", "transformers", "torch")
_models: dict[tuple[str, str], Networks] = {}


def library_problems() -> tuple[str, ...]:
    """Which libraries are missing, each with what to install."""
    return tuple(f"{name} is not installed: {cure}" for name, cure in NEEDED.items() if find_spec(name) is None)


@contextmanager
def hushed() -> Iterator[None]:
    """Third-party chatter is kept from the terminal: warnings, progress bars, what is no error in their logs."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
            text = " ".join(str(error).split())
            raise EngineUnavailable(f"{name} does not load: {text}", hint=NEEDED[name]) from error
    for name in ("diffusers.utils.logging", "transformers.utils.logging"):
        import_module(name).disable_progress_bar()


def loaded(pack: MuseTalkPack) -> Networks:
    """The model, loaded at its first use in this process and kept.

    Raises:
        EngineUnavailable: a library is missing, or the device or its memory.
        PackError: the weights cannot be read or are not those of the configuration.
    """
    with LOCK, hushed():
        import_libraries()
        torch: Any = import_module("torch")
        if pack.threads:
            torch.set_num_threads(pack.threads)
        there = bool(torch.cuda.is_available())
        if pack.device == "cuda" and not there:
            raise EngineUnavailable("no CUDA device on this machine", hint='write device = "auto" in [engine_options]')
        device = "cuda" if there and pack.device != "cpu" else "cpu"
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
        raise _too_big(error) from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, UnpicklingError) as error:
        what = " ".join(str(error).split())[:300]
        raise PackError(
            f"the model cannot be loaded: {type(error).__name__}: {what}",
            hint=f"weights and configuration must belong together; {GET}",
            place=Place(file=str(files.unet.parent.parent)),
        ) from error


def _too_big(error: Exception) -> EngineUnavailable:
    return EngineUnavailable(
        f"the GPU's memory is full: {' '.join(str(error).split())[:200]}",
        hint='lower batch in [engine_options], free the GPU, or write device = "cpu"',
    )


class Networks:
    """The three networks on one device: fp16 on CUDA, fp32 on the CPU."""

    def __init__(self, files: ModelFiles, device: str) -> None:
        torch: Any = import_module("torch")
        diffusers: Any = import_module("diffusers")
        transformers: Any = import_module("transformers")
        self.device = device
        self._type = torch.float16 if device == "cuda" else torch.float32
        config = json.loads(files.unet_config.read_text(encoding="utf-8"))
        unet = diffusers.UNet2DConditionModel.from_config(config)
        unet.load_state_dict(torch.load(files.unet, map_location="cpu", weights_only=True))
        vae = diffusers.AutoencoderKL.from_pretrained(
            str(files.vae.parent),
            local_files_only=True,
            low_cpu_mem_usage=False,
            use_safetensors=files.vae.suffix == ".safetensors",
        )
        whisper = transformers.WhisperModel.from_pretrained(
            str(files.whisper.parent), local_files_only=True, use_safetensors=files.whisper.suffix == ".safetensors"
        )
        self._extractor: Any = transformers.WhisperFeatureExtractor.from_pretrained(
            str(files.whisper.parent), local_files_only=True
        )
        self._unet, self._vae, self._ear = (
            net.to(device=device, dtype=self._type).eval() for net in (unet, vae, whisper.encoder)
        )
        self._scale = float(vae.config.scaling_factor)

    def encode(self, pictures: U8) -> F32:
        """Latents of pictures: the mode of the coder's distribution, so the same every time.

        Shapes:
            pictures: [n, 256, 256, 3] R'G'B' → [n, 4, 32, 32]
        """
        torch: Any = import_module("torch")
        with LOCK, hushed(), torch.inference_mode():
            values = torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
            found = self._vae.encode(values.to(self.device, self._type)).latent_dist.mode() * self._scale
            return np.asarray(found.float().cpu().numpy())

    def decode(self, latents: F32) -> U8:
        """Pictures of latents.

        Shapes:
            latents: [n, 4, 32, 32] → [n, 256, 256, 3] R'G'B'
        """
        torch: Any = import_module("torch")
        with LOCK, hushed(), torch.inference_mode():
            return self._decoded(torch.from_numpy(latents).to(self.device, self._type))

    def paint(self, face: F32, windows: F32) -> U8:
        """The face speaking what each window sounds like; one step, nothing is sampled.

        Shapes:
            face: [8, 32, 32], masked face before whole face
            windows: [n, tokens, features]
            → [n, 256, 256, 3] R'G'B'

        Raises:
            EngineError: the network gives no numbers.
            EngineUnavailable: the GPU's memory is full.
        """
        torch: Any = import_module("torch")
        heard = windows + _positions(*windows.shape[1:])
        with LOCK, hushed(), torch.inference_mode():
            try:
                spoken = torch.from_numpy(heard).to(self.device, self._type)
                given = torch.from_numpy(face).to(self.device, self._type).expand(len(windows), -1, -1, -1)
                step = torch.zeros(1, dtype=torch.long, device=self.device)
                return self._decoded(self._unet(given, step, encoder_hidden_states=spoken).sample)
            except torch.cuda.OutOfMemoryError as error:
                raise _too_big(error) from error

    def hear(self, pcm: F32) -> F32:
        """What Whisper hears: the states of all its layers, 50 times a second.

        Sound longer than Whisper's window is heard in pieces that overlap, and joined where both are settled.

        Shapes:
            pcm: [samples] at 16 kHz → [features, layers, width]
        """
        piece = int(self._extractor.n_samples)
        hop = piece - 2 * OVERLAP_S * HEARD_HZ
        count = math.ceil(len(pcm) * FEATURES_HZ / HEARD_HZ)
        if not count:
            return np.zeros((0, *self._heard(np.zeros(HEARD_HZ, np.float32)).shape[1:]), np.float32)
        skip = OVERLAP_S * FEATURES_HZ
        found = []
        for start in range(0, max(1, len(pcm) - 2 * OVERLAP_S * HEARD_HZ), hop):
            states = self._heard(pcm[start : start + piece])
            last = start + piece >= len(pcm)
            found.append(states[skip if start else 0 : len(states) if last else len(states) - skip])
        return np.concatenate(found)[:count]

    def _heard(self, pcm: F32) -> F32:
        torch: Any = import_module("torch")
        with LOCK, hushed(), torch.inference_mode():
            mel = self._extractor(pcm, sampling_rate=HEARD_HZ, return_tensors="pt").input_features
            states = self._ear(mel.to(self.device, self._type), output_hidden_states=True).hidden_states
            return np.asarray(torch.stack(states, dim=2)[0].float().cpu().numpy())

    def _decoded(self, latents: Any) -> U8:
        pictures = self._vae.decode(latents / self._scale).sample.float()
        if not bool(pictures.isfinite().all()):
            raise EngineError("the network's output is no picture", hint="the weights are damaged; check their sha256")
        values = ((pictures + 1) * 127.5).round().clamp(0, 255)
        return np.asarray(values.permute(0, 2, 3, 1).cpu().numpy(), np.uint8)


def _positions(tokens: int, width: int) -> F32:
    """Sine and cosine of each token's place, interleaved.

    Source: Vaswani et al. 2017, Attention is all you need, §3.5.

    Shapes:
        → [tokens, width]
    """
    angle = np.arange(tokens)[:, None] * np.exp(-math.log(10000.0) * np.arange(0, width, 2) / width)
    places = np.zeros((tokens, width), np.float32)
    places[:, 0::2], places[:, 1::2] = np.sin(angle), np.cos(angle)[:, : width // 2]
    return places
