"""One presenter reads, is filmed and measured: the rows of the table and whether each aim holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.face.mouthbank import load_bank
from anchor.pipeline.services import Services
from tests.lips.aims import (
    CLOSED_RATIO,
    Seen,
    asked_gap,
    closures,
    correlation,
    lag_ms,
    pause_motion,
    quiet_frames,
    roundings,
    share_right,
)
from tests.lips.filming import Film, Reading, film, jitter_px, read_out

HERE = Path(__file__).parent
EYES = HERE.parents[1] / ".venv-lips" / "bin" / "python"
LAG_MS = (-45.0, 15.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table for one presenter."""

    what: str
    aim: str
    measured: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was measured on one presenter."""

    reading: Reading
    film: Film
    seen: Seen
    silent: Seen
    asked: NDArray[np.float64]
    rows: tuple[Row, ...] = ()


def paused(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A text with ▮ for a pause of 0.8 s → the text without, and its pauses (character, ms)."""
    parts = "".join(text.split()).split("▮")
    offsets = np.cumsum([len(part) for part in parts[:-1]])
    return "".join(parts), tuple((int(at), 800) for at in offsets)


def run_eyes(program: str, *arguments: object) -> None:
    """Run a program of this folder in the environment of `make lips`."""
    command = [str(EYES), str(HERE / program), *map(str, arguments)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"GLOG_minloglevel": "3"}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def seen_by_facemesh(shot: Path) -> Seen:
    """Run FaceMesh over a film."""
    run_eyes("measure_mesh.py", shot, shot.with_suffix(".npz"))
    return Seen.load(shot.with_suffix(".npz"))


def measure(services: Services, avatar: str, text: str, folder: Path) -> Result:
    """Read, film, measure one presenter; films and curves are left in `folder`."""
    reading = read_out(services, avatar, *paused(text))
    shot = film(services, reading, folder)
    seen, silent = seen_by_facemesh(shot.speaking), seen_by_facemesh(shot.silent)
    bank = load_bank(reading.avatar.path / "bank" / "bank.json")
    asked = asked_gap(reading.track.timeline, bank, len(seen.gap))
    np.savez(folder / f"{avatar}-curves.npz", asked=asked, gap=seen.gap, silent_gap=silent.gap)
    result = Result(reading, shot, seen, silent, asked)
    jitter, swim = jitter_px(services, reading, folder)
    found = (*lip_rows(result), *pause_rows(result), *patch_rows(result, jitter, swim))
    return replace(result, rows=found)


def lip_rows(result: Result) -> Iterator[Row]:
    """What the lips do when."""
    timeline, seen, silent = result.reading.track.timeline, result.seen, result.silent
    speaking = ~quiet_frames(timeline, len(seen.gap), -0.15)
    r, alone = correlation(result.asked, seen.gap), correlation(result.asked[speaking], seen.gap[speaking])
    yield Row(
        "correlation of the inner-lip gap with the gap asked for",
        "≥ 0.85",
        f"{r:.2f} (without pauses {alone:.2f})",
        r >= 0.85,
    )
    lag = lag_ms(result.asked, seen.gap)
    yield Row("lag of the lips behind the sound", "−45 … +15 ms", f"{lag:+.0f} ms", LAG_MS[0] <= lag <= LAG_MS[1])
    shut = [ratio <= CLOSED_RATIO for *_, ratio in closures(timeline, seen, silent)]
    yield Row("b p m with lips closed", "≥ 95 %", f"{np.mean(shut):.0%} of {len(shut)}", bool(np.mean(shut) >= 0.95))
    found = roundings(timeline, seen, silent)
    right = share_right(found)
    yield Row(
        "rounded vowels narrower, spread wider than rest", "≥ 95 %", f"{right:.0%} of {len(found)}", right >= 0.95
    )


def pause_rows(result: Result) -> Iterator[Row]:
    """What the mouth does when nobody speaks, and the frame outside of it at any time."""
    seen, silent = result.seen, result.silent
    quiet = quiet_frames(result.reading.track.timeline, len(seen.gap), 0.2)
    moved, plate = (float(column[1:][quiet[1:] & quiet[:-1]].mean()) for column in result.film.moved.T)
    mesh = [pause_motion(s.gap, quiet) for s in (seen, silent)]
    shown = f"{moved / plate:.3f} ({mesh[0] / mesh[1]:.2f} by FaceMesh)"
    yield Row("motion of the mouth in pauses over the plate's", "≤ 1", shown, moved <= plate)
    outside = int(result.film.outside.sum())
    shown = f"{outside} in {len(seen.gap)} frames"
    yield Row("samples changed outside the mask, before encoding", "0", shown, outside == 0)


def patch_rows(result: Result, jitter: float, swim: float) -> Iterator[Row]:
    """How well the patch sits."""
    yield Row(
        "jitter of the patch against the head",
        "≤ 0.3 px rms",
        f"{jitter:.2f} px (slow drift {swim:.1f} px)",
        jitter <= 0.3,
    )
    sharp = float(np.nanmedian(result.film.sharpness))
    yield Row("sharpness of the mouth over the plate's", "≥ 0.8", f"{sharp:.2f}", sharp >= 0.8)
    grain = float(np.nanmedian(result.film.grain))
    yield Row("grain of the skin in the patch over the plate's", "about 1", f"{grain:.2f}", 0.7 <= grain <= 1.4)
    speed = result.reading.seconds / result.reading.sync_s
    yield Row("sync stage, 1080p", "≥ 5 × real time", f"{speed:.1f} × on one core", speed >= 5)
