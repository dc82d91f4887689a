"""Where things are on this machine. The library takes a `Settings`; only the front doors read where it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs.unix import Unix

FILE = "anchor.toml"
"""Name of the settings' file."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Bounds of the job service."""

    queued: int = 1000
    """Jobs that may wait or run at once; the next submit is refused."""
    attempts: int = 3
    """How often a unit is tried before its job fails."""
    losses: int = 5
    """How many processes may end over a unit before its job fails."""
    backoff_s: float = 2.0
    """Wait before the second attempt; doubles with each."""
    lease_s: float = 30.0
    """A worker that says nothing for so long has lost its unit."""
    unit_s: float = 0.0
    """A unit that takes longer is stuck: it is ended, and its job fails. 0: each stage has a limit of its own."""
    processes: int = 2
    """Units that the inline dispatcher runs side by side."""
    idle_s: float = 60.0
    """How long the inline dispatcher stays without work."""
    keep_days: float = 30.0
    """Finished jobs are kept for so long."""
    keep_gb: float = 0.0
    """Finished jobs may hold so much; the oldest go first. 0: no bound."""


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
    data: Path | None = None
    """Folder of job rows and of what runs them in the background. None: `cache`."""
    database: str = ""
    """SQLAlchemy URL of the job rows; empty: SQLite in `data`."""
    store: str = ""
    """URL of the shared artifact store (`s3://bucket/prefix`), with `cache` in front of it; empty: `cache` alone."""
    store_options: tuple[tuple[str, str], ...] = ()
    """Options of the store's file system as (name, JSON value)."""
    jobs: JobLimits = JobLimits()
    chunk_frames: int = 900
    """About how many frames of a long programme are encoded at a time; the same on all machines of a farm."""
    redis: str = ""
    """URL of the broker of a farm (`redis://…`, `unix:///…`); empty: jobs run in processes of this machine."""
    gpu_stages: tuple[str, ...] = ()
    """Stages whose units wait in the queue `gpu` of a farm, because their engines need a CUDA device."""


WORDLIST_PLACES = ("/usr/share/libchewing", "/usr/local/share/libchewing", "/opt/homebrew/share/libchewing")
WORDLIST_FILES = ("dictionary.dat", "index_tree.dat")


def find_wordlist(asked: str = "") -> Path | None:
    """The folder of the word list: as asked for, else where its package puts it; `off`: none."""
    if asked:
        return None if asked == "off" else Path(asked)
    folders = (Path(place) for place in WORDLIST_PLACES)
    return next((f for f in folders if all((f / name).is_file() for name in WORDLIST_FILES)), None)


def default_shelves(extra: tuple[Path, ...] = (), own: Path | None = None) -> tuple[Path, ...]:
    """The shelves in the root that was asked for, then one's own, then the checkout, then the copy in the wheel."""
    package = Path(__file__).resolve().parents[1]
    roots = [*extra, *([own] if own is not None else [])]
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "voices").is_dir():
        roots.append(checkout)
    roots.append(package / "shelves")
    return tuple(roots)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings as the front doors make them: environment variables, then a file, then what is usual.

    The file is `ANCHOR_CONFIG`, else `anchor.toml` in the configuration folder (`~/.config/anchor`). Keys, variables
    and what each takes: `anchor.settings.configuration`, for people docs/anchor.toml.

    Raises:
        SettingsError: a value is not allowed, a key is unknown, or the file cannot be read.
    """
    from anchor.settings.configuration import read_configuration

    usual = _usual_places()
    paths, store, jobs, farm, engines = read_configuration(environment, usual.user_config_path / FILE).sections()
    data = usual.user_data_path
    return Settings(
        shelves=default_shelves(tuple(map(Path, paths.shelves)), data),
        cache=Path(paths.cache or usual.user_cache_path),
        models=Path(paths.models or data / "models"),
        ffmpeg=paths.ffmpeg,
        production=not engines.test,
        lexicon=Path(paths.lexicon or data / "lexicon.tsv"),
        wordlist=find_wordlist(paths.wordlist),
        own_shelf=data,
        data=Path(paths.data or data),
        database=jobs.database,
        store=store.url,
        store_options=store.as_options(),
        jobs=jobs.limits(),
        chunk_frames=farm.chunk_frames,
        redis=farm.redis,
        gpu_stages=tuple(farm.gpu_stages),
    )


def _usual_places() -> Unix:
    """Folders of a person's files by the XDG base directory specification, on macOS as on Linux."""
    from platformdirs.unix import Unix

    return Unix("anchor")
