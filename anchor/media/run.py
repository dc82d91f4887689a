"""Run ffmpeg to its end, with progress and cancel."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anchor.media.process import POLL_S, Cancelled, Process, raise_if


@dataclass(frozen=True, slots=True)
class Progress:
    """How far ffmpeg is."""

    frames: int
    """Pictures written; 0 where there is no picture."""
    seconds: float
    """Time written."""


def run_ffmpeg(
    args: Sequence[str],
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Cancelled | None = None,
) -> tuple[str, ...]:
    """Run a whole argv (program first) whose outputs are files; gives the lines of stderr.

    `progress` is called about twice a second; `cancelled` is asked twenty times a second.

    Raises:
        JobCancelled: `cancelled` said so.
        MediaError: ffmpeg failed.
        StorageError: the disk is full.
    """
    if progress is None:
        with Process(quiet_args(args)) as process:
            return process.wait(cancelled)
    head, *tail = quiet_args(args)
    with Process((head, "-progress", "pipe:1", *tail), read=True) as process:
        seen: dict[str, str] = {}
        rest = b""
        while True:
            raise_if(cancelled)
            if not select.select([process.stdout], [], [], POLL_S)[0]:
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return process.wait(cancelled)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                key, _, value = line.decode(errors="replace").strip().partition("=")
                seen[key] = value.strip()
                if key == "progress":
                    progress(parse_progress(seen))


def quiet_args(args: Sequence[str]) -> tuple[str, ...]:
    """The argv without banner, without the status line and without a read of the terminal."""
    head, *tail = args
    return (head, "-hide_banner", "-nostdin", "-nostats", *tail)


def parse_progress(seen: dict[str, str]) -> Progress:
    """One block of `-progress` output; ffmpeg writes `N/A` before the first packet."""
    frames, micros = seen.get("frame", "0"), seen.get("out_time_us", "0")
    return Progress(
        frames=int(frames) if frames.isdigit() else 0,
        seconds=max(0, int(micros)) / 1e6 if micros.lstrip("-").isdigit() else 0.0,
    )
