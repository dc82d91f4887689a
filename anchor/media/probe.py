"""What a media file holds: exact ticks from its boxes where it is an MP4, ffmpeg's words for the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from anchor.core.errors import MediaError
from anchor.media.mp4_boxes import BoxError, Movie, MovieTrack, read_movie
from anchor.media.process import Process
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message, os_reason


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The first picture stream."""

    codec: str
    """ffmpeg's name: `h264`, `prores` …"""
    profile: str
    """As ffmpeg says it: `High`; empty when it says none."""
    pixel_format: str
    width: int
    height: int
    rate: Fraction | None
    """Pictures a second; exact for an MP4, else the broadcast rate nearest to ffmpeg's two decimals."""
    frames: int | None
    """Exact for an MP4, else None."""
    start: Fraction
    """Seconds."""
    duration: Fraction
    """Seconds."""
    colour: str = ""
    """As ffmpeg says it: matrix/primaries/transfer, one word when all agree; empty: untagged."""
    limited: bool | None = None
    """True: range `tv`; False: `pc`; None: untagged."""
    constant: bool = False
    """Every picture lasts equally long; known for an MP4."""
    keys: tuple[int, ...] | None = None
    """Numbers of the key pictures, from 0; None: not known, or all."""


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The first sound stream."""

    codec: str
    rate: int
    channels: int
    start: Fraction
    """Seconds."""
    duration: Fraction
    """Seconds, encoder priming left out."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """One media file."""

    container: str
    """ffmpeg's name: `mov,mp4,m4a,3gp,3g2,mj2`, `wav` …"""
    video: VideoFacts | None
    audio: AudioFacts | None
    faststart: bool | None
    """None: not an MP4."""
    title: str = ""
    language: str = ""
    """Of the sound, ISO 639-2/T; empty: none or not an MP4."""


def probe_args(ffmpeg: str, path: Path) -> list[str]:
    """argv that prints what the file holds."""
    return [ffmpeg, "-hide_banner", "-nostdin", "-protocol_whitelist", LOCAL, "-i", file_url(path)]


def probe_media(ffmpeg: FFmpeg, path: Path) -> MediaFacts:
    """Read what the file says of itself; decodes nothing.

    Raises:
        MediaError: no such file, not media, or cut off; says which.
    """
    if not path.is_file():
        raise MediaError(message("media.no-file", path=str(path)))
    try:
        movie = read_movie(path)
    except BoxError as error:
        what = message("media.in-file", file=path.name, reason=error.message)
        raise MediaError(what, hint=message("media.make-again")) from error
    except OSError as error:
        raise MediaError(message("media.cannot-read", path=str(path), reason=os_reason(error))) from error
    with Process(probe_args(ffmpeg.path, path)) as process:
        # Without an output ffmpeg always ends with an error; its words before that are what we want.
        said = process.words()
    facts = parse_listing(said)
    if facts is None:
        told = (line for line in reversed(said) if "At least one output" not in line)
        reason = next(told, message("media.nothing"))
        raise MediaError(
            message("media.not-media", file=path.name, reason=reason),
            hint=message("media.give-media"),
            argv=process.argv,
            stderr=said,
        )
    return facts if movie is None or movie.fragmented else _with_boxes(facts, movie)


_INPUT = re.compile(r"^Input #0, (\S+), from ")
_DURATION = re.compile(r"^  Duration: (?:(\d+):(\d+):(\d+\.\d+)|N/A)(?:, start: (-?\d+\.\d+))?")
_STREAM = re.compile(r"^  Stream #0:\d+\S*: (Video|Audio): (\w+)(?: \(([^()/]+)\))?(.*)$")
_PIXELS = re.compile(r", (\w+)(?:\(([^)]*)\))?, (\d+)x(\d+)")
_TITLE = re.compile(r"^    title +: (.*)$")
_BROADCAST = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120))


def parse_listing(lines: Sequence[str]) -> MediaFacts | None:
    """What `ffmpeg -i` prints of its input; None when it found no stream of picture or sound."""
    container, title = "", ""
    duration = start = Fraction(0)
    video: VideoFacts | None = None
    audio: AudioFacts | None = None
    for line in lines:
        if found := _INPUT.match(line):
            container = found[1]
        elif found := _DURATION.match(line):
            if found[1]:
                duration = int(found[1]) * 3600 + int(found[2]) * 60 + Fraction(found[3])
            start = Fraction(found[4] or 0)
        elif (found := _TITLE.match(line)) and not title:
            title = found[1]
        elif found := _STREAM.match(line):
            kind, codec, profile, rest = found.groups()
            if kind == "Video" and video is None:
                video = _video(codec, profile or "", rest, start, duration)
            elif kind == "Audio" and audio is None:
                rate = re.search(r", (\d+) Hz, ([^,]+)", rest)
                audio = AudioFacts(
                    codec=codec,
                    rate=int(rate[1]) if rate else 0,
                    channels=_channels(rate[2]) if rate else 0,
                    start=start,
                    duration=duration,
                )
    if video is None and audio is None:
        return None
    return MediaFacts(container=container, video=video, audio=audio, faststart=None, title=title)


def _video(codec: str, profile: str, rest: str, start: Fraction, duration: Fraction) -> VideoFacts:
    pixels = _PIXELS.search(rest)
    rate = re.search(r", ([\d.]+)(k?) fps", rest)
    tags = [tag.strip() for tag in (pixels[2] or "").split(",")] if pixels else []
    limited = True if "tv" in tags else False if "pc" in tags else None
    words = ("tv", "pc", "progressive", "top first", "bottom first")
    return VideoFacts(
        codec=codec,
        profile=profile,
        pixel_format=pixels[1] if pixels else "",
        width=int(pixels[3]) if pixels else 0,
        height=int(pixels[4]) if pixels else 0,
        rate=_rate(Fraction(rate[1]) * (1000 if rate[2] else 1)) if rate else None,
        frames=None,
        start=start,
        duration=duration,
        colour=next((tag for tag in tags if tag not in words), ""),
        limited=limited,
    )


def _rate(shown: Fraction) -> Fraction:
    """The exact rate behind two decimals."""
    return next((rate for rate in _BROADCAST if abs(rate - shown) < Fraction(1, 100)), shown)


def _channels(layout: str) -> int:
    named = {"mono": 1, "stereo": 2, "5.1": 6, "5.1(side)": 6, "7.1": 8}
    count = re.match(r"(\d+) channels", layout)
    return named.get(layout.strip(), int(count[1]) if count else 0)


def _with_boxes(facts: MediaFacts, movie: Movie) -> MediaFacts:
    """The same facts with the exact counts and ticks of the boxes."""
    video, audio = facts.video, facts.audio
    picture = next((track for track in movie.tracks if track.kind == "vide"), None)
    sound = next((track for track in movie.tracks if track.kind == "soun"), None)
    if video is not None and picture is not None:
        video = replace(
            video,
            rate=constant_rate(picture) or video.rate,
            constant=constant_rate(picture) is not None,
            frames=picture.samples,
            start=picture.start,
            duration=picture.duration,
            keys=picture.sync,
        )
    if audio is not None and sound is not None:
        audio = replace(
            audio,
            rate=sound.rate or audio.rate,
            start=sound.start,
            duration=sound.duration,
        )
    language = sound.language if sound is not None else ""
    return replace(facts, video=video, audio=audio, faststart=movie.faststart, language=language)


def constant_rate(track: MovieTrack) -> Fraction | None:
    """Pictures a second when every picture lasts equally long, else None."""
    deltas = {delta for count, delta in track.deltas if count}
    if len(deltas) != 1 or not (delta := deltas.pop()):
        return None
    return Fraction(track.timescale, delta)
