"""Program of its own: runs Coqui's trainer for a VITS voice on a job file, its chatter into train.log."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

TINY: dict[str, Any] = {
    "hidden_channels": 16, "hidden_channels_ffn_text_encoder": 32, "num_layers_text_encoder": 1,
    "num_layers_posterior_encoder": 1, "num_layers_flow": 1, "upsample_initial_channel_decoder": 32,
    "resblock_kernel_sizes_decoder": [3], "resblock_dilation_sizes_decoder": [[1, 3, 5]],
    "periods_multi_period_discriminator": [2], "use_sdp": False,
}  # fmt: skip
"""Sizes of the model that only shows the way."""
WINDOW = {"fft_size": 1024, "win_length": 1024, "hop_length": 256, "num_mels": 80}


def configuration(job: dict[str, Any]) -> Any:
    """Coqui's configuration for the job."""
    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import VitsArgs

    rounds = -(-len(job["train"]) // job["batch"])
    return VitsConfig(
        model_args=VitsArgs(**(TINY if job["size"] == "tiny" else {})),
        audio=BaseAudioConfig(sample_rate=job["rate"], mel_fmin=0, mel_fmax=None, **WINDOW),
        characters=CharactersConfig(
            characters=job["characters"], punctuations=job["marks"], pad="_", blank="<BLNK>", eos=None, bos=None,
            phonemes=None, characters_class="TTS.tts.models.vits.VitsCharacters",
        ),
        run_name="voice", output_path=job["work"], use_phonemes=False, text_cleaner=None, test_sentences=[],
        batch_size=job["batch"], eval_batch_size=min(job["batch"], len(job["eval"])), batch_group_size=0,
        num_loader_workers=0, num_eval_loader_workers=0, epochs=-(-job["steps"] // rounds), print_step=10,
        save_step=1000, save_n_checkpoints=2, save_best_after=job["steps"] + 1, mixed_precision=False,
        cudnn_benchmark=False, training_seed=1, dashboard_logger="tensorboard", compute_input_seq_cache=False,
    )  # fmt: skip


def samples(rows: list[dict[str, str]], work: str) -> list[dict[str, str]]:
    """Rows as Coqui's data sets hold them."""
    return [
        {
            "text": row["text"],
            "audio_file": row["wav"],
            "audio_unique_name": Path(row["wav"]).stem,
            "speaker_name": "voice",
            "language": "",
            "root_path": work,
        }
        for row in rows
    ]


def read_sound(path: str) -> tuple[Any, int]:
    """In place of torchaudio's reader, which wants one exact version of ffmpeg's libraries."""
    import soundfile
    import torch

    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(data.T.copy()), int(rate)


def train(job: dict[str, Any]) -> None:
    """Train, then write `model/model.pth` (without what only training needs) and `model/config.json`."""
    import torch
    import torchaudio
    from trainer import Trainer, TrainerArgs
    from TTS.tts.models.vits import Vits

    torch.manual_seed(1)
    if job["size"] == "tiny":
        torch.set_num_threads(1)  # its layers are too small to share out
    torchaudio.load = read_sound
    config = configuration(job)
    model = Vits.init_from_config(config)
    rows = samples(job["train"], job["work"]), samples(job["eval"], job["work"])
    trainer = Trainer(
        TrainerArgs(), config, output_path=job["work"], model=model, train_samples=rows[0], eval_samples=rows[1]
    )
    trainer.fit()
    out = Path(job["work"]) / "model"
    out.mkdir(exist_ok=True)
    kept = {key: value.cpu() for key, value in model.state_dict().items() if not key.startswith("disc.")}
    config.model_args.init_discriminator = False
    config.output_path, config.run_name = "", ""
    torch.save({"model": kept, "config": config.to_dict(), "step": trainer.total_steps_done}, out / "model.pth")
    config.save_json(str(out / "config.json"))


def main(path: str) -> int:
    """Run the job; what went wrong is the last line of stderr, the rest is in train.log."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    said = os.dup(2)
    with (Path(job["work"]) / "train.log").open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        warnings.simplefilter("ignore")
        try:
            train(job)
        except BaseException as error:  # a trainer that gives up says SystemExit
            traceback.print_exc(file=log)
            os.write(said, f"{type(error).__name__}: {error}\n".encode())
            raise SystemExit(1) from error
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
