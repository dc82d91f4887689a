"""Where things are on this machine. The library takes a `Settings`; only the front doors read the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Every path and switch that the library needs."""

    shelves: tuple[Path, ...]
    """Roots that hold `voices/`, `avatars/` and `templates/`, searched in order."""
    cache: Path
    """Stage results and prepared plates; safe to delete."""
    models: Path
    """Downloaded models."""
    ffmpeg: str = ""
    """Path of an ffmpeg to use; empty: pick by capability."""
    production: bool = True
    """Refuse the tiny engines that exist for tests."""


def default_shelves(extra: str = "") -> tuple[Path, ...]:
    """The shelves in the root that was asked for, then the checkout, then the copy in the wheel."""
    package = Path(__file__).resolve().parent
    roots = [Path(p) for p in extra.split(":") if p]
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "voices").is_dir():
        roots.append(checkout)
    roots.append(package / "shelves")
    return tuple(roots)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings as the front doors make them from environment variables.

    `ANCHOR_SHELVES` (paths joined by `:`), `ANCHOR_CACHE`, `ANCHOR_MODELS`, `ANCHOR_FFMPEG`, `ANCHOR_TEST_ENGINES=1`.
    """
    home = Path(environment.get("HOME", "~")).expanduser()
    cache = environment.get("ANCHOR_CACHE") or str(
        Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "anchor"
    )
    data = environment.get("ANCHOR_MODELS") or str(
        Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "anchor" / "models"
    )
    return Settings(
        shelves=default_shelves(environment.get("ANCHOR_SHELVES", "")),
        cache=Path(cache),
        models=Path(data),
        ffmpeg=environment.get("ANCHOR_FFMPEG", ""),
        production=environment.get("ANCHOR_TEST_ENGINES", "") != "1",
    )
