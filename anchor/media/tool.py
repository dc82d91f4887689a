"""The ffmpeg that serves here, picked by what it can do."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from anchor.core.errors import MediaError
from anchor.messages import Message, message

ENCODERS = ("libx264", "aac")
FILTERS = (
    *(
        "acompressor",
        "alimiter",
        "aresample",
        "deesser",
        "ebur128",
        "equalizer",
        "highpass",
        "highshelf",
        "silencedetect",
    ),
    *("blackdetect", "freezedetect", "setparams"),
)
OPTIONS = ("fps_mode", "latency")
"""`-fps_mode` passes frames on one by one; the limiter's `latency` keeps its output in time. Both came with 5.1."""

LOCAL = "file,pipe"
"""Protocols that ffmpeg may open for us: a playlist that somebody renamed cannot make it fetch anything."""

INSTALL = message("media.install")


@dataclass(frozen=True, slots=True)
class FFmpeg:
    """One ffmpeg program and what it can do."""

    path: str
    version: str
    """As the program says it: `5.1.9-0+deb12u1`."""
    source: str
    """`given` by the settings, `system` (on PATH) or `imageio` (static build in site-packages)."""
    encoders: frozenset[str]
    filters: frozenset[str]
    options: frozenset[str]
    """Those of `OPTIONS` that it knows."""

    @property
    def missing(self) -> tuple[Message, ...]:
        """What Anchor needs and this program lacks: `encoder libx264`, `filter ebur128` …"""
        return (
            *(message("media.encoder", name=name) for name in ENCODERS if name not in self.encoders),
            *(message("media.filter", name=name) for name in FILTERS if name not in self.filters),
            *(message("media.option", name=name) for name in OPTIONS if name not in self.options),
        )


def find_ffmpeg(path: str = "") -> FFmpeg:
    """The ffmpeg at `path`; without one the first that can do all: on PATH, then imageio-ffmpeg's static build.

    Raises:
        MediaError: none is there, or each lacks something; says what and how to install it.
    """
    if path:
        found = _examine(path, "given")
        if found.missing:
            raise MediaError(_lacks(found), hint=INSTALL, argv=(path,))
        return found
    faults: list[str] = []
    for candidate, source in _candidates():
        try:
            found = _examine(candidate, source)
        except MediaError as error:
            faults.append(error.message)
            continue
        if not found.missing:
            return found
        faults.append(_lacks(found))
    first, *more = faults or [message("media.none-on-path")]
    for fault in more:
        first = message("media.and", first=first, next=fault)
    raise MediaError(message("media.none-serves", faults=first), hint=INSTALL)


def _lacks(found: FFmpeg) -> Message:
    return message("media.lacks", program=found.path, missing=found.missing)


def _candidates() -> tuple[tuple[str, str], ...]:
    """Paths to try and where each comes from."""
    found: list[tuple[str, str]] = []
    system = shutil.which("ffmpeg")
    if system:
        found.append((system, "system"))
    with suppress(RuntimeError):  # a platform for which the wheel carries no program
        found.append((imageio_ffmpeg.get_ffmpeg_exe(), "imageio"))
    return tuple(found)


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it, whatever it contains: `a:b.mp4` is a file, not a protocol."""
    return f"file:{path}"


@cache
def _examine(path: str, source: str) -> FFmpeg:
    """Ask the program what it can do; once per path and process."""
    if not Path(path).is_file() and shutil.which(path) is None:
        raise MediaError(message("media.no-ffmpeg-at", path=path), hint=INSTALL, argv=(path,))
    banner = _ask(path, "-version")
    version = re.match(r"ffmpeg version (\S+)", banner)
    if version is None:
        raise MediaError(message("media.not-ffmpeg", path=path), hint=INSTALL, argv=(path, "-version"))
    questions = (("-h", "long"), ("-h", "filter=alimiter"), ("-encoders",), ("-filters",))
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        long, limiter, encoders, filters = pool.map(lambda asked: _ask(path, "-hide_banner", *asked), questions)
    flags = r"^ [A-Z.|]{2,6} +([A-Za-z0-9_]+) "
    general = long + limiter
    return FFmpeg(
        path=path,
        version=version[1],
        source=source,
        encoders=frozenset(re.findall(flags, encoders, re.MULTILINE)),
        filters=frozenset(re.findall(flags, filters, re.MULTILINE)),
        options=frozenset(name for name in OPTIONS if re.search(rf"^ *-?{name}\b", general, re.MULTILINE)),
    )


def _ask(path: str, *arguments: str) -> str:
    argv = (path, *arguments)
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        what = message("media.cannot-run", path=path, reason=str(error))
        raise MediaError(what, hint=INSTALL, argv=argv) from error
    return done.stdout.decode(errors="replace")
