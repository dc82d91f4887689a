"""Speed and memory of a whole render on this machine; prints a table and writes docs/benchmarks.md.

    python tests/bench/bench.py [--long] [--write docs/benchmarks.md]

The renders run as a person runs them, `anchor render SCRIPT --json` in a process of its own with a cache of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import psutil  # noqa: E402
from aligning import aligning_rows  # noqa: E402
from jobs import job_rows  # noqa: E402
from limit import STRETCH, STRETCHES, limit_fps  # noqa: E402
from memory import run_measured  # noqa: E402
from natural import natural_rows  # noqa: E402
from neural import neural_rows  # noqa: E402
from peers import FRAMES, composite_fps  # noqa: E402
from reading import reading_rows  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from saturation import saturation_rows  # noqa: E402
from scripts import long_script  # noqa: E402

from anchor.core.plan import Rendition  # noqa: E402
from anchor.media.tool import FFmpeg, find_ffmpeg  # noqa: E402
from anchor.packs import Shelf, find_pack  # noqa: E402
from anchor.pipeline.plan.renditions import find_rendition  # noqa: E402
from anchor.settings import Settings, settings_from  # noqa: E402
from anchor.workshop.doctor import cpu_model, font_file  # noqa: E402

MINUTES = 10
RENDITION = "web-1080p"
KEPT = "## On a GPU\n"
"""Heading of docs/benchmarks.md from which on nothing is written anew."""
FORMANTS = "lan-espeak"
"""The voice that needs no network."""
AVATAR, LOOK = "lan", "evening-news"
"""Whom and what minute.md shows; the composite scene takes the same."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One measured render."""

    clip: Path
    seconds: float
    """Of the whole command, start of Python included."""
    peak_bytes: int
    duration_s: float
    frames: int
    stages: tuple[tuple[str, float], ...]
    """Name and seconds."""

    def stage(self, name: str) -> float:
        return dict(self.stages)[name]


def render(script: Path, out: Path, environment: Mapping[str, str], voice: str = "") -> Rendered:
    """Run `anchor render` and read its report; without a voice the presenter's own speaks."""
    argv = [sys.executable, "-m", "anchor.cli.app", "render", str(script), "-o", str(out), "--json"]
    chosen = ["--voice", voice] if voice else []
    ran = run_measured([*argv, "--rendition", RENDITION, *chosen], environment)
    report = json.loads(ran.stdout)
    return Rendered(
        clip=out,
        seconds=ran.seconds,
        peak_bytes=ran.peak_bytes,
        duration_s=report["duration_s"],
        frames=report["frames"],
        stages=tuple((name, record["seconds"]) for name, record in report["stages"].items()),
    )


def scene_fps(ffmpeg: FFmpeg, settings: Settings, rendition: Rendition, folder: Path) -> float:
    """The MoviePy composite with the same presenter and set."""
    from anchor.face.avatar import resolve_avatar
    from anchor.graphics.look import load_look

    avatar = resolve_avatar(find_pack(Shelf.AVATARS, AVATAR, settings.shelves))
    look = load_look(find_pack(Shelf.LOOKS, LOOK, settings.shelves))
    font = font_file()
    if avatar.matte is None or font is None:
        raise SystemExit("the composite scene needs a matte and the font Noto Sans CJK TC")
    return composite_fps(
        rendition, look.background, avatar.plate, avatar.matte, look.plain, font, folder / "composite.mp4"
    )


def rows(cold: Rendered, warm: Rendered, limit: float, composite: float) -> Iterator[tuple[str, str, str]]:
    """Measure, figure, remark."""
    for name, seconds in warm.stages:
        speed = f"{warm.duration_s / seconds:.1f} × real time" if seconds > 0.005 else "at once"
        yield f"stage {name}", speed, f"{seconds:.2f} s"
    yield "whole clip", f"{warm.duration_s / warm.seconds:.2f} × real time", f"{warm.seconds:.1f} s, the command itself"
    yield (
        "whole clip, first of a presenter",
        f"{cold.duration_s / cold.seconds:.2f} × real time",
        f"{cold.seconds:.1f} s, empty cache: plates are keyed once",
    )
    fps = warm.frames / warm.stage("render")
    yield "render", f"{fps:.1f} fps", f"{warm.frames} frames"
    yield "ffmpeg alone (the limit)", f"{limit:.1f} fps", "the same frames, the same settings"
    yield "render ÷ limit", f"{fps / limit:.2f}", "aim: ≥ 0.6"
    yield "MoviePy composite", f"{composite:.1f} fps", f"{FRAMES} frames of the same scene"
    yield "render ÷ MoviePy", f"{fps / composite:.1f} ×", "aim: ≥ 6"
    yield "peak memory", f"{warm.peak_bytes / 1e6:.0f} MB", "all processes; aim: < 1 GB"
    yield "peak memory, first of a presenter", f"{cold.peak_bytes / 1e6:.0f} MB", "all processes; aim: < 1 GB"


def formant_rows(warm: Rendered, cold: Rendered) -> Iterator[tuple[str, str, str]]:
    """The same clip spoken by the formant voice."""
    for name, made in ("whole clip, formant voice", warm), ("whole clip, formant voice, first of a presenter", cold):
        yield (
            name,
            f"{made.duration_s / made.seconds:.2f} × real time",
            f"{made.seconds:.1f} s for {made.duration_s:.1f} s",
        )


def long_rows(warm: Rendered, long: Rendered) -> Iterator[tuple[str, str, str]]:
    """What the long clip adds."""
    length = f"{long.duration_s / 60:.1f} min"
    yield f"whole clip of {length}", f"{long.duration_s / long.seconds:.2f} × real time", f"{long.seconds:.0f} s"
    growth = long.peak_bytes / warm.peak_bytes - 1
    yield (
        f"peak memory of {length}",
        f"{long.peak_bytes / 1e6:.0f} MB",
        f"{growth:+.1%} against one minute; aim: ≤ +10 %",
    )


def document(table: list[tuple[str, str, str]], warm: Rendered, ffmpeg: FFmpeg) -> str:
    """docs/benchmarks.md."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / (1 << 30)
    lines = "\n".join(f"| {name} | {figure} | {remark} |" for name, figure, remark in table)
    return f"""# Benchmarks

Written by `make bench`; run it to have the figures of your machine.

{datetime.now(UTC):%Y-%m-%d} · {cores} cores, {cpu_model()} · {memory:.0f} GiB · no GPU used · {platform.system()} ·
Python {platform.python_version()} · ffmpeg {ffmpeg.version} ({ffmpeg.source})

The clip: `tests/bench/minute.md`, {warm.duration_s:.1f} s, {warm.frames} frames, rendition `{RENDITION}`.

| what | measured | remark |
|---|---|---|
{lines}

How it is measured:

- **Stages and whole**: `anchor render --json` in a process of its own with a fresh cache. Before it, a short script
  with the same presenter and look has keyed the plates, which happens once on a machine; the line "first of a
  presenter" is the same script with a cache that is quite empty.
- **Limit**: {STRETCHES} × {STRETCH} frames from the beginning, middle and end of the finished clip, decoded to raw
  yuv420p in memory, read over and over by ffmpeg itself, encoded with the same command line and the clip's own sound.
  Nothing is drawn and no pipe is crossed. The frames went through one encode before, which makes them a little easier.
- **MoviePy**: set, keyed presenter, headline, lower third, caption and label as one `CompositeVideoClip` at the same
  size with the same encoder settings; no mouth, no shadow, no animation.
- **Kokoro**: `tests/speech/news.txt`, in a process held to one core, then to all; the network loaded before. The whole
  clip speaks with it; the lines "formant voice" are the same script with `--voice lan-espeak`.
- **Front-end and espeak**: `tests/speech/news.txt` four times over, in this process, tables loaded and engine started
  before.
- **Jobs**: `tests/bench/jobs.py`, a Redis with an append-only file and workers of one unit at a time that have made a
  few clips before, SQLite and a folder of their own; inline: the background service with one process, warm, too.
- **Saturation**: `tests/bench/saturation.py`: jobs submitted, and their first units claimed and recorded with nothing
  made in between; PostgreSQL with fsync, by Unix socket.
- **Memory**: proportional set size of the command and all its children, ten times a second, the highest sum.
"""


def kept_part(page: str) -> str:
    """What was measured on another machine, by hand, stays at the end of the page."""
    at = page.find(KEPT)
    return "\n" + page[at:] if at >= 0 else ""


def main() -> None:
    """The bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help=f"also clips and jobs of {MINUTES} minutes")
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "benchmarks.md", help="where the report goes")
    options = parser.parse_args()
    console = Console(highlight=False)
    settings = settings_from(os.environ)
    ffmpeg = find_ffmpeg(settings.ffmpeg)
    rendition = find_rendition(RENDITION)
    with tempfile.TemporaryDirectory(prefix="anchor-bench-") as name:
        folder = Path(name)
        fresh = {**os.environ, "ANCHOR_CACHE": str(folder / "cache")}
        empty = {**os.environ, "ANCHOR_CACHE": str(folder / "empty")}
        console.print("rendering …")
        render(HERE / "warm.md", folder / "warm.mp4", fresh)
        warm = render(HERE / "minute.md", folder / "minute.mp4", fresh)
        cold = render(HERE / "minute.md", folder / "cold.mp4", empty)
        other = {**os.environ, "ANCHOR_CACHE": str(folder / "other")}
        plain_cold = render(HERE / "minute.md", folder / "plain-cold.mp4", other, FORMANTS)
        plain = render(HERE / "minute.md", folder / "plain.mp4", fresh, FORMANTS)
        console.print("encoding the same frames …")
        limit = limit_fps(ffmpeg, rendition, warm.clip, warm.frames)
        console.print("composing the same scene with MoviePy …")
        composite = scene_fps(ffmpeg, settings, rendition, folder)
        table = list(rows(cold, warm, limit, composite))
        table += formant_rows(plain, plain_cold)
        table += natural_rows(settings)
        table += reading_rows(ffmpeg, settings, FORMANTS)
        table += aligning_rows(settings)
        table += neural_rows()
        console.print("making jobs on a farm …")
        table += job_rows(long=options.long)
        table += saturation_rows()
        if options.long:
            console.print(f"rendering {MINUTES} minutes …")
            (folder / "long.md").write_text(long_script(MINUTES), encoding="utf-8")
            table += long_rows(warm, render(folder / "long.md", folder / "long.mp4", fresh))
    shown = Table("what", "measured", "remark", box=None, header_style="bold")
    for row in table:
        shown.add_row(*row)
    console.print(shown)
    options.write.parent.mkdir(parents=True, exist_ok=True)
    kept = kept_part(options.write.read_text(encoding="utf-8")) if options.write.exists() else ""
    options.write.write_text(document(table, warm, ffmpeg) + kept, encoding="utf-8")
    console.print(f"written: {options.write}")


if __name__ == "__main__":
    main()
