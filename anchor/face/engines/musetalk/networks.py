"""MuseTalk's three networks on one device: the image coder, Whisper's ear, and the one that paints the lower face."""

from __future__ import annotations

import json
import math
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.face.engines.musetalk.cuda_graph import Recorded
from anchor.face.engines.musetalk.files import FEATURES_HZ, HEARD_HZ, ModelFiles
from anchor.face.engines.musetalk.libraries import at_work, explained
from anchor.messages import message

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

OVERLAP_S = 1
"""Seconds at each end of a piece of sound that are heard and not used, where another piece joins."""


class Painting:
    """Pictures that the device still works on, while whoever ordered them does something else."""

    def __init__(self, pixels: Any, finite: Any) -> None:
        """Begin to fetch.

        Args:
            pixels: [n, 256, 256, 3] on the device; may be overwritten by work that is ordered later.
            finite: a truth on the device, likewise.
        """
        self._done: Any = None
        if pixels.is_cuda:
            torch: Any = import_module("torch")
            pixels, finite = _fetched(torch, pixels), _fetched(torch, finite)
            self._done = torch.cuda.Event()
            self._done.record()
        self._pixels, self._finite = pixels, finite

    def pictures(self) -> U8:
        """The pictures, waited for.

        Shapes:
            → [n, 256, 256, 3] R'G'B'

        Raises:
            EngineError: the network gives no numbers, or the device stopped.
        """
        if self._done is not None:
            try:
                self._done.synchronize()
            except RuntimeError as error:
                raise explained(error) from error
        if not bool(self._finite):
            raise EngineError(message("musetalk.no-picture"), hint=message("musetalk.no-picture-hint"))
        return np.asarray(self._pixels.numpy())


class Networks:
    """The three networks on one device: fp16 on CUDA, fp32 on the CPU."""

    def __init__(self, files: ModelFiles, device: str) -> None:
        torch: Any = import_module("torch")
        diffusers: Any = import_module("diffusers")
        transformers: Any = import_module("transformers")
        self.device = device
        self._type = torch.float16 if device == "cuda" else torch.float32
        with torch.device("meta"):  # No time is lost on numbers that are replaced at once.
            unet = diffusers.UNet2DConditionModel.from_config(json.loads(files.unet_config.read_text(encoding="utf-8")))
        unet.load_state_dict(torch.load(files.unet, map_location="cpu", weights_only=True), assign=True)
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
        self._step = torch.zeros(1, dtype=torch.long, device=device)
        self._recorded: dict[int, Recorded] = {}
        self._pool: Any = torch.cuda.graph_pool_handle() if device == "cuda" else None

    def encode(self, pictures: U8) -> F32:
        """Latents of pictures: the mode of the coder's distribution, so the same every time.

        Shapes:
            pictures: [n, 256, 256, 3] R'G'B' → [n, 4, 32, 32]

        Raises:
            EngineUnavailable: the GPU's memory is full.
        """
        with at_work():
            values = self._given(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
            found = self._vae.encode(values).latent_dist.mode() * self._scale
            return np.asarray(found.float().cpu().numpy())

    def decode(self, latents: F32) -> U8:
        """Pictures of latents.

        Shapes:
            latents: [n, 4, 32, 32] → [n, 256, 256, 3] R'G'B'

        Raises:
            EngineError: the network gives no numbers.
            EngineUnavailable: the GPU's memory is full.
        """
        with at_work():
            painting = Painting(*self._decoded(self._given(latents)))
        return painting.pictures()

    def paint(self, face: F32, windows: F32, batch: int) -> Painting:
        """The face speaking what each window sounds like; one step, nothing is sampled.

        On CUDA this returns as soon as the work is ordered, and fewer windows than `batch` take as long as `batch`.

        Shapes:
            face: [8, 32, 32], masked face before whole face
            windows: [n, tokens, features], n at most `batch`

        Raises:
            EngineUnavailable: the GPU's memory is full.
        """
        count = len(windows)
        with at_work():
            heard = windows + _positions(*windows.shape[1:])
            if self.device != "cuda":
                return Painting(*self._painted(self._given(face), self._given(heard)))
            filled = np.concatenate([heard, np.repeat(heard[-1:], batch - count, axis=0)])
            inputs = self._given(face), self._given(filled)
            if batch not in self._recorded:
                self._recorded[batch] = Recorded(self._painted, inputs, self._pool)
            pixels, finite = self._recorded[batch](*inputs)
            return Painting(pixels[:count], finite)

    def hear(self, pcm: F32) -> F32:
        """What Whisper hears: the states of all its layers, 50 times a second.

        Sound longer than Whisper's window is heard in pieces that overlap, and joined where both are settled.

        Shapes:
            pcm: [samples] at 16 kHz → [features, layers, width]

        Raises:
            EngineUnavailable: the GPU's memory is full.
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
        with at_work():
            mel = self._extractor(pcm, sampling_rate=HEARD_HZ, return_tensors="pt").input_features
            states = self._ear(mel.to(self.device, self._type), output_hidden_states=True).hidden_states
            return np.asarray(torch.stack(states, dim=2)[0].float().cpu().numpy())

    def _given(self, values: F32) -> Any:
        """Numbers on the device; from pinned memory, so that nobody waits for work ordered before."""
        torch: Any = import_module("torch")
        host = torch.from_numpy(values)
        if self.device == "cuda":
            host = host.pin_memory().to(self.device, non_blocking=True)
        return host.to(self._type)

    def _painted(self, face: Any, spoken: Any) -> tuple[Any, Any]:
        """Pictures, and whether all their numbers are finite."""
        given = face.expand(len(spoken), -1, -1, -1)
        return self._decoded(self._unet(given, self._step, encoder_hidden_states=spoken).sample)

    def _decoded(self, latents: Any) -> tuple[Any, Any]:
        torch: Any = import_module("torch")
        pictures = self._vae.decode(latents / self._scale).sample
        values = ((pictures.float() + 1) * 127.5).round().clamp(0, 255)
        return values.to(torch.uint8).permute(0, 2, 3, 1).contiguous(), pictures.isfinite().all()


def _fetched(torch: Any, there: Any) -> Any:
    """A copy in pinned memory, complete when the device has done all that was ordered before."""
    here = torch.empty(there.shape, dtype=there.dtype, pin_memory=True)
    return here.copy_(there, non_blocking=True)


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
