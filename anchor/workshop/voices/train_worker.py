"""Program of its own: runs Coqui's trainer for a VITS voice on a job file, its chatter into train.log.

It writes `curve.tsv` while it learns, saves a checkpoint every quarter of an hour and when a file `stop` appears, and
goes on from the last checkpoint of the same job.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
import traceback
import warnings
from pathlib import Path
from typing import Any

STOPPED = 130
"""Exit status of a run that was asked to stop and saved where it was, as the trainer itself gives it."""
SAVE_S = 900.0
ROW_S = 2.0
"""Between two rows of the curve at least."""
COLUMNS = ("loss_mel", "loss_kl", "loss_duration", "loss_gen", "loss_disc")
"""Mean over the round so far; mel is what one hears, the last two only balance each other."""
WINDOW = {"fft_size": 1024, "win_length": 1024, "hop_length": 256, "num_mels": 80}


def size_of(job: dict[str, Any]) -> dict[str, Any]:
    """The settings of the job's size."""
    table = tomllib.loads(Path(__file__).with_name("sizes.toml").read_text(encoding="utf-8"))
    chosen: dict[str, Any] = table[job["size"]]
    return chosen


def configuration(job: dict[str, Any]) -> Any:
    """Coqui's configuration for the job."""
    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import VitsArgs

    rounds = -(-len(job["train"]) // job["batch"])
    return VitsConfig(
        model_args=VitsArgs(**size_of(job)["model"]),
        audio=BaseAudioConfig(sample_rate=job["rate"], mel_fmin=0, mel_fmax=None, **WINDOW),
        characters=CharactersConfig(
            characters=job["characters"], punctuations=job["marks"], pad="_", blank="<BLNK>", eos=None, bos=None,
            phonemes=None, characters_class="TTS.tts.models.vits.VitsCharacters",
        ),
        run_name="voice", output_path=job["work"], use_phonemes=False, text_cleaner=None, test_sentences=[],
        batch_size=job["batch"], eval_batch_size=min(job["batch"], len(job["eval"])), batch_group_size=0,
        num_loader_workers=0, num_eval_loader_workers=0, epochs=-(-job["steps"] // rounds), print_step=10,
        save_step=10**9, save_n_checkpoints=2, save_best_after=job["steps"] + 1, mixed_precision=False,
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


class Watch:
    """What is done after each step: the curve is written, checkpoints are saved, a wish to stop is heard."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._curve = work / "curve.tsv"
        self._began = self._saved = time.monotonic()
        self._row = 0.0
        self._before = 0.0
        if self._curve.exists():
            last = self._curve.read_text(encoding="utf-8").rstrip("\n").split("\n")[-1].split("\t")
            self._before = float(last[1]) if last[0].isdigit() else 0.0

    def step(self, trainer: Any) -> None:
        """Called by the trainer after each step."""
        now = time.monotonic()
        if now - self._row >= ROW_S:
            self._row = now
            self.write(trainer)
        if (self._work / "stop").exists():
            self.write(trainer)
            raise KeyboardInterrupt  # the trainer saves and leaves with status 130
        if now - self._saved >= SAVE_S:
            self._saved = now
            trainer.save_checkpoint()

    def write(self, trainer: Any) -> None:
        """A row of the curve: step, seconds of training, the means of the round."""
        means = trainer.keep_avg_train.avg_values if trainer.keep_avg_train is not None else {}
        figures = [means.get(f"avg_{name}", means.get(f"avg_{name}_0", float("nan"))) for name in COLUMNS]
        seconds = self._before + time.monotonic() - self._began
        row = [str(trainer.total_steps_done), f"{seconds:.1f}", *(f"{float(figure):.3f}" for figure in figures)]
        fresh = not self._curve.exists()
        with self._curve.open("a", encoding="utf-8") as curve:
            if fresh:
                curve.write("\t".join(("step", "seconds", *COLUMNS)) + "\n")
            curve.write("\t".join(row) + "\n")


def narrow(discriminator: Any, times: int) -> None:
    """Give every layer of a discriminator `times` fewer channels: at full width they take most of a CPU's time."""
    from torch import nn

    for net in discriminator.nets:
        made, width = [], 1
        for layer in [*net.convs, net.conv_post]:
            out = 1 if layer is net.conv_post else max(8, layer.out_channels // times)
            groups = min(layer.groups, width // 4) if layer.groups > 1 else 1
            kind = nn.Conv1d if len(layer.kernel_size) == 1 else nn.Conv2d
            shape = (layer.kernel_size, layer.stride, layer.padding)
            fresh = kind(width, out, *shape, groups=max(1, groups))
            made.append(nn.utils.parametrizations.weight_norm(fresh))
            width = out
        net.convs, net.conv_post = nn.ModuleList(made[:-1]), made[-1]


def earlier_run(job: dict[str, Any]) -> Path | None:
    """The folder of an earlier run of the same job that saved a checkpoint; its rounds are set to the job's."""
    for folder in sorted(Path(job["work"]).glob("voice-*"), reverse=True):
        mark = folder / "fingerprint"
        same = mark.exists() and mark.read_text(encoding="utf-8") == job["fingerprint"]
        if same and any(folder.glob("checkpoint_*.pth")):
            path = folder / "config.json"
            kept = json.loads(path.read_text(encoding="utf-8"))
            kept["epochs"] = configuration(job).epochs
            path.write_text(json.dumps(kept), encoding="utf-8")
            return folder
    return None


def train(job: dict[str, Any]) -> None:
    """Train, then write `model/model.pth` (without what only training needs) and `model/config.json`."""
    import torch
    import torchaudio
    from trainer import Trainer, TrainerArgs
    from TTS.tts.models.vits import Vits

    torch.manual_seed(1)
    if job["threads"]:
        torch.set_num_threads(job["threads"])
    torchaudio.load = read_sound
    config = configuration(job)
    model = Vits.init_from_config(config)
    if size_of(job)["narrow"] > 1:
        narrow(model.disc, size_of(job)["narrow"])
    rows = samples(job["train"], job["work"]), samples(job["eval"], job["work"])
    before = earlier_run(job)
    watch = Watch(Path(job["work"]))
    trainer = Trainer(
        TrainerArgs(continue_path=str(before) if before else ""),
        config,
        output_path=job["work"],
        model=model,
        train_samples=rows[0],
        eval_samples=rows[1],
        callbacks={"on_train_step_end": watch.step},
    )
    (Path(trainer.output_path) / "fingerprint").write_text(job["fingerprint"], encoding="utf-8")
    if trainer.total_steps_done < job["steps"]:
        trainer.fit()
        watch.write(trainer)
        trainer.save_checkpoint()
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
