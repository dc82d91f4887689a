"""`make lips`: the fixed set read out, filmed, measured by FaceMesh and numpy, and written into docs/lips.md."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from anchor.pipeline.services import Services
from anchor.settings import settings_from
from anchor.workshop.doctor import cpu_model
from tests.lips.guests import GUESTS
from tests.lips.measuring import Result, measure, run_eyes

ROOT = Path(__file__).resolve().parents[2]
TEXT = Path(__file__).with_name("reading.txt")
PAGE = Path(__file__).with_name("page.txt")
PLOT_S = (9.0, 15.0)
"""The stretch that is plotted: closures in a row."""


def document(results: list[Result]) -> str:
    """docs/lips.md."""
    names = [result.reading.avatar.name for result in results]
    head = " | ".join(f"`{name}`" for name in names)
    lines = []
    for rows in zip(*(result.rows for result in results), strict=True):
        cells = " | ".join(row.measured if row.holds else f"**{row.measured}**" for row in rows)
        lines.append(f"| {rows[0].what} | {rows[0].aim} | {cells} |")
    missed = [
        f"`{name}`: {row.what}" for name, r in zip(names, results, strict=True) for row in r.rows if not row.holds
    ]
    table = "\n".join(lines)
    seconds = ", ".join(f"{result.reading.seconds:.0f} s" for result in results)
    misses = "Every aim holds." if not missed else "Missed, in bold: " + "; ".join(missed) + "."
    plots = "\n\n".join(f"`{name}`\n\n![gap asked for and seen](images/lips-{name}.png)" for name in names)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return PAGE.read_text(encoding="utf-8").format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{cores} cores, {cpu_model()}, load {os.getloadavg()[0]:.0f}",
        head=head,
        rule="---|" * len(names),
        table=table,
        misses=misses,
        seconds=seconds,
        plots=plots,
    )


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "presenters",
        nargs="*",
        default=["lan", "hao"],
        help="names on the shelf; astronaut, talker: made for this",
    )
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "lips.md")
    parser.add_argument("--keep", type=Path, help="keep films and curves in this folder")
    options = parser.parse_args()
    text = options.text.read_text(encoding="utf-8")
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="anchor-lips-") as name, Services(settings_from(os.environ)) as services:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        shelf = Path(name) / "shelf"
        opened = replace(services.settings, shelves=(shelf, *services.settings.shelves))
        results = []
        for avatar in options.presenters:
            console.print(f"{avatar} …")
            with Services(opened) as stage:
                if avatar in GUESTS:
                    GUESTS[avatar](stage, shelf, Path(name))
                results.append(measure(stage, avatar, text, folder))
            for row in results[-1].rows:
                console.print(f"  {'ok  ' if row.holds else 'MISS'} {row.what}: {row.measured} (aim {row.aim})")
            picture = options.write.parent / "images" / f"lips-{avatar}.png"
            picture.parent.mkdir(exist_ok=True)
            run_eyes("plot_curves.py", folder / f"{avatar}-curves.npz", picture, *PLOT_S)
    options.write.write_text(document(results), encoding="utf-8")
    console.print(f"written: {options.write}")


if __name__ == "__main__":
    main()
