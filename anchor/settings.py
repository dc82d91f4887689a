"""Where things are on this machine. The library takes a `Settings`; only the front doors read the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from anchor.core.errors import StorageError


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
    `ANCHOR_LEXICON`, `ANCHOR_WORDLIST` (a folder, or `off`); of jobs `ANCHOR_DATA` (a folder), `ANCHOR_DATABASE`,
    `ANCHOR_STORE` (URLs), `ANCHOR_STORE_ENDPOINT`, `ANCHOR_STORE_OPTIONS` (a JSON object), and `ANCHOR_JOBS_` with
    `QUEUED`, `ATTEMPTS`, `LOSSES`, `BACKOFF_S`, `LEASE_S`, `UNIT_S`, `PROCESSES`, `IDLE_S`, `KEEP_DAYS`, `KEEP_GB`
    (numbers); of a farm `ANCHOR_REDIS` (a URL), `ANCHOR_GPU_STAGES` (joined by `,`) and `ANCHOR_CHUNK_FRAMES` (a
    number).

    Raises:
        StorageError: options that are no JSON object, or a bound that is no number.
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
        data=Path(environment.get("ANCHOR_DATA") or data),
        database=environment.get("ANCHOR_DATABASE", ""),
        store=environment.get("ANCHOR_STORE", ""),
        store_options=_store_options(environment),
        jobs=_job_limits(environment),
        chunk_frames=_number(environment, "ANCHOR_CHUNK_FRAMES", 900),
        redis=environment.get("ANCHOR_REDIS", ""),
        gpu_stages=tuple(filter(None, environment.get("ANCHOR_GPU_STAGES", "").split(","))),
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit() or not int(text):
        raise StorageError(f"{name} is no number above 0: {text!r}", hint=f"the default is {default}")
    return int(text)


def _store_options(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    try:
        given = json.loads(environment.get("ANCHOR_STORE_OPTIONS") or "{}")
        options = {str(name): json.dumps(value) for name, value in given.items()}
    except (ValueError, AttributeError) as error:
        raise StorageError(
            "ANCHOR_STORE_OPTIONS is no JSON object", hint='write it like {"anon": true}, or leave it out'
        ) from error
    if endpoint := environment.get("ANCHOR_STORE_ENDPOINT"):
        options["endpoint_url"] = json.dumps(endpoint)
    return tuple(sorted(options.items()))


def _job_limits(environment: Mapping[str, str]) -> JobLimits:
    bounds: dict[str, int | float] = {}
    for field in fields(JobLimits):
        name = f"ANCHOR_JOBS_{field.name.upper()}"
        if not (text := environment.get(name)):
            continue
        try:
            bounds[field.name] = int(text) if isinstance(field.default, int) else float(text)
        except ValueError as error:
            raise StorageError(f"{name} is no number: {text!r}", hint=f"the default is {field.default}") from error
    return JobLimits(**bounds)  # type: ignore[arg-type]
