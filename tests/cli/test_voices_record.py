"""`anchor voices record` from outside: a folder, a sheet, checks with their exit status, watching, recording."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app
from anchor.core.ports import Voice
from anchor.mandarin.reader import Reader
from anchor.media.tool import find_ffmpeg
from anchor.packs import Shelf, find_pack
from anchor.speech.engines.espeak.engine import EspeakEngine
from anchor.speech.voice import resolve_voice
from anchor.workshop.voices.session.prompts import prompt_of

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]
Make = Callable[[Path, int, float], Path]
PATIENCE_S = 90.0


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *args: runner.invoke(app, ["voices", "record", *(str(a) for a in args)])


@pytest.fixture(scope="module")
def formant() -> Iterator[tuple[EspeakEngine, Voice]]:
    with EspeakEngine() as engine:
        yield engine, resolve_voice(find_pack(Shelf.VOICES, "lan-espeak", (ROOT,)))


@pytest.fixture
def make(formant: tuple[EspeakEngine, Voice]) -> Make:
    """Writes a sentence of the session as a studio would: half a second of quiet at both ends."""
    engine, voice = formant
    reader = Reader()

    def write(folder: Path, number: int, gain: float = 1.0) -> Path:
        spoken = engine.speak(reader.read(prompt_of(number).text), voice)
        quiet = np.zeros(spoken.rate // 2, np.float32)
        sound = np.concatenate([quiet, spoken.pcm * 0.3 * gain, quiet])
        sound += np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32) * 10 ** (-75 / 20)
        path = folder / f"{number:03d}.wav"
        head = [find_ffmpeg().path, "-v", "error", "-y", "-f", "f32le", "-ar", str(spoken.rate), "-ac", "1", "-i", "-"]
        data = np.clip(sound, -1, 1).astype("<f4").tobytes()
        subprocess.run([*head, "-ar", "48000", str(path)], input=data, check=True)
        return path

    return write


def test_the_first_call_makes_the_folder_and_shows_a_sentence(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "studio"
    shown = run(folder)
    assert shown.exit_code == 0, shown.output
    assert "0 of 100 recorded" in shown.output and prompt_of(1).text in shown.output
    assert (folder / "sheet.html").is_file() and len(list(folder.glob("*.txt"))) == 100
    document = json.loads(run(folder, "--json").stdout)
    assert document["to_do"][0] == 1 and len(document["to_do"]) == 100 and document["next"]["number"] == 1
    one = json.loads(run(folder, "--sentence", 3, "--json").stdout)["next"]
    assert one["spoken"].startswith("這不（ㄅㄨˊ）是一（ㄧˋ）般") and one["minds"][0]["code"] == "sandhi"


def test_a_sheet_is_written_where_it_is_wanted(run: Run, tmp_path: Path) -> None:
    made = run(tmp_path / "s", "--sheet", tmp_path / "page.html", "--json")
    assert json.loads(made.stdout)["files"][0]["path"] == str(tmp_path / "page.html")
    assert not (tmp_path / "s").exists()
    assert run(tmp_path, "--sheet", tmp_path / "page.pdf").exit_code == 6


def test_what_cannot_be_done_is_said(run: Run, tmp_path: Path) -> None:
    wrong = run(tmp_path, "--sentence", 300, "--json")
    assert wrong.exit_code == 2 and json.loads(wrong.stdout)["error"]["hint"] == "1 to 100"
    refused = run(tmp_path, "--record", "--no-listen", "--json")
    assert refused.exit_code == 2 and "terminal" in json.loads(refused.stdout)["error"]["message"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run(tmp_path / "file").exit_code == 6


@pytest.mark.media
def test_check_names_each_fault_and_remembers(run: Run, tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "studio"
    run(folder)
    make(folder, 1, 1.0)
    good = run(folder, "--check", "--no-listen", "--json")
    assert good.exit_code == 0, good.output
    assert json.loads(good.stdout)["good"] == 1
    make(folder, 2, 0.02)
    (folder / "003.wav").write_bytes(b"RIFF")
    bad = run(folder, "--check", "--no-listen", "--json")
    assert bad.exit_code == 7
    document = json.loads(bad.stdout)
    takes = {take["number"]: take for take in document["takes"]}
    assert takes[1]["passed"] and not takes[2]["passed"] and takes[3]["fault"]
    level = next(item for item in takes[2]["items"] if item["name"] == "level")
    assert not level["passed"] and "增益" in level["zh"] and "gain" in level["en"] and "dBFS" in level["measured"]
    assert document["to_do"][:2] == [4, 5] and set(document["to_do"][-2:]) == {2, 3}
    text = run(folder, "--check", "--no-listen").output
    assert "002.wav" in text and "音量 level" in text and "-36 … -12 dBFS" in text and "001.wav" not in text


def program(*args: str) -> list[str]:
    return [sys.executable, "-m", "anchor.cli.app", "voices", "record", *args]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TERM": "dumb"}


def read_until(source: int, wanted: str, seen: list[str]) -> None:
    """Read what a program says until it says `wanted`; colours are left out."""
    end = time.monotonic() + PATIENCE_S
    while wanted not in re.sub(r"\x1b\[[\d;?]*\w", "", "".join(seen)):
        assert time.monotonic() < end, "".join(seen)
        if select.select([source], [], [], 0.2)[0]:
            piece = os.read(source, 65536)
            assert piece, "".join(seen)
            seen.append(piece.decode("utf-8", "replace"))


@pytest.mark.slow
@pytest.mark.media
def test_watch_checks_a_recording_the_moment_it_is_there(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "studio"
    command = program(str(folder), "--watch", "--no-listen")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), cwd=tmp_path) as process:
        assert process.stdout is not None
        source = process.stdout.fileno()
        seen: list[str] = []
        read_until(source, "001.wav", seen)
        make(folder, 1, 1.0)
        read_until(source, "✓ 001", seen)
        read_until(source, prompt_of(2).text, seen)
        make(folder, 2, 0.02)
        read_until(source, "✗ 002", seen)
        read_until(source, "Too quiet", seen)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert json.loads((folder / ".anchor-session.json").read_text(encoding="utf-8"))["takes"].keys() == {"1", "2"}


@pytest.mark.slow
@pytest.mark.media
def test_record_counts_down_records_checks_and_goes_on(tmp_path: Path, make: Make) -> None:
    """At a terminal of its own, with a recording in place of the microphone."""
    source = make(tmp_path, 6, 1.0)
    folder = tmp_path / "studio"
    microphone = f"lavfi:amovie={source},apad=pad_dur=1,arealtime"
    ours, theirs = pty.openpty()
    command = program(str(folder), "--record", "--no-listen", "--sentence", "6", "--microphone", microphone)
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT, env=environment(), cwd=tmp_path
    ) as process:
        os.close(theirs)
        seen: list[str] = []
        read_until(ours, "start", seen)
        os.write(ours, b"\n")
        read_until(ours, "Enter ends it", seen)
        read_until(ours, "✓ 006", seen)  # the source ends by itself
        read_until(ours, "repeat", seen)
        os.write(ours, b"r\n")
        read_until(ours, "start", [])
        os.write(ours, b"q\n")
        assert process.wait(30) == 0
        os.close(ours)
    assert (folder / "006.wav").is_file() and json.loads((folder / ".anchor-session.json").read_text())["takes"]["6"]
