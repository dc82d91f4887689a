"""One decode of a finished file that finds black, frozen pictures, silence, loudness and broken data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg as graph

from anchor.media.loudness import parse_summary
from anchor.media.meter import Loudness
from anchor.media.tool import LOCAL, file_url

SMALL_WIDTH = 480
"""Pictures are made this small before they are looked at: quick, and coding noise is averaged away."""
BLACK_S = 0.1
"""Shortest black that is reported."""
FREEZE_DB = -65
"""Mean difference, full scale, under which two small pictures count as the same.

Measured on the house anchors at rest, x264 veryfast CRF 18: their breath and sway rise above it within 0.3 s, while a
still picture stays below it even at CRF 28, key pictures aside."""
FREEZE_S = 0.5
"""Shortest freeze that is reported; freezes that touch are joined afterwards."""
_EACH_S = 0.001
"""Shorter than any picture."""
FREEZE_GAP_S = 0.1
"""A key picture re-codes a still picture a little differently; freezes this close are one."""
SILENCE_DB = -50
SILENCE_S = 0.5

Spans = tuple[tuple[float, float], ...]
"""Seconds, ascending."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What was found in one file."""

    frames: int
    """Pictures decoded."""
    faults: tuple[str, ...]
    """ffmpeg's words on data that it could not decode."""
    black: Spans
    frozen: Spans
    silent: Spans
    loudness: Loudness | None
    """None: no sound."""


def detect_args(
    ffmpeg: str,
    path: Path,
    *,
    video: bool,
    audio: bool,
    each: bool = False,
    window: tuple[float, float] | None = None,
) -> list[str]:
    """argv of the one decode; every finding is written to stderr.

    Args:
        ffmpeg: the program.
        path: the file.
        video: look at the pictures.
        audio: listen to the sound.
        each: tell of every black or still picture, however short.
        window: (start, length) in seconds, of which alone is told; None: all.
    """
    some = {} if window is None else {"ss": f"{window[0]:.6f}", "t": f"{window[1]:.6f}"}
    source = graph.input(file_url(path), protocol_whitelist=LOCAL, **some)
    streams = []
    if video:
        picture = source.video.filter("scale", SMALL_WIDTH, -2, flags="fast_bilinear")
        picture = picture.filter("blackdetect", d=0 if each else BLACK_S)
        streams.append(picture.filter("freezedetect", n=f"{FREEZE_DB}dB", d=_EACH_S if each else FREEZE_S))
    if audio:
        sound = source.audio.filter("silencedetect", n=f"{SILENCE_DB}dB", d=SILENCE_S)
        streams.append(sound.filter("ebur128", peak="true", framelog="verbose"))
    head, *tail = graph.output(*streams, "-", format="null", fps_mode="passthrough").compile(cmd=ffmpeg)
    return [head, "-loglevel", "repeat+level+info", *tail]


_MARK = re.compile(r"(black|freeze|silence)_(start|end): ?(-?[\d.]+(?:e-?\d+)?)")
_FAULT = re.compile(r"^(?:\[(\w+) @ \w+\] )?\[(?:error|fatal|panic)\] (.*)$")
_COUNT = re.compile(r"\bframe= *(\d+)")


def parse_detections(lines: Sequence[str], duration: float, gap: float | None = FREEZE_GAP_S) -> Detections:
    """Read stderr of `detect_args`; what has no end yet ends with the file after `duration` seconds.

    Freezes at most `gap` seconds apart are one; None: each is left as it is.
    """
    open_at: dict[str, float] = {}
    spans: dict[str, list[tuple[float, float]]] = {"black": [], "freeze": [], "silence": []}
    faults: list[str] = []
    frames = 0
    for line in lines:
        for kind, edge, value in _MARK.findall(line):
            if edge == "start":
                open_at[kind] = max(0.0, float(value))
            elif kind in open_at:
                spans[kind].append((open_at.pop(kind), float(value)))
        if found := _FAULT.match(line):
            faults.append(f"{found[1]}: {found[2]}" if found[1] else found[2])
        if found := _COUNT.search(line):
            frames = int(found[1])
    for kind, start in open_at.items():
        spans[kind].append((start, max(start, duration)))
    return Detections(
        frames=frames,
        faults=tuple(faults),
        black=tuple(spans["black"]),
        frozen=tuple(spans["freeze"] if gap is None else merge_spans(spans["freeze"], gap)),
        silent=tuple(spans["silence"]),
        loudness=parse_summary(lines) if any(line.endswith("Summary:") for line in lines) else None,
    )


def merge_spans(spans: Sequence[tuple[float, float]], gap: float = 0.0) -> Iterator[tuple[float, float]]:
    """The spans in order, those that overlap or are at most `gap` seconds apart made one."""
    pending: tuple[float, float] | None = None
    for start, end in sorted(spans):
        if pending is not None and start - pending[1] <= gap:
            pending = (pending[0], max(pending[1], end))
            continue
        if pending is not None:
            yield pending
        pending = (start, end)
    if pending is not None:
        yield pending


def inside(
    spans: Sequence[tuple[float, float]], within: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """The parts of `spans` that lie in one of `within`."""
    for start, end in spans:
        for low, high in merge_spans(within):
            if max(start, low) < min(end, high):
                yield max(start, low), min(end, high)


def outside(
    spans: Sequence[tuple[float, float]], without: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """The parts of `spans` that lie in none of `without`."""
    for start, end in spans:
        at = start
        for low, high in merge_spans(without):
            if high <= at or low >= end:
                continue
            if low > at:
                yield at, low
            at = high
        if at < end:
            yield at, end


def longest(spans: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """The longest span, the first of equals."""
    return max(spans, key=lambda span: span[1] - span[0], default=None)
