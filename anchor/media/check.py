"""The quality report of a finished file: what was measured, what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from anchor.core.errors import MediaError
from anchor.core.quality import CheckItem, CheckReport, Expectation
from anchor.media.detect import Detections, detect_args, inside, longest, merge_spans, outside, parse_detections
from anchor.media.inspection import Seen, black_of, frozen_of, holds, read_packets, still_across
from anchor.media.meter import SILENT_DBTP, SILENT_LUFS, Loudness
from anchor.media.probe import AudioFacts, MediaFacts, VideoFacts, probe_media
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg
from anchor.messages import Message, message

PACKET_S = Fraction(1024, 48000)
"""One AAC packet: the most by which the two tracks of the file may begin apart."""
LOUDNESS_TOLERANCE_LU = 0.5
GENERAL_LUFS = (-25.0, -13.0)
"""From ATSC A/85 (−24) and EBU R 128 (−23) to the streaming services (−14), 1 LU of tolerance at both ends."""
GENERAL_DBTP = -1.0
"""EBU R 128: maximum true peak."""
METER_DB = 0.1
"""ffmpeg shows true peaks with one decimal."""
BLACK_LIMIT_S = 0.5
FREEZE_LIMIT_S = 2.0
SILENCE_LIMIT_S = 1.0
"""While somebody speaks."""
GENERAL_FREEZE_LIMIT_S = 5.0
"""Where nobody says which stills are meant: a title card may stand this long."""
GENERAL_SILENCE_LIMIT_S = 5.0
"""Where nobody says when somebody speaks: an opening title may pass without a sound."""
CAPTION_COVERAGE = 0.95
RATES = tuple(Fraction(n, d) for n, d in ((24, 1), (25, 1), (30, 1), (50, 1), (60, 1))) + tuple(
    Fraction(n * 1000, 1001) for n in (24, 30, 60)
)


def check_file(
    ffmpeg: FFmpeg, path: Path, expectation: Expectation | None = None, *, cancelled: Cancelled | None = None
) -> CheckReport:
    """Measure a finished file in one decode. Without expectation the general limits of a clip for the web apply.

    A file that is there and cannot be read gives a report whose item `readable` failed.

    Raises:
        MediaError: no such file, or ffmpeg cannot be run.
        JobCancelled: `cancelled` said so.
    """
    return _report(ffmpeg, path, expectation, lambda facts: _decoded(ffmpeg, path, facts, cancelled))


def check_joined(
    ffmpeg: FFmpeg,
    path: Path,
    parts: Sequence[Seen],
    expectation: Expectation | None = None,
    *,
    cancelled: Cancelled | None = None,
) -> CheckReport:
    """The report of `check_file` on a file joined of parts that were looked at: only its sound is decoded.

    A file that does not hold exactly the packets of the parts is measured as a whole.

    Raises:
        MediaError: no such file, or ffmpeg cannot be run.
        JobCancelled: `cancelled` said so.
    """

    def found(facts: MediaFacts) -> Detections:
        rate = facts.video.rate if facts.video is not None else None
        if not rate or not holds(read_packets(ffmpeg, path, cancelled), parts):
            return _decoded(ffmpeg, path, facts, cancelled)

        def across(seam: float, before: float, after: float) -> bool:
            return still_across(ffmpeg, path, rate, seam, before, after, cancelled)

        heard = _decoded(ffmpeg, path, replace(facts, video=None), cancelled)
        return replace(
            heard,
            frames=sum(part.frames for part in parts),
            faults=(*(fault for part in parts for fault in part.faults), *heard.faults),
            black=black_of(parts, rate),
            frozen=frozen_of(parts, rate, across),
        )

    return _report(ffmpeg, path, expectation, found)


def _report(
    ffmpeg: FFmpeg, path: Path, expectation: Expectation | None, measure: Callable[[MediaFacts], Detections]
) -> CheckReport:
    if not path.is_file():
        raise MediaError(message("media.no-file", path=str(path)), hint=message("media.give-clip"))
    try:
        facts = probe_media(ffmpeg, path)
        found = measure(facts)
    except MediaError as error:
        return CheckReport((CheckItem("readable", error.message, message("media.whole"), False),))
    return CheckReport(tuple(_items(facts, found, expectation or Expectation())))


def _decoded(ffmpeg: FFmpeg, path: Path, facts: MediaFacts, cancelled: Cancelled | None) -> Detections:
    """What one decode of the tracks in `facts` finds."""
    video, audio = facts.video, facts.audio
    if video is None and audio is None:
        return Detections(0, (), (), (), (), None)
    seconds = max((float(track.start + track.duration) for track in (video, audio) if track), default=0.0)
    args = detect_args(ffmpeg.path, path, video=video is not None, audio=audio is not None)
    return parse_detections(run_ffmpeg(args, cancelled=cancelled), seconds)


def _items(facts: MediaFacts, found: Detections, wanted: Expectation) -> Iterator[CheckItem]:
    yield _readable(found)
    if facts.video is None:
        yield CheckItem("video-codec", message("media.no-picture"), "h264 High", False)
    else:
        yield from _video_items(facts.video, found, wanted)
    if facts.audio is None:
        yield CheckItem("audio-codec", message("media.no-sound"), "aac, 48000 Hz", False)
    else:
        yield from _audio_items(facts.audio, found, wanted)
    if facts.video is not None and facts.audio is not None:
        yield from _sync_items(facts.video, facts.audio)
    if wanted.speech:
        yield _captions(wanted)
    if facts.faststart is not None:
        yield CheckItem("faststart", _yes(facts.faststart), message("media.header-first"), facts.faststart)


def _readable(found: Detections) -> CheckItem:
    measured = message("media.decoded", frames=found.frames)
    if found.faults:
        count, first = len(found.faults), found.faults[0]
        measured = message("media.decoded-with-errors", frames=found.frames, count=count, first=first)
    return CheckItem("readable", measured, message("media.whole"), not found.faults)


def _video_items(video: VideoFacts, found: Detections, wanted: Expectation) -> Iterator[CheckItem]:
    codec = f"{video.codec} {video.profile}".strip()
    yield CheckItem("video-codec", codec, "h264 High", codec == "h264 High")
    yield CheckItem("pixel-format", video.pixel_format, "yuv420p", video.pixel_format == "yuv420p")
    untagged = message("media.untagged")
    extent = {True: "tv", False: "pc", None: untagged}[video.limited]
    colour = message("media.colour", colour=video.colour or untagged, extent=extent)
    wanted_colour = message("media.colour", colour="bt709", extent="tv")
    yield CheckItem("colour", colour, wanted_colour, colour == wanted_colour)
    allowed = message("media.constant", rates=tuple(str(rate) for rate in sorted(RATES)))
    yield CheckItem("frame-rate", _rate_text(video), allowed, video.constant and video.rate in RATES)
    frames = wanted.frames if wanted.frames is not None else video.frames
    if frames is not None:
        yield CheckItem("frame-count", str(found.frames), str(frames), found.frames == frames)
    yield _spans_item("black", found.black, BLACK_LIMIT_S)
    frame_s = float(1 / video.rate) if video.rate else 0.0
    still = tuple((start - frame_s, end + frame_s) for start, end in wanted.still)
    limit = GENERAL_FREEZE_LIMIT_S if wanted == Expectation() else FREEZE_LIMIT_S
    yield _spans_item("freeze", tuple(outside(found.frozen, still)), limit)


def _rate_text(video: VideoFacts) -> str:
    if video.rate is None:
        return message("media.unknown")
    return str(video.rate) if video.constant else message("media.not-constant", rate=str(video.rate))


def _audio_items(audio: AudioFacts, found: Detections, wanted: Expectation) -> Iterator[CheckItem]:
    measured = f"{audio.codec}, {audio.rate} Hz"
    yield CheckItem("audio-codec", measured, "aac, 48000 Hz", measured == "aac, 48000 Hz")
    if wanted.samples is not None:
        samples = round(audio.duration * audio.rate)
        packet = round(PACKET_S * audio.rate)
        passed = abs(samples - wanted.samples) <= packet
        yield CheckItem("sample-count", str(samples), f"{wanted.samples} ± {packet}", passed)
    low, high = GENERAL_LUFS
    if wanted.lufs is not None:
        low, high = wanted.lufs - LOUDNESS_TOLERANCE_LU, wanted.lufs + LOUDNESS_TOLERANCE_LU
    heard = found.loudness or Loudness(SILENT_LUFS, SILENT_DBTP)
    lufs = heard.lufs
    # Half a digit of ffmpeg's display, so that −16.5 passes for −16 ± 0.5.
    allowed = message("media.lufs-range", low=low, high=high)
    yield CheckItem("loudness", f"{lufs:.1f} LUFS", allowed, low - 0.05 <= lufs <= high + 0.05)
    ceiling = wanted.dbtp if wanted.dbtp is not None else GENERAL_DBTP
    passed = heard.dbtp <= ceiling + METER_DB
    yield CheckItem("true-peak", f"{heard.dbtp:.1f} dBTP", f"≤ {ceiling:.1f} dBTP", passed)
    if wanted.speech:
        silent = tuple(inside(found.silent, wanted.speech))
        yield _spans_item("silence", silent, SILENCE_LIMIT_S, "media.at-most-in-speech")
    else:
        yield _spans_item("silence", found.silent, GENERAL_SILENCE_LIMIT_S)


def _sync_items(video: VideoFacts, audio: AudioFacts) -> Iterator[CheckItem]:
    frame = 1 / video.rate if video.rate else Fraction(1, 25)
    apart = video.start + video.duration - audio.start - audio.duration
    yield CheckItem(
        "duration",
        message("media.durations", picture=float(video.duration), sound=float(audio.duration)),
        message("media.ends-within", limit=float(frame) * 1000),
        abs(apart) <= frame,
    )
    offset = audio.start - video.start
    yield CheckItem(
        "av-offset",
        f"{float(offset) * 1000:+.1f} ms",
        f"± {float(PACKET_S) * 1000:.1f} ms",
        abs(offset) < PACKET_S,
    )


def _captions(wanted: Expectation) -> CheckItem:
    speech = tuple(merge_spans(wanted.speech))
    total = sum(end - start for start, end in speech)
    covered = sum(end - start for start, end in inside(speech, wanted.captions))
    share = covered / total if total else 1.0
    covers = message("media.of-speech", share=share)
    return CheckItem("caption-coverage", covers, f"≥ {CAPTION_COVERAGE:.0%}", share >= CAPTION_COVERAGE)


def _spans_item(
    name: str, spans: Sequence[tuple[float, float]], limit: float, allows: str = "media.at-most"
) -> CheckItem:
    worst = longest(spans)
    allowed = message(allows, limit=limit)
    if worst is None:
        return CheckItem(name, message("media.none"), allowed, True)
    length = worst[1] - worst[0]
    return CheckItem(name, message("media.lasts", length=length, start=worst[0]), allowed, length <= limit)


def _yes(value: bool) -> Message:
    return message("media.yes" if value else "media.no")
