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
    lexicon: Path | None = None
    """The station's own readings; the file need not exist. None: none."""
    wordlist: Path | None = None
    """Folder of an installed list of Taiwan's words. None: none."""
    own_shelf: Path | None = None
    """The root among `shelves` that `anchor voices add` puts packs in. None: nowhere."""


WORDLIST_PLACES = ("/usr/share/libchewing", "/usr/local/share/libchewing", "/opt/homebrew/share/libchewing")
WORDLIST_FILES = ("dictionary.dat", "index_tree.dat")


def find_wordlist(asked: str = "") -> Path | None:
    """The folder of the word list: as asked for, else where its package puts it; `off`: none."""
    if asked:
        return None if asked == "off" else Path(asked)
    folders = (Path(place) for place in WORDLIST_PLACES)
    return next((f for f in folders if all((f / name).is_file() for name in WORDLIST_FILES)), None)


def default_shelves(extra: str = "", own: Path | None = None) -> tuple[Path, ...]:
    """The shelves in the root that was asked for, then one's own, then the checkout, then the copy in the wheel."""
    package = Path(__file__).resolve().parent
    roots = [Path(p) for p in extra.split(":") if p] + ([own] if own is not None else [])
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "voices").is_dir():
        roots.append(checkout)
    roots.append(package / "shelves")
    return tuple(roots)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings as the front doors make them from environment variables.

    `ANCHOR_SHELVES` (paths joined by `:`), `ANCHOR_CACHE`, `ANCHOR_MODELS`, `ANCHOR_FFMPEG`, `ANCHOR_TEST_ENGINES=1`,
    `ANCHOR_LEXICON`, `ANCHOR_WORDLIST` (a folder, or `off`).
    """
    home = Path(environment.get("HOME", "~")).expanduser()
    cache = environment.get("ANCHOR_CACHE") or str(
        Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "anchor"
    )
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "anchor"
    return Settings(
        shelves=default_shelves(environment.get("ANCHOR_SHELVES", ""), data),
        cache=Path(cache),
        models=Path(environment.get("ANCHOR_MODELS") or data / "models"),
        ffmpeg=environment.get("ANCHOR_FFMPEG", ""),
        production=environment.get("ANCHOR_TEST_ENGINES", "") != "1",
        lexicon=Path(environment.get("ANCHOR_LEXICON") or data / "lexicon.tsv"),
        wordlist=find_wordlist(environment.get("ANCHOR_WORDLIST", "")),
        own_shelf=data,
    )
