"""ISO base media file (MP4, MOV) read box by box: exact counts and ticks, without ffprobe.

Source: ISO/IEC 14496-12 (boxes of `moov`), 14496-15 (`avcC`), 14496-1 (decoder configuration in `esds`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from anchor.messages import Message, message

MAX_MOOV = 256 << 20
"""A larger header is taken for damage; an hour of video has about 1 MiB."""


class BoxError(ValueError):
    """The file is not a whole MP4; `message` says what is wrong."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class MovieTrack:
    """One track of a movie."""

    kind: str
    """Handler: `vide`, `soun`, `text` …"""
    codec: str
    """Sample entry: `avc1`, `mp4a` …"""
    timescale: int
    """Ticks a second of all durations below."""
    samples: int
    """Pictures, or packets of audio."""
    deltas: tuple[tuple[int, int], ...]
    """Run lengths of sample durations: (count, ticks)."""
    first_offset: int
    """Composition offset of the first sample, ticks."""
    skip: int
    """Ticks of media before what is presented (audio: encoder priming)."""
    delay: Fraction
    """Seconds of nothing before the first sample (empty edits)."""
    language: str
    """ISO 639-2/T code of the media header."""
    sync: tuple[int, ...] | None
    """Numbers of the key pictures, from 0; None: every sample is one."""
    width: int = 0
    height: int = 0
    colour: tuple[int, int, int, bool] | None = None
    """`colr` nclx: primaries, transfer, matrix (ISO/IEC 23091-2 codes), full range."""
    profile: int | None = None
    """avcC profile_idc: 66 Baseline, 77 Main, 100 High, 244 High 4:4:4 Predictive."""
    channels: int = 0
    rate: int = 0
    """Samples of audio a second."""

    @property
    def ticks(self) -> int:
        """Duration of all samples."""
        return sum(count * delta for count, delta in self.deltas)

    @property
    def start(self) -> Fraction:
        """Seconds at which the first presented sample begins."""
        return self.delay + max(Fraction(0), Fraction(self.first_offset - self.skip, self.timescale))

    @property
    def duration(self) -> Fraction:
        """Seconds that are presented."""
        hidden = max(0, self.skip - self.first_offset)
        return Fraction(self.ticks - hidden, self.timescale)


@dataclass(frozen=True, slots=True)
class Movie:
    """What the header of an MP4 says."""

    brand: str
    faststart: bool
    """The header lies before the media, so that playing can begin while the rest loads."""
    fragmented: bool
    """Samples are listed in fragments, which are not read here: counts are 0."""
    tracks: tuple[MovieTrack, ...]


def read_movie(path: Path) -> Movie | None:
    """The header of an MP4; None when the file is of another kind.

    Raises:
        BoxError: it begins as an MP4 and is cut short or broken.
        OSError: it cannot be read.
    """
    with path.open("rb") as f:
        f.seek(0, 2)
        size = f.tell()
        if not _begins_as_mp4(f, size):
            return None
        order: list[str] = []
        brand, moov = "", b""
        for kind, start, end in _top_boxes(f, size):
            order.append(kind)
            if kind == "ftyp":
                f.seek(start)
                brand = f.read(4).decode("latin-1")
            elif kind == "moov":
                if end - start > MAX_MOOV:
                    raise BoxError(message("media.header-too-large", size=end - start))
                f.seek(start)
                moov = f.read(end - start)
    if not moov:
        raise BoxError(message("media.no-header"))
    try:
        inner = tuple(_boxes(moov))
        mvhd = dict(inner)["mvhd"]
        (timescale,) = struct.unpack_from(">I", mvhd, 20 if mvhd[0] == 1 else 12)
        tracks = tuple(_track(body, timescale) for kind, body in inner if kind == "trak")
    except (struct.error, IndexError, KeyError, ZeroDivisionError) as error:
        raise BoxError(message("media.broken-header", reason=str(error))) from error
    return Movie(
        brand=brand,
        faststart="mdat" not in order or order.index("moov") < order.index("mdat"),
        fragmented="moof" in order,
        tracks=tracks,
    )


def _broken(reason: Message) -> BoxError:
    return BoxError(message("media.broken-header", reason=reason))


def _begins_as_mp4(f: BinaryIO, size: int) -> bool:
    f.seek(0)
    return size >= 16 and f.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")


def _top_boxes(f: BinaryIO, size: int) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of each box's body at the top of the file."""
    at = 0
    while at + 8 <= size:
        f.seek(at)
        head = f.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        body = at + 8
        if length == 1:
            if len(head) < 16:
                raise BoxError(message("media.ends-in-box"))
            (length,) = struct.unpack(">Q", head[8:])
            body = at + 16
        elif length == 0:
            length = size - at
        if length < body - at or at + length > size:
            missing = at + length - size
            raise BoxError(message("media.box-cut-short", kind=kind.decode("latin-1"), missing=missing))
        yield kind.decode("latin-1"), body, at + length
        at += length


def _boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Kind and body of each box inside a body."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif length == 0:
            length = len(data) - at
        if length < head or at + length > len(data):
            raise _broken(message("media.box-too-long", kind=repr(kind)))
        yield kind.decode("latin-1"), data[at + head : at + length]
        at += length


def _track(trak: bytes, movie_timescale: int) -> MovieTrack:
    top = dict(_boxes(trak))
    media = dict(_boxes(top["mdia"]))
    table = dict(_boxes(dict(_boxes(media["minf"]))["stbl"]))
    long = media["mdhd"][0] == 1
    (timescale,) = struct.unpack_from(">I", media["mdhd"], 20 if long else 12)
    if not timescale:
        raise _broken(message("media.no-clock"))
    (language,) = struct.unpack_from(">H", media["mdhd"], 32 if long else 20)
    skip, delay = _edits(dict(_boxes(top["edts"]))["elst"]) if "edts" in top else (0, 0)
    kind = media["hdlr"][8:12].decode("latin-1")
    codec, entry = next(_boxes(table["stsd"][8:]), ("", b""))
    offsets = _entries(table["ctts"], ">Ii") if "ctts" in table else ()
    picture = _picture(entry) if kind == "vide" else _NO_PICTURE
    channels, rate = struct.unpack_from(">H6xI", entry, 16) if kind == "soun" else (0, 0)
    return MovieTrack(
        kind=kind,
        codec=codec,
        timescale=timescale,
        samples=struct.unpack_from(">I", table["stsz"], 8)[0] if "stsz" in table else 0,
        deltas=tuple((count, delta) for count, delta in _entries(table["stts"], ">II")),
        first_offset=offsets[0][1] if offsets else 0,
        skip=skip,
        delay=Fraction(delay, movie_timescale),
        language="".join(chr(0x60 + (language >> shift & 31)) for shift in (10, 5, 0)),
        sync=tuple(n - 1 for (n,) in _entries(table["stss"], ">I")) if "stss" in table else None,
        width=picture.width,
        height=picture.height,
        colour=picture.colour,
        profile=picture.profile,
        channels=channels,
        rate=rate >> 16,
    )


def _entries(box: bytes, layout: str) -> tuple[tuple[int, ...], ...]:
    """The table of a full box: a count, then rows."""
    (count,) = struct.unpack_from(">I", box, 4)
    row = struct.calcsize(layout)
    if 8 + count * row > len(box):
        raise _broken(message("media.table-too-long", rows=count))
    return tuple(struct.iter_unpack(layout, box[8 : 8 + count * row]))


def _edits(elst: bytes) -> tuple[int, int]:
    """Ticks of media that are skipped, and ticks of the movie's clock before them."""
    rows = _entries(elst, ">QqI" if elst[0] == 1 else ">IiI")
    delay = 0
    for length, media_time, _ in rows:
        if media_time >= 0:
            return media_time, delay
        delay += length
    return 0, delay


@dataclass(frozen=True, slots=True)
class _Picture:
    width: int
    height: int
    colour: tuple[int, int, int, bool] | None
    profile: int | None


_NO_PICTURE = _Picture(0, 0, None, None)


def _picture(entry: bytes) -> _Picture:
    """The visual sample entry: fixed fields, then boxes from byte 78."""
    width, height = struct.unpack_from(">HH", entry, 24)
    inner = dict(_boxes(entry[78:]))
    colr = inner.get("colr", b"")
    colour = None
    if colr[:4] == b"nclx":
        primaries, transfer, matrix, full = struct.unpack_from(">HHHB", colr, 4)
        colour = (primaries, transfer, matrix, full >= 128)
    profile = inner["avcC"][1] if "avcC" in inner else None
    return _Picture(width, height, colour, profile)
