"""What this machine has and lacks, and what each missing piece would give. Loads none of it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import psutil

from anchor.core.errors import MediaError
from anchor.core.machine import available_cores
from anchor.media.tool import INSTALL, find_ffmpeg
from anchor.messages import message
from anchor.models.files import state_of
from anchor.models.sets import model_set
from anchor.packs import Shelf, pack_names
from anchor.settings import Settings

FONT = "Noto Sans CJK TC"
FONT_PLACES = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
FONT_FILES = ("NotoSansCJK*.ttc", "NotoSansCJKtc*.otf", "NotoSansTC*.otf")
NEEDED_DISK = 1 << 30
"""Bytes: plates decoded once, a clip of ten minutes and its partial copy."""
NEEDED_MEMORY = 1 << 30
"""Bytes: what a render may take, all its processes together."""


class State(StrEnum):
    """How a piece stands."""

    OK = "ok"
    MISSING = "missing"
    """Needed and not there."""
    OPTIONAL = "optional"
    """Not there, and nothing that Anchor promises depends on it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece that was looked for."""

    name: str
    """Stable, kebab-case."""
    state: State
    found: str
    """What there is: version, path, size; empty when nothing is."""
    gives: str
    """What having it gives."""
    install: str
    """What to do to have it; empty when nothing can be done or need be."""


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Look at everything; takes about a second."""
    return (
        _ffmpeg(settings.ffmpeg),
        _font(),
        *_packs(settings.shelves),
        _module(
            "espeak",
            "espeakng_loader",
            message("doctor.espeak"),
            message("doctor.espeak-install"),
            needed=True,
        ),
        _kokoro(settings.models),
        _wordlist(settings.wordlist),
        _disk(settings.cache),
        _cores(),
        _memory(),
        _gpu(),
        _module("torch", "torch", message("doctor.torch"), message("doctor.torch-install")),
        _module("coqui", "TTS", message("doctor.coqui"), message("doctor.coqui-install")),
        _module("musetalk", "diffusers", message("doctor.musetalk"), message("doctor.musetalk-install")),
        _module(
            "evaluate",
            "ctranslate2",
            message("doctor.evaluate"),
            message("doctor.evaluate-install"),
        ),
        _models(settings.models),
        _module("farm", "celery", message("doctor.farm"), message("jobs.install-farm")),
        _program("redis", "redis-server", message("doctor.redis"), message("doctor.redis-install")),
    )


def _program(name: str, program: str, gives: str, install: str) -> Finding:
    """A program that may be on PATH."""
    path = shutil.which(program)
    return Finding(name, State.OK if path else State.OPTIONAL, path or "", gives, "" if path else install)


def _ffmpeg(path: str) -> Finding:
    gives = message("doctor.ffmpeg")
    try:
        tool = find_ffmpeg(path)
    except MediaError as error:
        return Finding("ffmpeg", State.MISSING, error.message, gives, error.hint or INSTALL)
    origin = {"given": "doctor.ffmpeg-given", "system": "doctor.ffmpeg-system", "imageio": "doctor.ffmpeg-imageio"}
    found = message(origin[tool.source], version=tool.version, path=str(tool.path))
    return Finding("ffmpeg", State.OK, found, gives, "")


def _font() -> Finding:
    gives = message("doctor.font")
    path = font_file()
    if path is None:
        return Finding("font", State.MISSING, "", gives, message("doctor.font-install", font=FONT))
    return Finding("font", State.OK, f"{FONT}: {path}", gives, "")


def font_file() -> Path | None:
    """A file that holds the font: fontconfig's answer, else the first in the usual places."""
    asked = _words("fc-match", "--format", "%{family}\t%{file}", FONT)
    families, _, file = asked.partition("\t")
    if FONT in families.split(",") and Path(file).is_file():
        return Path(file)
    places = [Path(place) for place in FONT_PLACES if Path(place).is_dir()]
    return next((path for place in places for mask in FONT_FILES for path in sorted(place.rglob(mask))), None)


def _packs(roots: tuple[Path, ...]) -> Iterator[Finding]:
    gives = {
        Shelf.VOICES: message("doctor.voices"),
        Shelf.AVATARS: message("doctor.avatars"),
        Shelf.LOOKS: message("doctor.looks"),
    }
    for shelf, purpose in gives.items():
        names = pack_names(shelf, roots)
        state = State.OK if names else State.MISSING
        install = message("doctor.put-a-pack", folders=tuple(str(root / shelf.value) for root in roots))
        yield Finding(f"{shelf.noun}s", state, ", ".join(names), purpose, "" if names else install)


def _module(name: str, module: str, gives: str, install: str, *, needed: bool = False) -> Finding:
    """A Python package, found without importing it."""
    spec = find_spec(module)
    if spec is not None:
        found = str(Path(spec.origin).parent) if spec.origin else message("doctor.installed")
        return Finding(name, State.OK, found, gives, "")
    return Finding(name, State.MISSING if needed else State.OPTIONAL, "", gives, install)


def _wordlist(folder: Path | None) -> Finding:
    gives = message("doctor.wordlist")
    if folder is not None:
        return Finding("wordlist", State.OK, str(folder), gives, "")
    return Finding("wordlist", State.OPTIONAL, "", gives, message("doctor.wordlist-install"))


def _kokoro(models: Path) -> Finding:
    gives = message("doctor.kokoro")
    state = state_of("kokoro", models)
    if find_spec("onnxruntime") is None:
        return Finding("kokoro", State.OPTIONAL, "", gives, message("doctor.kokoro-install"))
    if state != "whole":
        found = message("doctor.network-missing" if state == "missing" else "doctor.network-broken")
        return Finding("kokoro", State.OPTIONAL, found, gives, model_set("kokoro").command)
    return Finding("kokoro", State.OK, message("doctor.network-whole", folder=str(models / "kokoro")), gives, "")


def _models(directory: Path) -> Finding:
    # What begins with a dot is a pull that was broken off.
    inside = directory.iterdir() if directory.is_dir() else ()
    names = sorted(path.name for path in inside if not path.name.startswith("."))
    state = State.OK if names else State.OPTIONAL
    install = "" if names else message("doctor.models-install", folder=str(directory))
    gives = message("doctor.models")
    return Finding("models", state, ", ".join(names), gives, install)


def _disk(cache: Path) -> Finding:
    place = next(path for path in (cache, *cache.parents, Path.cwd()) if path.is_dir())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    enough = free >= NEEDED_DISK and writable
    found = message("doctor.disk-free" if writable else "doctor.disk-locked", gib=_gib(free), folder=str(cache))
    install = "" if enough else message("doctor.disk-install")
    gives = message("doctor.disk")
    return Finding("disk", State.OK if enough else State.MISSING, found, gives, install)


def _cores() -> Finding:
    found = f"{available_cores()} × {cpu_model()}"
    return Finding("cores", State.OK, found, message("doctor.cores"), "")


def _memory() -> Finding:
    free = available_memory()
    gives = message("doctor.memory")
    enough = free >= NEEDED_MEMORY
    install = "" if enough else message("doctor.memory-install")
    found = message("doctor.memory-free", gib=_gib(free))
    return Finding("memory", State.OK if enough else State.MISSING, found, gives, install)


def _gpu() -> Finding:
    gives = message("doctor.gpu")
    names = _words("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    state = State.OK if names else State.OPTIONAL
    return Finding("gpu", state, "; ".join(names.splitlines()), gives, "" if names else message("doctor.gpu-install"))


def cpu_model() -> str:
    """The processor as it names itself."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def available_memory() -> int:
    """Bytes that a new program may take, the container's limit counted in."""
    free = int(psutil.virtual_memory().available)
    limit, used = _number("/sys/fs/cgroup/memory.max"), _number("/sys/fs/cgroup/memory.current")
    if limit is None or used is None:
        return free
    return min(free, max(0, limit - used))


def _number(path: str) -> int | None:
    """The number in a kernel file; None: no such file, or `max`."""
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _words(program: str, *arguments: str) -> str:
    """What a small program prints; empty when it is not there or fails."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            (path, *arguments), stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def _gib(count: int) -> float:
    return count / (1 << 30)
