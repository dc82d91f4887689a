"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytest_plugins = ("tests.turns",)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A folder for every process of this run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(pytestconfig, "workerinput") else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def plates(shared: Path) -> Path:
    """Keyed plates for the caches of all tests: they lie under a digest of what they are made of, and come whole."""
    folder = shared / "plates"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, plates: Path) -> Path:
    """In the place of the home of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "cache").mkdir()
    (folder / "cache" / "plates").symlink_to(plates)
    return folder


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the caches and models of whoever runs it."""
    for name in ("ANCHOR_SHELVES", "ANCHOR_MODELS", "ANCHOR_FFMPEG", "ANCHOR_TEST_ENGINES", "ANCHOR_LEXICON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ANCHOR_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("ANCHOR_LANG", "en")
    monkeypatch.setenv("ANCHOR_WORDLIST", "off")
    monkeypatch.setenv("ANCHOR_CACHE", str(home / "cache"))
