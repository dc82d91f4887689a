"""The folder of MuseTalk's weights: what lies where, whether it fits together, and the digest of it all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from anchor.core.artifact import digest_of, file_digest
from anchor.core.errors import PackError, Place
from anchor.messages import Message, message

SIDE = 256
"""Pixels of the square face that the network paints."""
HEARD_HZ = 16000
"""What Whisper listens to."""
FEATURES_HZ = 50
"""Whisper's features a second."""
LAYOUT = {
    "unet": ("musetalkV15/unet.pth",),
    "unet_config": ("musetalkV15/musetalk.json",),
    "vae": tuple(
        f"{folder}/diffusion_pytorch_model.{suffix}"
        for folder in ("sd-vae", "sd-vae-ft-mse")
        for suffix in ("safetensors", "bin")
    ),
    "vae_config": ("sd-vae/config.json", "sd-vae-ft-mse/config.json"),
    "whisper": ("whisper/model.safetensors", "whisper/pytorch_model.bin"),
    "whisper_config": ("whisper/config.json",),
    "extractor_config": ("whisper/preprocessor_config.json",),
}
"""Part → where its authors put it, relative to the folder; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Every file that the engine reads."""

    unet: Path
    """The network's state, as torch saves it."""
    unet_config: Path
    vae: Path
    """The image coder's weights; its config.json lies beside them."""
    vae_config: Path
    whisper: Path
    """Whisper's weights; config.json and preprocessor_config.json lie beside them."""
    whisper_config: Path
    extractor_config: Path

    @property
    def digest(self) -> str:
        """sha256 over all files; read once per process as long as size and time of the files stay."""
        return digest_of(*(_digest(*_stamp(getattr(self, part))) for part in LAYOUT))


def find_model(folder: Path) -> ModelFiles:
    """The files of a model folder.

    Raises:
        PackError: something is missing; the message names the first, see `file_problems` for all.
    """
    problems = file_problems(folder)
    if problems:
        raise PackError(problems[0], hint=message("musetalk.all-missing"))
    return ModelFiles(**{part: _first(folder, part) for part in LAYOUT})  # type: ignore[arg-type]


def file_problems(folder: Path) -> tuple[Message, ...]:
    """What is missing in a model folder, each with what to do."""
    if not folder.is_dir():
        return (message("musetalk.no-folder", folder=str(folder)),)
    return tuple(_missing(folder, places) for part, places in LAYOUT.items() if _first(folder, part) is None)


def _missing(folder: Path, places: tuple[str, ...]) -> Message:
    first, *others = places
    names: Message | str = first
    for other in others:
        names = message("musetalk.or", first=names, other=other)
    return message("musetalk.file-missing", names=names, folder=str(folder))


def config_problems(files: ModelFiles) -> tuple[Message, ...]:
    """Where the three parts do not fit each other or the engine, each with what to do."""
    unet, vae, whisper, extractor = (
        _config(path) for path in (files.unet_config, files.vae_config, files.whisper_config, files.extractor_config)
    )
    latents = vae.get("latent_channels", 4)
    heard, bands = message("musetalk.heard"), message("musetalk.bands")
    wanted = (
        (files.unet_config, "in_channels", unet.get("in_channels"), 2 * latents, message("musetalk.two-faces")),
        (files.unet_config, "out_channels", unet.get("out_channels"), latents, message("musetalk.one-face")),
        (files.unet_config, "cross_attention_dim", unet.get("cross_attention_dim"), whisper.get("d_model"), heard),
        (files.vae_config, "in_channels", vae.get("in_channels", 3), 3, "R'G'B'"),
        (files.vae_config, "out_channels", vae.get("out_channels", 3), 3, "R'G'B'"),
        (files.extractor_config, "sampling_rate", extractor.get("sampling_rate", HEARD_HZ), HEARD_HZ, "Hz"),
        (files.extractor_config, "feature_size", extractor.get("feature_size"), whisper.get("num_mel_bins"), bands),
        (files.extractor_config, "hop_length", extractor.get("hop_length"), HEARD_HZ // FEATURES_HZ // 2, "10 ms"),
        (
            files.whisper_config,
            "max_source_positions",
            whisper.get("max_source_positions"),
            extractor.get("chunk_length", 0) * FEATURES_HZ,
            message("musetalk.pieces"),
        ),
    )  # fmt: skip
    return tuple(
        message("musetalk.misfit", path=str(path), key=key, found=str(found), right=str(right), why=why)
        for path, key, found, right, why in wanted
        if found != right
    )


def _config(path: Path) -> dict[str, Any]:
    """A configuration.

    Raises:
        PackError: it is no JSON object.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        what = message("musetalk.config-unreadable", reason=str(error))
        raise PackError(what, hint=message("musetalk.get"), place=Place(file=str(path))) from error
    if not isinstance(config, dict):
        raise PackError(message("musetalk.config-no-object"), hint=message("musetalk.get"), place=Place(file=str(path)))
    return config


def _first(folder: Path, part: str) -> Path | None:
    return next((folder / place for place in LAYOUT[part] if (folder / place).is_file()), None)


def _stamp(path: Path) -> tuple[Path, int, int]:
    facts = path.stat()
    return path, facts.st_size, facts.st_mtime_ns


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified_ns: int) -> str:
    return file_digest(path)
