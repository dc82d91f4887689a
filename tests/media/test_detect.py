"""Spans are read from ffmpeg's words and counted with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.media.detect import detect_args, inside, longest, merge_spans, outside, parse_detections
from anchor.media.meter import SILENT_DBTP, SILENT_LUFS, Loudness

WORDS = """\
[silencedetect @ 0x1] [info] silence_start: -0.01
[blackdetect @ 0x2] [info] black_start:0 black_end:1.001 black_duration:1.001
[freezedetect @ 0x3] [info] lavfi.freezedetect.freeze_start: 4
[freezedetect @ 0x3] [info] lavfi.freezedetect.freeze_duration: 2.002
[freezedetect @ 0x3] [info] lavfi.freezedetect.freeze_end: 6.002
[silencedetect @ 0x1] [info] silence_end: 1.5 | silence_duration: 1.5
[h264 @ 0x9] [error] error while decoding MB 3 4
[freezedetect @ 0x3] [info] lavfi.freezedetect.freeze_start: 6.002
[silencedetect @ 0x1] [info] silence_start: 8
[info] frame=  300 fps=0.0 q=-0.0 Lsize=N/A time=00:00:10.00 bitrate=N/A speed= 466x
[Parsed_ebur128_3 @ 0x4] [info] Summary:
  Integrated loudness:
    I:         -16.1 LUFS
    Threshold: -26.1 LUFS
  True peak:
    Peak:       -4.5 dBFS
"""


def test_parse_detections() -> None:
    found = parse_detections(WORDS.splitlines(), 10.0)
    assert found.frames == 300
    assert found.faults == ("h264: error while decoding MB 3 4",)
    assert found.black == ((0.0, 1.001),)
    assert found.frozen == ((4.0, 10.0),), "freezes that touch are one, and the last lasts to the end"
    assert found.silent == ((0.0, 1.5), (8.0, 10.0))
    assert found.loudness == Loudness(-16.1, -4.5)


def test_digital_silence() -> None:
    words = ["[Parsed_ebur128_3 @ 0x4] [info] Summary:", "    I:         -70.0 LUFS", "    Peak:       -inf dBFS"]
    assert parse_detections(words, 1.0).loudness == Loudness(SILENT_LUFS, SILENT_DBTP)


def test_nothing_said() -> None:
    found = parse_detections([], 1.0)
    assert (found.black, found.frozen, found.silent, found.loudness, found.faults) == ((), (), (), None, ())


def test_detect_args() -> None:
    assert detect_args("ffmpeg", Path("a.mp4"), video=True, audio=True) == [
        *("ffmpeg", "-loglevel", "repeat+level+info", "-protocol_whitelist", "file,pipe", "-i", "file:a.mp4"),
        "-filter_complex",
        "[0:v]scale=480:-2:flags=fast_bilinear[s0];[s0]blackdetect=d=0.1[s1];[s1]freezedetect=d=0.5:n=-65dB[s2];"
        "[0:a]silencedetect=d=0.5:n=-50dB[s3];[s3]ebur128=framelog=verbose:peak=true[s4]",
        *("-map", "[s2]", "-map", "[s4]", "-f", "null", "-fps_mode", "passthrough", "-"),
    ]


def test_detect_args_of_sound_alone() -> None:
    args = detect_args("ffmpeg", Path("a.wav"), video=False, audio=True)
    assert not any("scale" in part for part in args)


@pytest.mark.parametrize(
    ("spans", "gap", "expected"),
    [
        ((), 0.0, ()),
        (((0, 1), (1, 2)), 0.0, ((0, 2),)),
        (((3, 4), (0, 1)), 1.0, ((0, 1), (3, 4))),
        (((0, 5), (1, 2)), 0.0, ((0, 5),)),
        (((0, 1), (1.05, 2)), 0.1, ((0, 2),)),
    ],
)
def test_joined(spans: tuple[tuple[float, float], ...], gap: float, expected: tuple[tuple[float, float], ...]) -> None:
    assert tuple(merge_spans(spans, gap)) == expected


def test_inside_and_outside_part_a_span() -> None:
    spans, cuts = ((0.0, 10.0),), ((2.0, 3.0), (5.0, 12.0))
    assert tuple(inside(spans, cuts)) == ((2.0, 3.0), (5.0, 10.0))
    assert tuple(outside(spans, cuts)) == ((0.0, 2.0), (3.0, 5.0))
    assert tuple(outside(spans, ())) == spans
    assert tuple(inside(spans, ())) == ()


def test_longest() -> None:
    assert longest(((0, 1), (2, 4), (5, 6))) == (2, 4)
    assert longest(()) is None
