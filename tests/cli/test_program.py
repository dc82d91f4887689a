"""The program as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from anchor import __version__


def anchor(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anchor.cli.app", *args], capture_output=True, text=True, encoding="utf-8", cwd=cwd
    )


@pytest.fixture(scope="module")
def overview() -> str:
    """What `anchor --help` says."""
    return anchor("--help").stdout


def test_version() -> None:
    made = anchor("--version")
    assert made.returncode == 0
    assert made.stdout == f"anchor {__version__}\n"


@pytest.mark.parametrize(
    "name",
    [
        *("render", "read", "speak", "plan", "preview", "check", "lexicon"),
        *("voices", "avatars", "looks", "doctor", "cache", "packs"),
    ],
)
def test_every_command_has_help(name: str, overview: str) -> None:
    assert re.search(rf"\b{name}\b", overview)
    made = anchor(name, "--help")
    assert made.returncode == 0
    assert "Usage: " in made.stdout


def test_an_unknown_option_is_told_on_stderr() -> None:
    made = anchor("render", "--colour", "x.md", "--json")
    assert made.returncode == 2
    assert made.stdout == ""
    assert "--colour" in made.stderr


def test_no_half_written_file_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("甲[標提]乙", encoding="utf-8")
    made = anchor("render", "a.md", cwd=tmp_path)
    assert made.returncode == 2
    assert "a.md:1:2" in made.stderr
    assert "\x1b[" not in made.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]
