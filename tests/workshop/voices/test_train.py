"""Training that is watched, stopped and gone on with; the sizes; a recogniser's word on the recordings."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.ports import Voice
from anchor.mandarin.reader import Reader
from anchor.media.tool import find_ffmpeg
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.workshop.voices.recordings import prepare_recordings
from anchor.workshop.voices.train import SIZES
from anchor.workshop.voices.train_worker import narrow, size_of
from anchor.workshop.voices.trainer import CurveRow, read_curve

ROOT = Path(__file__).parents[3]
TEXTS = ("大家好，歡迎收看晚間新聞。", "明天東北季風增強。", "您準備好了嗎？")
READER = Reader()
PATIENCE_S = 240.0


@pytest.fixture
def studio(tmp_path: Path, espeak: EspeakEngine, lan: Voice) -> Path:
    """Three sentences of the formant voice."""
    folder = tmp_path / "studio"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        spoken = espeak.speak(READER.read(text), lan)
        with wave.open(str(folder / f"take{number}.wav"), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(spoken.rate)
            target.writeframes(np.rint(np.clip(spoken.pcm, -1, 1) * 32767).astype("<i2").tobytes())
        (folder / f"take{number}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_curve_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "curve.tsv"
    assert read_curve(path) == ()
    path.write_text("step\tseconds\tloss_mel\n10\t4.5\t80.25\n20\t9.0\t7", encoding="utf-8")
    assert read_curve(path) == (CurveRow(10, 4.5, 80.25),)  # the last row is not whole


@pytest.mark.media
def test_a_recogniser_has_the_last_word(studio: Path, tmp_path: Path, espeak: EspeakEngine, hao: Voice) -> None:
    """Against a formant voice of another sex a right recording may look wrong; who heard it decides."""

    class Listening:
        def __init__(self, *said: str) -> None:
            self.said = list(said)

        def hear(self, sound: NDArray[np.float32], rate: int = 48000) -> str:
            return self.said.pop(0)

    made = tmp_path / "made"
    made.mkdir()
    listener = (espeak, hao)
    heard = Listening(TEXTS[0], "今天中央氣象署", TEXTS[2])
    data = prepare_recordings(studio, made, READER, find_ffmpeg(), None, listener, heard)
    assert [clip.name for clip in data.clips] == ["take0", "take2"]
    assert "but 「今天中央氣象署」" in data.faults[0].why
    (studio / "take0.txt").write_text(TEXTS[1], encoding="utf-8")
    heard = Listening(TEXTS[1], TEXTS[1], TEXTS[2])
    data = prepare_recordings(studio, made, READER, find_ffmpeg(), None, listener, heard)
    assert data.faults == () and all(clip.phonemes for clip in data.clips)


def parameters(model: Any) -> tuple[int, int]:
    """Of the part that speaks, and of its discriminators."""
    judges = sum(p.numel() for p in model.disc.parameters())
    return sum(p.numel() for p in model.parameters()) - judges, judges


def test_a_light_model_is_light(tmp_path: Path) -> None:
    pytest.importorskip("TTS", reason="the coqui extra is not installed")
    torch = pytest.importorskip("torch")
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits, VitsArgs

    assert {size_of({"size": size})["narrow"] for size in SIZES} == {1, 8}
    sizes = {}
    for size in ("tiny", "light"):
        chosen = size_of({"size": size})
        model = Vits(VitsConfig(model_args=VitsArgs(num_chars=40, **chosen["model"])))
        narrow(model.disc, chosen["narrow"])
        sizes[size] = parameters(model)
        sound = torch.randn(2, 1, 8192)
        scores, features, _, _ = model.disc(sound)
        assert len(scores) == 1 + len(chosen["model"]["periods_multi_period_discriminator"])
        assert all(torch.isfinite(score).all() for score in scores) and features
    assert sizes["tiny"][0] < 0.5e6 < sizes["light"][0] < 6e6
    assert max(judges for _, judges in sizes.values()) < 1.5e6


@pytest.mark.slow
@pytest.mark.media
def test_training_stops_when_asked_and_goes_on_from_there(studio: Path, tmp_path: Path) -> None:
    pytest.importorskip("TTS", reason="the coqui extra is not installed")
    shelf, work = tmp_path / "shelf", studio / ".anchor-training"
    command = [sys.executable, "-m", "anchor.cli.app", "voices", "train", str(studio)]
    command += ["--name", "own", "--by", "林小姐", "--licence", "LicenseRef-Station", "--size", "tiny", "--batch", "2"]
    command += ["--json", "--into"]
    models = str(tmp_path / "models")  # none: Whisper does not understand formant speech
    env = {**os.environ, "PYTHONPATH": str(ROOT), "ANCHOR_MODELS": models}
    with subprocess.Popen(
        [*command, str(shelf), "--steps", "5000"], stdout=subprocess.PIPE, env=env, text=True
    ) as process:
        end = time.monotonic() + PATIENCE_S
        while len(read_curve(work / "curve.tsv")) < 2:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    error = json.loads(said)["error"]
    assert error["code"] == "cancelled" and "of 5000" in error["message"] and "go on" in error["hint"]
    assert not shelf.exists() and not (work / "stop").exists()
    reached = read_curve(work / "curve.tsv")[-1]
    runs = list(work.glob("voice-*"))
    assert len(runs) == 1 and any(runs[0].glob("checkpoint_*.pth"))
    done = subprocess.run(
        [*command, str(shelf), "--steps", str(reached.step + 3)], capture_output=True, env=env, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = read_curve(work / "curve.tsv")
    fresh = [row for row in rows if row.seconds > reached.seconds]
    assert fresh and all(row.step > reached.step for row in fresh) and list(work.glob("voice-*")) == runs
    assert (shelf / "voices" / "own" / "model.pth").is_file()
    # Other recordings are another training: nothing of the first is gone on with.
    shutil.copy(studio / "take0.wav", studio / "take3.wav")
    shutil.copy(studio / "take0.txt", studio / "take3.txt")
    again = subprocess.run([*command, str(tmp_path / "other"), "--steps", "1"], capture_output=True, env=env, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(list(work.glob("voice-*"))) == 2
