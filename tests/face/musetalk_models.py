"""A MuseTalk with random weights, built through the libraries' own configuration classes, and who uses it."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchor.core.face import Avatar
from anchor.face.avatar import resolve_avatar
from anchor.face.engines.musetalk.files import find_model
from anchor.packs import Shelf, load_pack

WIDTH = 16
"""Of Whisper's states."""
PIECE_S = 4
"""Whisper's window; the true one is 30 s."""


@dataclass(frozen=True)
class Size:
    """What the libraries' own configuration classes are given."""

    unet: dict[str, Any]
    vae: dict[str, Any]
    whisper: dict[str, Any]
    piece_s: int
    """Whisper's window."""


TINY = Size(
    unet={
        "sample_size": 32, "block_out_channels": (8, 8), "layers_per_block": 1, "norm_num_groups": 4,
        "attention_head_dim": 4, "cross_attention_dim": WIDTH,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    },
    vae={"block_out_channels": (4, 4, 4, 4), "norm_num_groups": 2, "layers_per_block": 1},
    whisper={
        "d_model": WIDTH, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "vocab_size": 60,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    },
    piece_s=PIECE_S,
)  # fmt: skip
"""A few hundred kB."""
FULL = Size(
    unet={
        "sample_size": 64, "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "norm_num_groups": 32,
        "attention_head_dim": 8, "cross_attention_dim": 384,
        "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
        "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    },
    vae={"block_out_channels": (128, 256, 512, 512), "norm_num_groups": 32, "layers_per_block": 2},
    whisper={
        "d_model": 384, "encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 6,
        "decoder_attention_heads": 6, "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536, "vocab_size": 51865,
    },
    piece_s=30,
)  # fmt: skip
"""MuseTalk 1.5's own numbers, Stable Diffusion's coder and Whisper tiny; 4 GB."""


def build_model(folder: Path, seed: int = 3, size: Size = TINY, device: str = "cpu") -> Path:
    """The published layout with random weights, drawn on `device`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

        torch.manual_seed(seed)
        with torch.device(device):
            unet = UNet2DConditionModel(in_channels=8, out_channels=4, **size.unet)
            vae = AutoencoderKL(
                down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
                latent_channels=4, sample_size=256, **size.vae,
            )  # fmt: skip
            whisper = WhisperModel(
                WhisperConfig(
                    max_source_positions=50 * size.piece_s, suppress_tokens=None, begin_suppress_tokens=None,
                    **size.whisper,
                )
            )  # fmt: skip
        for name in ("musetalkV15", "whisper"):
            (folder / name).mkdir(parents=True)
        torch.save(unet.state_dict(), folder / "musetalkV15" / "unet.pth")
        config = {key: value for key, value in unet.config.items() if not key.startswith("_use")}
        (folder / "musetalkV15" / "musetalk.json").write_text(json.dumps(config), encoding="utf-8")
        vae.save_pretrained(folder / "sd-vae", safe_serialization=False)
        whisper.config.save_pretrained(folder / "whisper")
        torch.save(whisper.state_dict(), folder / "whisper" / "pytorch_model.bin")
        WhisperFeatureExtractor(chunk_length=size.piece_s).save_pretrained(folder / "whisper")
    return folder


def musetalk_presenter(
    avatar: Avatar,
    model: Path,
    directory: Path,
    options: str = "batch = 8",
    acceptance: str | None = None,
    device: str = "cpu",
) -> Avatar:
    """The presenter with another engine: a pack in `directory` whose files are those of the shelf."""
    directory.mkdir(parents=True)
    for path in avatar.path.iterdir():
        if path.name != "avatar.toml":
            (directory / path.name).symlink_to(path)
    if acceptance is None:
        acceptance = f'[acceptance]\nby = "the tests"\ndate = "2026-11-24"\nmodel = "{find_model(model).digest}"\n'
    head, files = (avatar.path / "avatar.toml").read_text(encoding="utf-8").split("\n[files]\n")
    head = head.replace(f'name = "{avatar.name}"', f'name = "{directory.name}"')
    head = head.replace('engine = "bank"', 'engine = "musetalk"')
    tables = f'\n[engine_options]\nmodel = "{model}"\ndevice = "{device}"\nthreads = 1\n{options}\n\n{acceptance}'
    (directory / "avatar.toml").write_text(f"{head}{tables}\n[files]\n{files}", encoding="utf-8")
    return resolve_avatar(load_pack(directory, Shelf.AVATARS), directory.parent / "cache")
