"""A tiny MuseTalk with random weights, built through the libraries' own configuration classes, and who uses it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from anchor.core.face import Avatar
from anchor.face.avatar import resolve_avatar
from anchor.face.engines.musetalk_files import find_model
from anchor.packs import Shelf, load_pack

WIDTH = 16
"""Of Whisper's states."""
PIECE_S = 4
"""Whisper's window; the true one is 30 s."""


def build_model(folder: Path, seed: int = 3) -> Path:
    """The published layout, a few hundred kB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

        torch.manual_seed(seed)
        unet = UNet2DConditionModel(
            sample_size=32, in_channels=8, out_channels=4, cross_attention_dim=WIDTH, block_out_channels=(8, 8),
            layers_per_block=1, norm_num_groups=4, attention_head_dim=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip
        vae = AutoencoderKL(
            block_out_channels=(4, 4, 4, 4), norm_num_groups=2, latent_channels=4, layers_per_block=1, sample_size=256,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        )  # fmt: skip
        whisper = WhisperModel(
            WhisperConfig(
                d_model=WIDTH, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
                encoder_ffn_dim=16, decoder_ffn_dim=16, max_source_positions=50 * PIECE_S, vocab_size=60,
                pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, suppress_tokens=None,
                begin_suppress_tokens=None,
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
        WhisperFeatureExtractor(chunk_length=PIECE_S).save_pretrained(folder / "whisper")
    return folder


def musetalk_presenter(
    avatar: Avatar, model: Path, directory: Path, options: str = "batch = 8", acceptance: str | None = None
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
    tables = f'\n[engine_options]\nmodel = "{model}"\ndevice = "cpu"\nthreads = 1\n{options}\n\n{acceptance}'
    (directory / "avatar.toml").write_text(f"{head}{tables}\n[files]\n{files}", encoding="utf-8")
    return resolve_avatar(load_pack(directory, Shelf.AVATARS), directory.parent / "cache")
