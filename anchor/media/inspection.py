"""What the pictures of one encoded chunk show, kept so that a joined file need not be decoded to be checked.

A joined file is proven to hold the very packets that were looked at; then what was found chunk by chunk is true of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import ffmpeg as graph

from anchor.core.errors import MediaError
from anchor.media.detect import BLACK_S, FREEZE_GAP_S, FREEZE_S, Spans, detect_args, merge_spans, parse_detections
from anchor.media.process import Cancelled, Process
from anchor.media.run import run_ffmpeg
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message

_NEAR_S = 0.002
"""Times that ffmpeg prints are rounded to milliseconds in places."""
_REPLAYED_S = 2.0
"""Of a still picture before a seam, at most so much is looked at again."""

Across = Callable[[float, float, float], bool]
"""(seam, length of the still before it, of the still after it), seconds → whether both are one still."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one chunk shows."""

    frames: int
    """Pictures decoded."""
    faults: tuple[str, ...]
    """ffmpeg's words on data that it could not decode."""
    black: Spans
    """Seconds from the first picture; all there is, however short."""
    frozen: Spans
    """Likewise; short ones only where they touch the beginning or the end."""
    header: str
    """Digest of what sets up the decoder."""
    packets: str
    """Digest of every packet with its time and size."""
    packet_count: int


@dataclass(frozen=True, slots=True)
class Packets:
    """The coded pictures of a file, in the order in which they are stored."""

    header: str
    rows: tuple[tuple[int, int, int, str], ...]
    """Presentation time and duration in ticks, bytes, digest."""

    def digest(self, start: int, count: int) -> str:
        """Of some packets; times count from the first picture among them."""
        rows = self.rows[start : start + count]
        first = min((row[0] for row in rows), default=0)
        text = "\n".join(f"{at - first} {lasts} {size} {digest}" for at, lasts, size, digest in rows)
        return hashlib.sha256(text.encode()).hexdigest()


def packet_args(ffmpeg: str, path: Path) -> list[str]:
    """argv that prints a digest of every coded picture; nothing is decoded."""
    source = graph.input(file_url(path), protocol_whitelist=LOCAL)
    out = {"c": "copy", "format": "framehash", "hash": "sha256"}
    head, *tail = graph.output(source["v:0"], "pipe:1", **out).compile(cmd=ffmpeg)
    return [head, "-hide_banner", "-nostdin", "-loglevel", "error", *tail]


def read_packets(ffmpeg: FFmpeg, path: Path, cancelled: Cancelled | None = None) -> Packets:
    """The coded pictures of a file.

    Raises:
        MediaError: it cannot be read.
        JobCancelled: `cancelled` said so.
    """
    with Process(packet_args(ffmpeg.path, path), read=True) as process:
        said = b"".join(iter(lambda: process.stdout.read(1 << 20), b"")).decode(errors="replace")
        process.wait(cancelled)
    return parse_packets(said)


def parse_packets(said: str) -> Packets:
    """What ffmpeg's `framehash` printed.

    Raises:
        MediaError: it printed something else.
    """
    header, rows = "", []
    try:
        for line in said.splitlines():
            if line.startswith("#extradata"):
                header = line.split(",")[-1].strip()
            elif line and not line.startswith("#"):
                _, _, at, lasts, size, digest = (part.strip() for part in line.split(","))
                rows.append((int(at), int(lasts), int(size), digest))
    except ValueError as error:
        raise MediaError(message("media.no-packets")) from error
    return Packets(header, tuple(rows))


def look_at(ffmpeg: FFmpeg, path: Path, rate: Fraction, cancelled: Cancelled | None = None) -> Seen:
    """Decode a chunk that has pictures alone, and keep what it shows.

    Raises:
        MediaError: it cannot be read.
        JobCancelled: `cancelled` said so.
    """
    packets = read_packets(ffmpeg, path, cancelled)
    args = detect_args(ffmpeg.path, path, video=True, audio=False, each=True)
    length = float(len(packets.rows) / rate)
    found = parse_detections(run_ffmpeg(args, cancelled=cancelled), length, gap=None)
    count = len(packets.rows)
    return Seen(
        frames=found.frames,
        faults=found.faults,
        black=found.black,
        frozen=tuple(s for s in found.frozen if _lasts(s, FREEZE_S) or _begins(s) or _ends(s, length)),
        header=packets.header,
        packets=packets.digest(0, count),
        packet_count=count,
    )


def holds(packets: Packets, parts: Sequence[Seen]) -> bool:
    """Whether a file is made of the packets that were looked at, all of them, in this order, and of nothing else."""
    at = 0
    for part in parts:
        if (part.header, part.packets) != (packets.header, packets.digest(at, part.packet_count)):
            return False
        at += part.packet_count
    return bool(parts) and at == len(packets.rows)


def black_of(parts: Sequence[Seen], rate: Fraction) -> Spans:
    """Black in a file joined of parts, as one decode of it would find it."""
    spans = []
    frame = float(1 / rate)
    for (start, end), part, last in _placed(parts, rate):
        for a, b in part.black:
            # The detector ends black that lasts to the end with the last picture, not after it.
            lasts = not last and b >= end - start - 1.5 * frame
            spans.append((start + a, end if lasts else start + b))
    return tuple(s for s in merge_spans(spans, _NEAR_S) if _lasts(s, BLACK_S))


def frozen_of(parts: Sequence[Seen], rate: Fraction, across: Across) -> Spans:
    """Stills in a file joined of parts; where two that touch a seam could be one, `across` says whether they are."""
    whole = [tuple((start + a, start + b) for a, b in part.frozen) for (start, _), part, _ in _placed(parts, rate)]
    spans = [span for part in whole for span in part if _lasts(span, FREEZE_S)]
    seams = [end for (_, end), _, _ in _placed(parts, rate)]
    for seam, (before, after) in zip(seams, pairwise(whole), strict=False):
        tail = next((s for s in before if s[1] >= seam - _NEAR_S), (seam, seam))
        head = next((s for s in after if s[0] <= seam + _NEAR_S), (seam, seam))
        known = _lasts(tail, FREEZE_S) and _lasts(head, FREEZE_S)
        if not known and _lasts((tail[0], head[1]), FREEZE_S) and across(seam, seam - tail[0], head[1] - seam):
            spans.append((tail[0], head[1]))
    return tuple(merge_spans(spans, FREEZE_GAP_S))


def still_across(
    ffmpeg: FFmpeg, path: Path, rate: Fraction, seam: float, before: float, after: float, cancelled: Cancelled | None
) -> bool:
    """Whether the still before a seam goes on after it: both are decoded from where it begins.

    Raises:
        MediaError: the file cannot be read.
        JobCancelled: `cancelled` said so.
    """
    frame = float(1 / rate)
    before = min(before, _REPLAYED_S)
    begins = max(0.0, seam - before - frame / 2)
    window = (begins, before + min(after, _REPLAYED_S) + 3 * frame)
    args = detect_args(ffmpeg.path, path, video=True, audio=False, each=True, window=window)
    found = parse_detections(run_ffmpeg(args, cancelled=cancelled), window[1], gap=None)
    at = seam - begins
    return any(start < at - frame / 4 and end > at + 3 * frame / 4 for start, end in found.frozen)


def _placed(parts: Sequence[Seen], rate: Fraction) -> Iterator[tuple[tuple[float, float], Seen, bool]]:
    """(where it begins and ends, the part, whether it is the last)."""
    at = 0
    for part in parts:
        yield (float(at / rate), float((at + part.packet_count) / rate)), part, part is parts[-1]
        at += part.packet_count


def _lasts(span: tuple[float, float], seconds: float) -> bool:
    return span[1] - span[0] >= seconds - 1e-6


def _begins(span: tuple[float, float]) -> bool:
    return span[0] <= _NEAR_S


def _ends(span: tuple[float, float], length: float) -> bool:
    return span[1] >= length - _NEAR_S
