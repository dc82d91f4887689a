"""Recording from a microphone by ffmpeg, with whatever sound system this machine has."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anchor.core.errors import MediaError
from anchor.core.files import write_whole
from anchor.media.process import Cancelled, Process
from anchor.media.run import quiet_args
from anchor.media.tool import FFmpeg, file_url
from anchor.messages import message

SYSTEMS = ("pulse", "alsa", "avfoundation", "dshow")
"""ffmpeg's devices, the first that answers is taken."""
GENERATED = "lavfi"
"""ffmpeg's own sources, for trying the way without a microphone."""
ASK_S = 5.0
RATE_HZ = 48000


@dataclass(frozen=True, slots=True)
class Microphone:
    """A source of sound."""

    system: str
    """One of `SYSTEMS`."""
    name: str
    """As the system knows it."""
    label: str
    """As people know it."""

    def __str__(self) -> str:
        return f"{self.system}:{self.name}"


def microphones(ffmpeg: FFmpeg) -> tuple[Microphone, ...]:
    """Every microphone that can be recorded from, the system's chosen one first."""
    systems = [name for name in SYSTEMS if name in _input_devices(ffmpeg)]
    return tuple(found for system in systems for found in _of_system(ffmpeg, system))


def find_microphone(ffmpeg: FFmpeg, wanted: str = "") -> Microphone:
    """The first microphone, or the one whose name or label holds `wanted`.

    `SYSTEM:NAME` names one that is not listed: `alsa:hw:1`, or a source that ffmpeg makes itself: `lavfi:sine`.

    Raises:
        MediaError: none is there, or none of that name; says which there are.
    """
    system, _, name = wanted.partition(":")
    if name and system in (*SYSTEMS, GENERATED):
        return Microphone(system, name, name)
    found = microphones(ffmpeg)
    if not found:
        raise MediaError(message("media.no-microphone-here"), hint=message("media.record-elsewhere"))
    for microphone in found:
        if not wanted or wanted in (str(microphone), microphone.name) or wanted.lower() in microphone.label.lower():
            return microphone
    names = tuple(f"{microphone} ({microphone.label})" for microphone in found)
    raise MediaError(message("media.no-microphone", name=wanted), hint=message("media.there-are", names=names))


def _input_devices(ffmpeg: FFmpeg) -> frozenset[str]:
    """Sound systems that this ffmpeg was built with: rows of `-devices` marked D, for demuxing."""
    said = _ask((ffmpeg.path, "-hide_banner", "-devices"))
    return frozenset(name for names in re.findall(r"^ D.? +(\S+)", said, re.MULTILINE) for name in names.split(","))


def _ask(argv: tuple[str, ...]) -> str:
    """All that a program says within a few seconds; nothing if it does not."""
    with suppress(OSError, subprocess.TimeoutExpired):
        made = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=ASK_S)
        return (made.stdout + made.stderr).decode("utf-8", "replace")
    return ""


def _of_system(ffmpeg: FFmpeg, system: str) -> Iterator[Microphone]:
    if system in ("pulse", "alsa"):
        yield from listed_sources(system, _ask((ffmpeg.path, "-hide_banner", "-sources", system)))
    elif system == "avfoundation" and sys.platform == "darwin":
        said = _ask((ffmpeg.path, "-hide_banner", "-f", system, "-list_devices", "true", "-i", ""))
        yield from listed_avfoundation(said)
    elif system == "dshow":
        said = _ask((ffmpeg.path, "-hide_banner", "-f", system, "-list_devices", "true", "-i", "dummy"))
        yield from listed_dshow(said)


def listed_sources(system: str, said: str) -> tuple[Microphone, ...]:
    """Microphones of `ffmpeg -sources pulse|alsa`; monitors of outputs and ALSA's null device are none."""
    rows = re.findall(r"^([* ]) (\S+) \[(.*)\]", said, re.MULTILINE)
    kept = [(mark, name, label) for mark, name, label in rows if ".monitor" not in name and name != "null"]
    kept.sort(key=lambda row: row[0] != "*")
    return tuple(Microphone(system, name, label.strip() or name) for _, name, label in kept)


def listed_avfoundation(said: str) -> tuple[Microphone, ...]:
    """Microphones of `ffmpeg -f avfoundation -list_devices true`."""
    _, _, sounds = said.partition("audio devices")
    return tuple(
        Microphone("avfoundation", f":{index}", label.strip())
        for index, label in re.findall(r"\[(\d+)\] (.+)$", sounds, re.MULTILINE)
    )


def listed_dshow(said: str) -> tuple[Microphone, ...]:
    """Microphones of `ffmpeg -f dshow -list_devices true`."""
    return tuple(Microphone("dshow", f"audio={label}", label) for label in re.findall(r'"([^"]+)" \(audio\)', said))


def record_args(ffmpeg: str, microphone: Microphone, target: Path, longest_s: float) -> tuple[str, ...]:
    """argv: one channel, 48 kHz, 24 bit, until it is stopped or `longest_s` are over."""
    head = (ffmpeg, "-y", "-f", microphone.system, "-i", microphone.name, "-t", f"{longest_s:g}")
    return (*head, "-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s24le", "-f", "wav", file_url(target))


def record(ffmpeg: FFmpeg, microphone: Microphone, target: Path, stop: Cancelled, longest_s: float = 60.0) -> None:
    """Record until `stop` says so; the file is whole afterwards.

    Raises:
        MediaError: the microphone gives nothing; says what ffmpeg said.
        StorageError: the file cannot be written.
    """
    with write_whole(target) as partial:
        _record_into(quiet_args(record_args(ffmpeg.path, microphone, partial, longest_s)), stop)


def _record_into(argv: tuple[str, ...], stop: Cancelled) -> None:
    """Run ffmpeg until it ends or is asked to; asked, it ends its file properly."""
    with Process(argv) as process:
        asked = False

        def ask() -> bool:
            nonlocal asked
            if not asked and stop():
                asked = True
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
            return False

        try:
            process.wait(ask)
        except MediaError as error:
            if not asked:  # stopped by a signal it says 255
                reason = error.stderr[-1] if error.stderr else message("media.no-word")
                what = message("media.cannot-record", name=argv[argv.index("-i") + 1], reason=reason)
                raise MediaError(what, hint=message("media.plugged-in")) from error
