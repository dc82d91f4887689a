"""Scripts, shelves and services for tests of the whole line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from anchor.core.script import Script
from anchor.intake.script import parse_script
from anchor.pipeline.services import Services
from tests.pipeline.toys import ROOT, SHORT, settings_for
from tests.workers.reference import own_cache


@pytest.fixture(scope="session")
def toy_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with the tiny engines: voice `hum` (tone) and avatar `doll` (lan's plate, mouth drawn by flap)."""
    root = tmp_path_factory.mktemp("shelf")
    (root / "templates").symlink_to(ROOT / "templates")
    doll = root / "avatars" / "doll"
    doll.mkdir(parents=True)
    for path in (ROOT / "avatars" / "lan").iterdir():
        if path.name != "avatar.toml":
            (doll / path.name).symlink_to(path)
    manifest = (ROOT / "avatars" / "lan" / "avatar.toml").read_text(encoding="utf-8")
    for old, new in (
        ('name = "lan"', 'name = "doll"'),
        ('engine = "bank"', 'engine = "flap"'),
        ('voice = "lan"', 'voice = "hum"'),
    ):
        assert old in manifest
        manifest = manifest.replace(old, new, 1)
    (doll / "avatar.toml").write_text(manifest, encoding="utf-8")
    hum = root / "voices" / "hum"
    hum.mkdir(parents=True)
    (hum / "LICENSE").write_text("CC0-1.0\n")
    (hum / "voice.toml").write_text(
        'schema = 1\nname = "hum"\nlabel = "Hum"\nengine = "tone"\nlicence = "CC0-1.0"\n'
        '[source]\nby = "tests"\nwhat = "a hum"\ndate = "2026-11-23"\n[engine_options]\n[files]\n',
        encoding="utf-8",
    )
    return root


@pytest.fixture
def toys(toy_shelf: Path, tmp_path: Path, plates: Path) -> Iterator[Services]:
    """Services on the tiny engines; their cache holds the shared plates and nothing else."""
    with Services(settings_for(own_cache(tmp_path / "cache", plates), toy_shelf, production=False)) as services:
        yield services


@pytest.fixture(scope="session")
def warm_cache(shared: Path, plates: Path) -> Path:
    """A cache that the tests of the real line share, in all processes: nothing is made twice."""
    folder = shared / "warm"
    folder.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (folder / "plates").symlink_to(plates)
    return folder


@pytest.fixture
def house(warm_cache: Path) -> Iterator[Services]:
    """Services on the house voices and anchors."""
    with Services(settings_for(warm_cache, production=True)) as services:
        yield services


@pytest.fixture
def short() -> Script:
    """Two paragraphs with closures and a lower third."""
    return parse_script(SHORT, None, ROOT)
