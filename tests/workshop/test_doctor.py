"""The doctor says what is there, what is missing, and what to do; it loads none of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from anchor.cli.doctor import doctor
from anchor.settings import Settings
from anchor.workshop.doctor import Finding, State, available_memory, examine, font_file


def _settings(tmp_path: Path, ffmpeg: str = "") -> Settings:
    return Settings(shelves=(tmp_path,), cache=tmp_path / "deep" / "cache", models=tmp_path / "models", ffmpeg=ffmpeg)


def _find(findings: tuple[Finding, ...], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


def test_every_piece_is_looked_for_and_explained(tmp_path: Path) -> None:
    findings = examine(_settings(tmp_path))
    assert [finding.name for finding in findings] == [
        *("ffmpeg", "font", "voices", "avatars", "looks", "espeak", "kokoro", "wordlist"),
        *("disk", "cores", "memory", "gpu", "torch", "coqui", "musetalk", "evaluate", "models", "farm", "redis"),
    ]
    for finding in findings:
        assert finding.gives
        assert finding.found if finding.state is State.OK else finding.install


def test_ffmpeg_that_is_missing(tmp_path: Path) -> None:
    finding = _find(examine(_settings(tmp_path, ffmpeg=str(tmp_path / "no"))), "ffmpeg")
    assert finding.state is State.MISSING
    assert "no ffmpeg at" in finding.found
    assert "apt install ffmpeg" in finding.install


def test_ffmpeg_that_is_there(tmp_path: Path) -> None:
    finding = _find(examine(_settings(tmp_path)), "ffmpeg")
    assert finding.state is State.OK
    assert finding.found.split(":")[-1].strip().startswith("/")


def test_empty_shelves_and_no_models(tmp_path: Path) -> None:
    findings = examine(_settings(tmp_path))
    assert _find(findings, "voices").state is State.MISSING
    assert str(tmp_path / "voices") in _find(findings, "voices").install
    assert _find(findings, "models").state is State.OPTIONAL
    (tmp_path / "models" / "xtts").mkdir(parents=True)
    (tmp_path / "models" / ".kokoro-parts").mkdir()
    (tmp_path / "voices" / "a").mkdir(parents=True)
    (tmp_path / "voices" / "a" / "voice.toml").touch()
    findings = examine(_settings(tmp_path))
    assert _find(findings, "voices").found == "a"
    assert _find(findings, "models").found == "xtts"


def test_the_word_list(tmp_path: Path) -> None:
    finding = _find(examine(_settings(tmp_path)), "wordlist")
    assert finding.state is State.OPTIONAL
    assert "libchewing3-data" in finding.install
    found = _find(examine(replace(_settings(tmp_path), wordlist=tmp_path)), "wordlist")
    assert (found.state, found.found) == (State.OK, str(tmp_path))


def test_font_without_fontconfig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert font_file() is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    found = font_file()
    assert found is not None
    assert found.name.startswith("NotoSans")


def test_memory_is_a_number_of_bytes() -> None:
    assert 1 << 20 < available_memory() < 1 << 50


def test_nothing_heavy_is_imported() -> None:
    program = """
import sys
from pathlib import Path
from anchor.workshop.doctor import examine
from anchor.settings import Settings
examine(Settings(shelves=(), cache=Path("."), models=Path("none")))
print(sorted(sys.modules.keys() & {"espeakng_loader", "torch", "TTS", "moviepy", "cv2"}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def program() -> typer.Typer:
    app = typer.Typer()
    app.command()(doctor)
    return app


def test_command_fails_when_something_is_missing(program: typer.Typer, tmp_path: Path) -> None:
    environment = {"ANCHOR_FFMPEG": str(tmp_path / "no"), "HOME": str(tmp_path)}
    result = CliRunner().invoke(program, ["--json"], env=environment)
    assert result.exit_code == 4
    document = json.loads(result.stdout)
    assert document["ready"] is False
    (found,) = [finding for finding in document["findings"] if finding["name"] == "ffmpeg"]
    assert set(found) == {"name", "state", "found", "gives", "install", "texts"}
    assert {lang: set(said) for lang, said in found["texts"].items()} == {
        lang: {"found", "gives", "install"} for lang in ("en", "zh-Hant-TW")
    }
    assert found["state"] == "missing"


def test_command_shows_a_table(program: typer.Typer, tmp_path: Path) -> None:
    environment = {"ANCHOR_FFMPEG": str(tmp_path / "no"), "HOME": str(tmp_path), "COLUMNS": "120"}
    result = CliRunner().invoke(program, [], env=environment)
    assert result.exit_code == 4
    assert "missing: ffmpeg" in result.stdout
    assert "→ install ffmpeg" in result.stdout
