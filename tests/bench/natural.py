"""How fast the natural voice speaks: on one core, on all, and how soon the first word is heard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from anchor.models.files import state_of
from anchor.settings import Settings, settings_from

NEWS = Path(__file__).resolve().parents[1] / "speech" / "news.txt"
VOICE = "lan"
TRIES = 3
"""Of the first sound; the middle one counts."""


def natural_rows(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Measure, figure, remark; none where the network was not fetched."""
    if state_of("kokoro", settings.models) != "whole":
        yield "Kokoro", "not measured", "anchor models pull kokoro"
        return
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    for count in sorted({1, len(cores)}):
        told = json.loads(_run([sys.executable, __file__, ",".join(map(str, cores[:count]))]))
        core = "core" if count == 1 else "cores"
        yield (
            f"Kokoro, voice alone, {count} {core}",
            f"{told['seconds'] / told['wall']:.2f} × real time",
            f"{told['wall']:.1f} s for {told['seconds']:.0f} s of news; {told['cpu'] / told['seconds']:.2f} processor "
            f"seconds a second; loaded in {told['loaded']:.1f} s",
        )
    first = sorted(_first_sound() for _ in range(TRIES))[TRIES // 2]
    yield "Kokoro, first sound", f"{first:.2f} s", "`anchor speak -o -` of a long text, start of Python included"


def _run(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _first_sound() -> float:
    """Seconds from the command to its first sample."""
    argv = [sys.executable, "-m", "anchor.cli.app", "speak", NEWS.read_text(encoding="utf-8"), "-o", "-"]
    begun = time.perf_counter()
    with subprocess.Popen([*argv, "--voice", VOICE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.read(44 + 2)
        taken = time.perf_counter() - begun
        process.kill()
    return taken


def _measure(cores: set[int]) -> dict[str, float]:
    """In this process, on these cores: the news twice over."""
    from anchor.pipeline.services import Services

    os.sched_setaffinity(0, cores)
    with Services(settings_from(os.environ)) as services:
        voice = services.voice(VOICE).members[0]
        engine = services.speech(voice.engine)
        begun = time.perf_counter()
        engine.speak(services.reader.read("大家好，我是主播。"), voice)
        loaded = time.perf_counter() - begun
        utterance = services.reader.read(NEWS.read_text(encoding="utf-8"))
        begun, spent = time.perf_counter(), time.process_time()
        spoken = engine.speak(utterance, voice)
        wall, cpu = time.perf_counter() - begun, time.process_time() - spent
    return {"wall": wall, "cpu": cpu, "seconds": len(spoken.pcm) / spoken.rate, "loaded": loaded}


if __name__ == "__main__":
    print(json.dumps(_measure({int(core) for core in sys.argv[1].split(",")})))  # noqa: T201
