"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the caches and models of whoever runs it."""
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("ANCHOR_SHELVES", "ANCHOR_MODELS", "ANCHOR_FFMPEG", "ANCHOR_TEST_ENGINES", "ANCHOR_LEXICON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ANCHOR_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("ANCHOR_LANG", "en")
    monkeypatch.setenv("ANCHOR_WORDLIST", "off")
    monkeypatch.setenv("ANCHOR_CACHE", str(home / "cache"))
