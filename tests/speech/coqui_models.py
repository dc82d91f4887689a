"""Tiny Coqui models with random weights, built through Coqui's own configuration classes, as voice packs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from anchor.core.artifact import file_digest
from anchor.core.ports import Voice
from anchor.packs import Shelf, load_pack
from anchor.speech.voice import resolve_voice

LETTERS = "abcdefghijklmnopqrstuvwxyz12345"
LATENT = 64
"""Width of the small XTTS."""


def pack_voice(
    directory: Path, options: dict[str, str | int | float], tables: str = "", licence: str = "CC0-1.0"
) -> Voice:
    """The files in `directory` as a voice pack, sealed and resolved."""
    (directory / "LICENSE").write_text("Random numbers belong to nobody.\n", encoding="utf-8")
    files = sorted(p.name for p in directory.iterdir() if p.name not in ("LICENSE", "voice.toml"))
    lines = [
        "schema = 1", f'name = "{directory.name}"', 'label = "隨機"', 'engine = "coqui"', f'licence = "{licence}"',
        "[source]", 'by = "the tests"', 'what = "random weights"', 'date = "2026-11-23"',
        "[engine_options]", *(f"{key} = {json.dumps(value)}" for key, value in options.items()), tables,
        "[files]", *(f'"{name}" = "{file_digest(directory / name)}"' for name in files),
    ]  # fmt: skip
    (directory / "voice.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return resolve_voice(load_pack(directory, Shelf.VOICES))


def rewritten(voice: Voice, tmp_path: Path, **options: str | int | float) -> Voice:
    """The same model in a pack with other options."""
    directory = tmp_path / "other-voice"
    directory.mkdir()
    for file in voice.path.iterdir():
        if file.name not in ("voice.toml", "LICENSE"):
            (directory / file.name).hardlink_to(file)
    tables = (voice.path / "voice.toml").read_text(encoding="utf-8")
    symbols = "[symbols]" + tables.partition("[symbols]")[2].partition("[files]")[0] if "[symbols]" in tables else ""
    return pack_voice(directory, {**dict(voice.options), **options}, symbols)


def build_vits(directory: Path, speakers: tuple[str, ...] = (), *, full: bool = False) -> None:
    """A VITS of 1 MB, or of its authors' size: `model.pth` and `config.json`; every symbol lasts some 2 frames."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from TTS.config.shared_configs import BaseAudioConfig
        from TTS.tts.configs.shared_configs import CharactersConfig
        from TTS.tts.configs.vits_config import VitsConfig
        from TTS.tts.models.vits import Vits, VitsArgs

        torch.manual_seed(7)
        small: dict[str, Any] = {
            "hidden_channels": 16, "hidden_channels_ffn_text_encoder": 32, "num_heads_text_encoder": 2,
            "num_layers_text_encoder": 1, "num_layers_posterior_encoder": 1, "num_layers_flow": 1,
            "upsample_initial_channel_decoder": 32, "resblock_kernel_sizes_decoder": [3],
            "resblock_dilation_sizes_decoder": [[1, 3, 5]], "speaker_embedding_channels": 8,
        }  # fmt: skip
        shared = {"use_sdp": False, "init_discriminator": False, "use_speaker_embedding": bool(speakers)}
        config = VitsConfig(
            model_args=VitsArgs(**shared, **({} if full else small)),
            audio=BaseAudioConfig(sample_rate=22050, hop_length=256, win_length=1024, fft_size=1024, num_mels=80),
            characters=CharactersConfig(
                characters=LETTERS, punctuations=" ,.?", pad="_", blank="<BLNK>", eos=None, bos=None, phonemes=None,
                characters_class="TTS.tts.models.vits.VitsCharacters",
            ),
            use_phonemes=False,
            text_cleaner=None,
            speakers=list(speakers),
        )  # fmt: skip
        model = Vits.init_from_config(config)
        with torch.no_grad():
            model.duration_predictor.proj.weight.mul_(0.05)
            model.duration_predictor.proj.bias.fill_(0.3)
            model.waveform_decoder.conv_post.weight.mul_(60)  # as loud as speech
        torch.save({"model": model.state_dict(), "config": config.to_dict()}, directory / "model.pth")
        config.save_json(str(directory / "config.json"))


def vits_voice(directory: Path, *, full: bool = False, device: str = "auto") -> Voice:
    """A random VITS that is given letters of pinyin."""
    directory.mkdir()
    build_vits(directory, full=full)
    return pack_voice(
        directory,
        {"units": "pinyin", "threads": 1, "device": device},
        '[symbols]\nword = " "\ncomma = ","\nsentence = "."',
    )


def build_xtts(directory: Path) -> None:
    """An XTTS with half a million numbers in its language model; its decoder's size is fixed (46 MB as fp16)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from tokenizers import Regex, Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.pre_tokenizers import Split
        from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
        from TTS.tts.models.xtts import Xtts

        torch.manual_seed(11)
        words = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[zh-cn]", *LETTERS, *"06789,.?"]
        tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = Split(Regex(r"\[[^\]]+\]|."), behavior="isolated")
        tokenizer.save(str(directory / "vocab.json"))
        config = XttsConfig(
            model_args=XttsArgs(
                gpt_layers=1, gpt_n_model_channels=LATENT, gpt_n_heads=2, decoder_input_dim=LATENT,
                gpt_num_audio_tokens=130, gpt_start_audio_token=128, gpt_stop_audio_token=129,
                gpt_max_audio_tokens=60, gpt_max_text_tokens=160, gpt_use_perceiver_resampler=True,
                gpt_number_text_tokens=len(words), gpt_start_text_token=3, gpt_stop_text_token=0,
            )
        )  # fmt: skip
        model = Xtts.init_from_config(config)
        model.init_models() if model.gpt is None else None
        state = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
        torch.save({"model": state, "config": config.to_dict()}, directory / "model.pth")
        config.save_json(str(directory / "config.json"))
        latents = {
            "gpt_cond_latent": torch.randn(1, 32, LATENT) * 0.1,
            "speaker_embedding": torch.randn(1, 512, 1) * 0.1,
        }
        torch.save({"測試主播": latents, "Ana Florence": latents}, directory / "speakers_xtts.pth")


def xtts_voice(directory: Path) -> Voice:
    """A random XTTS that speaks with stored latents; its noise cannot be aligned with any text."""
    directory.mkdir()
    build_xtts(directory)
    options: dict[str, str | int | float] = {
        "speakers": "speakers_xtts.pth", "speaker": "測試主播", "threads": 1, "timing": "proportional",
    }  # fmt: skip
    return pack_voice(directory, options)
