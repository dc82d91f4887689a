"""Each limit is seen to pass and to fail on real media."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.errors import JobCancelled, MediaError
from anchor.core.quality import CheckItem, CheckReport, Expectation
from anchor.media.check import check_file
from anchor.media.tool import FFmpeg

pytestmark = pytest.mark.media

MakeClip = Callable[..., Path]
MOVING = "testsrc2=s=320x180:r=30000/1001"
TONE = "aevalsrc=0.1*sin(2*PI*997*t):s=48000"


def _item(report: CheckReport, name: str) -> CheckItem:
    return next(item for item in report.items if item.name == name)


def _failed(report: CheckReport) -> set[str]:
    return {item.name for item in report.items if not item.passed}


def test_good_clip_passes(each_ffmpeg: FFmpeg, good_clip: Path) -> None:
    wanted = Expectation(
        frames=90, samples=144144, lufs=-23.0, dbtp=-20.0, speech=((0.0, 3.0),), captions=((0.0, 1.4), (1.45, 3.0))
    )
    report = check_file(each_ffmpeg, good_clip, wanted)
    assert _failed(report) == set()
    assert {item.name for item in report.items} == {
        *("readable", "video-codec", "pixel-format", "colour", "frame-rate", "frame-count", "black", "freeze"),
        *("audio-codec", "sample-count", "loudness", "true-peak", "silence", "duration", "av-offset"),
        *("caption-coverage", "faststart"),
    }
    assert _item(report, "frame-count").measured == "90"
    assert _item(report, "caption-coverage").measured == "98.3% of speech"


def test_good_clip_passes_the_general_limits(ffmpeg: FFmpeg, good_clip: Path) -> None:
    assert check_file(ffmpeg, good_clip).passed


def test_tone_is_measured_right(each_ffmpeg: FFmpeg, good_clip: Path) -> None:
    """997 Hz at −20 dB below full scale in one channel: −23.0 LUFS by BS.1770, the same on two channels at −3 dB."""
    report = check_file(each_ffmpeg, good_clip)
    assert float(_item(report, "loudness").measured.split()[0]) == pytest.approx(-23.0, abs=0.2)
    # AAC overshoots a little where the tone is cut off.
    assert -23.1 <= float(_item(report, "true-peak").measured.split()[0]) <= -21.0


@pytest.mark.parametrize(
    ("wanted", "failed"),
    [
        (Expectation(frames=91), {"frame-count"}),
        (Expectation(samples=144144 + 1025), {"sample-count"}),
        (Expectation(lufs=-16.0), {"loudness"}),
        (Expectation(dbtp=-24.0), {"true-peak"}),
        (Expectation(speech=((0.0, 3.0),), captions=((0.0, 2.8),)), {"caption-coverage"}),
        (Expectation(speech=((0.0, 3.0),)), {"caption-coverage"}),
        (Expectation(speech=((0.0, 3.0),), captions=((0.0, 2.9),)), set()),
    ],
)
def test_expectation_that_is_missed(ffmpeg: FFmpeg, good_clip: Path, wanted: Expectation, failed: set[str]) -> None:
    assert _failed(check_file(ffmpeg, good_clip, wanted)) == failed


def test_black_is_found(each_ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    clip = make_clip(video=f"{MOVING},drawbox=c=black:t=fill:enable='between(t,1,2)'", seconds=3.0)
    report = check_file(each_ffmpeg, clip)
    assert _failed(report) == {"black"}
    assert _item(report, "black").measured.endswith("at 1.00 s")


def test_short_black_passes(ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    clip = make_clip(video=f"{MOVING},drawbox=c=black:t=fill:enable='between(t,1,1.4)'", seconds=3.0)
    report = check_file(ffmpeg, clip)
    assert report.passed
    assert _item(report, "black").measured != "none"


@pytest.fixture(scope="module")
def frozen_clip(make_clip: MakeClip) -> Path:
    """Moves for a second, stands still for four over several key pictures, moves again."""
    video = f"{MOVING},noise=alls=6:allf=u,trim=end_frame=30,loop=loop=120:size=1:start=29,setpts=N/FRAME_RATE/TB"
    return make_clip(video=f"{video}[a];{MOVING},trim=end_frame=30[b];[a][b]concat", seconds=6.0)


def test_freeze_is_found(each_ffmpeg: FFmpeg, frozen_clip: Path) -> None:
    planned = Expectation(still=((0.0, 0.1),))  # the one still that was meant is over when the picture freezes
    report = check_file(each_ffmpeg, frozen_clip, planned)
    assert _failed(report) == {"freeze"}
    length, _, _, start, _ = _item(report, "freeze").measured.split()
    assert float(length) == pytest.approx(4.0, abs=0.1)
    assert float(start) == pytest.approx(1.0, abs=0.1)
    # Of a file that nobody says anything about, it may be a title card; the measure is told all the same.
    assert _item(check_file(each_ffmpeg, frozen_clip), "freeze").measured == _item(report, "freeze").measured


def test_still_that_is_meant_passes(ffmpeg: FFmpeg, frozen_clip: Path) -> None:
    assert check_file(ffmpeg, frozen_clip, Expectation(still=((0.95, 5.05),))).passed
    assert _failed(check_file(ffmpeg, frozen_clip, Expectation(still=((0.95, 2.5),)))) == {"freeze"}


def test_small_movement_is_no_freeze(ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    """A patch of a tenth of the width that sways, as a mouth does, on a still picture."""
    sway = "overlay=x='150+3*sin(7*t)':y=90"
    video = f"smptehdbars=s=320x180:r=30000/1001[a];testsrc2=s=32x18:r=30000/1001[b];[a][b]{sway}"
    assert check_file(ffmpeg, make_clip(video=video, seconds=4.0)).passed


def test_silence_is_found_in_speech_alone(each_ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    clip = make_clip(audio="aevalsrc='0.1*sin(2*PI*997*t)*(1-between(t,2,3.5))':s=48000", seconds=5.0)
    captions = ((0.0, 5.0),)
    spoken = check_file(each_ffmpeg, clip, Expectation(speech=((0.0, 5.0),), captions=captions))
    assert _failed(spoken) == {"silence"}
    length, _, _, start, _ = _item(spoken, "silence").measured.split()
    assert float(length) == pytest.approx(1.5, abs=0.1)
    assert float(start) == pytest.approx(2.0, abs=0.1)
    pausing = check_file(each_ffmpeg, clip, Expectation(speech=((0.0, 2.0), (3.5, 5.0)), captions=captions))
    assert pausing.passed
    assert check_file(each_ffmpeg, clip).passed


def test_long_silence_fails_without_expectation(ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    clip = make_clip(audio="aevalsrc='0.1*sin(2*PI*997*t)*lt(t,1)':s=48000", seconds=6.5)
    assert _failed(check_file(ffmpeg, clip)) == {"silence"}


def test_sound_that_begins_late_or_ends_early(ffmpeg: FFmpeg, make_clip: MakeClip) -> None:
    late = check_file(ffmpeg, make_clip(before_audio="-itsoffset 0.1", seconds=2.0))
    assert _failed(late) == {"av-offset"}
    early = check_file(ffmpeg, make_clip(audio=f"{TONE}:d=2", seconds=3.0))
    assert _failed(early) == {"duration"}


@pytest.mark.parametrize(
    ("extra", "failed"),
    [
        ("-movflags -faststart", {"faststart"}),
        ("-pix_fmt yuv444p -profile:v high444", {"pixel-format", "video-codec"}),
        ("-c:v mpeg4 -profile:v 0", {"video-codec"}),
        ("-r 12", {"frame-rate"}),
        ("-ar 44100", {"audio-codec"}),
        ("-vf setparams=color_primaries=bt470bg:range=tv -color_primaries bt470bg", {"colour"}),
        ("-an", {"audio-codec"}),
        ("-vn", {"video-codec"}),
        ("-filter:a volume=24dB", {"loudness", "true-peak"}),
    ],
)
def test_file_of_another_kind(ffmpeg: FFmpeg, make_clip: MakeClip, extra: str, failed: set[str]) -> None:
    assert _failed(check_file(ffmpeg, make_clip(seconds=1.0, extra=extra))) == failed


def test_damage_in_the_middle_is_found(each_ffmpeg: FFmpeg, good_clip: Path, tmp_path: Path) -> None:
    data = bytearray(good_clip.read_bytes())
    for at in range(len(data) // 3, len(data) * 2 // 3, 2000):
        data[at : at + 64] = bytes(range(64))
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    report = check_file(each_ffmpeg, damaged)
    assert "readable" in _failed(report)
    assert "errors, first: " in _item(report, "readable").measured


def test_cut_file_is_unreadable(each_ffmpeg: FFmpeg, good_clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(good_clip.read_bytes()[:-5000])
    (item,) = check_file(each_ffmpeg, cut).items
    assert (item.name, item.passed) == ("readable", False)
    assert "5000 bytes are missing" in item.measured


@pytest.mark.parametrize("kind", ["zip", "empty", "text"])
def test_what_is_no_media_is_unreadable(each_ffmpeg: FFmpeg, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.mp4"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("a", "hello" * 10)
    else:
        path.write_text("" if kind == "empty" else "Not a clip.\n" * 50)
    (item,) = check_file(each_ffmpeg, path).items
    assert (item.name, item.passed) == ("readable", False)
    assert "clip.mp4 is not a media file" in item.measured


def test_no_file(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no file"):
        check_file(ffmpeg, tmp_path / "none.mp4")


def test_cancel(ffmpeg: FFmpeg, good_clip: Path, nothing_left: Callable[[], list[str]]) -> None:
    with pytest.raises(JobCancelled):
        check_file(ffmpeg, good_clip, cancelled=lambda: True)
    assert nothing_left() == []
