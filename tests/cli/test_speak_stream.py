"""`anchor speak` for who listens in: sound on stdout or in a player while it is made."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.media
TEXT = "大家好，歡迎收看晚間新聞。[停 0.5秒]今天天氣晴。"


def speak(*args: str, path: str | None = None) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-m", "anchor.cli.app", "speak", *args, "--voice", "lan-espeak"]
    return subprocess.run(argv, capture_output=True, env=os.environ | ({"PATH": path} if path else {}), check=False)


def test_stdout_gets_a_wav_that_players_read_to_its_end() -> None:
    made = speak(TEXT, "-o", "-")
    assert made.returncode == 0, made.stderr
    head, samples = made.stdout[:44], np.frombuffer(made.stdout[44:], "<i2")
    assert head[:4] == b"RIFF" and head[8:16] == b"WAVEfmt " and head[36:40] == b"data"
    channels, rate = struct.unpack("<HI", head[22:28])
    assert channels == 1
    assert 3.0 < len(samples) / rate < 9.0
    assert np.abs(samples.astype(np.int32)).max() > 3000
    assert struct.unpack("<I", head[40:])[0] == 0xFFFFFFFF


def test_a_player_gets_the_sound_while_it_is_made(tmp_path: Path) -> None:
    player = tmp_path / "ffplay"
    player.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'heard')!r}, 'wb').write(sys.stdin.buffer.read())\n"
    )
    player.chmod(0o755)
    made = speak(TEXT, "--play", path=f"{tmp_path}:{os.environ['PATH']}")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "heard").stat().st_size > 100_000


def test_without_a_player_it_is_said_what_to_do(tmp_path: Path) -> None:
    made = speak(TEXT, "--play", path=str(tmp_path))
    assert made.returncode == 4
    assert b"-o A.wav" in made.stderr


@pytest.mark.parametrize(
    "args", [(), ("-o", "-", "--json"), ("-o", "-", "--timeline", "t.json"), ("-o", "a.wav", "--play")]
)
def test_what_does_not_go_together_is_refused(args: tuple[str, ...], tmp_path: Path) -> None:
    made = speak(TEXT, *args)
    assert made.returncode == 2 and not made.stdout
    assert b"-o" in made.stderr or b"--play" in made.stderr
