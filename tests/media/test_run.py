"""ffmpeg runs in its own group, reports, stops when told, and is never left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.core.errors import JobCancelled, MediaError, MediaKilled, StorageError
from anchor.media.process import Process, disk_full
from anchor.media.run import Progress, parse_progress, quiet_args, run_ffmpeg
from anchor.media.tool import FFmpeg

pytestmark = pytest.mark.media

FOREVER = ("-re", "-f", "lavfi", "-i", "testsrc2=s=64x36", "-f", "null", "-")


def test_quiet_args() -> None:
    assert quiet_args(["ffmpeg", "-i", "a"]) == ("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-i", "a")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, Progress(0, 0.0)),
        ({"frame": "30", "out_time_us": "1001000"}, Progress(30, 1.001)),
        ({"frame": "0", "out_time_us": "N/A"}, Progress(0, 0.0)),
        ({"out_time_us": "-21333"}, Progress(0, 0.0)),
    ],
)
def test_parse_progress(seen: dict[str, str], expected: Progress) -> None:
    assert parse_progress(seen) == expected


def test_progress_ends_with_the_last_frame(each_ffmpeg: FFmpeg, tmp_path: Path) -> None:
    said: list[Progress] = []
    out = tmp_path / "a.mp4"
    run_ffmpeg([each_ffmpeg.path, "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=2", str(out)], progress=said.append)
    assert said[-1].frames == 50
    assert said[-1].seconds == pytest.approx(2.0, abs=0.2)
    assert out.stat().st_size > 0


def test_failure_carries_argv_and_last_words(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="No such file") as caught:
        run_ffmpeg([ffmpeg.path, "-i", str(tmp_path / "none.mp4"), "-f", "null", "-"])
    assert caught.value.argv[0] == ffmpeg.path
    assert 0 < len(caught.value.stderr) <= 20


def test_program_that_is_not_there() -> None:
    with pytest.raises(MediaError, match="cannot start"):
        run_ffmpeg(["/nowhere/ffmpeg"])


def test_full_disk_is_a_storage_error(each_ffmpeg: FFmpeg) -> None:
    with pytest.raises(StorageError) as caught:
        run_ffmpeg([each_ffmpeg.path, "-y", "-f", "lavfi", "-i", "testsrc2=d=1", "-f", "rawvideo", "file:/dev/full"])
    assert caught.value.retryable


def test_disk_full_words() -> None:
    assert disk_full(["x", "av_interleaved_write_frame(): No space left on device"])
    assert not disk_full(["Conversion failed!"])


@pytest.mark.parametrize("with_progress", [False, True])
def test_cancel_kills_the_group(ffmpeg: FFmpeg, nothing_left: Callable[[], list[str]], with_progress: bool) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(JobCancelled):
        run_ffmpeg([ffmpeg.path, *FOREVER], cancelled=cancelled, progress=print if with_progress else None)
    assert nothing_left() == []


def test_interrupt_in_the_middle_leaves_nothing(ffmpeg: FFmpeg, nothing_left: Callable[[], list[str]]) -> None:
    def interrupt(_: Progress) -> None:
        assert nothing_left() != []
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_ffmpeg([ffmpeg.path, *FOREVER], progress=interrupt)
    assert nothing_left() == []


def test_process_leads_a_group_of_its_own(ffmpeg: FFmpeg, nothing_left: Callable[[], list[str]]) -> None:
    with Process([ffmpeg.path, *FOREVER]) as process:
        assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
        assert nothing_left() != []
    assert nothing_left() == []


def test_flood_on_stderr_does_not_stop_it(ffmpeg: FFmpeg) -> None:
    args = [ffmpeg.path, "-loglevel", "trace", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=8,showinfo", "-f", "null", "-"]
    lines = run_ffmpeg(args)
    assert sum(len(line) for line in lines) > 1 << 16


@pytest.mark.parametrize(
    ("number", "hint"),
    [(signal.SIGKILL, "memory"), (signal.SIGBUS, "memory"), (signal.SIGTERM, "stopped"), (signal.SIGINT, "stopped")],
)
def test_ended_from_outside_may_pass(each_ffmpeg: FFmpeg, number: signal.Signals, hint: str) -> None:
    with Process([each_ffmpeg.path, *FOREVER]) as process, pytest.raises(MediaKilled, match=number.name) as caught:
        _end(process, number)
        process.wait()
    assert caught.value.retryable and hint in caught.value.hint


def test_a_killed_reader_is_not_taken_for_a_bad_file(ffmpeg: FFmpeg) -> None:
    with Process([ffmpeg.path, *FOREVER]) as process, pytest.raises(MediaKilled):
        _end(process, signal.SIGKILL)
        process.words()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_fault_of_its_own_comes_again(ffmpeg: FFmpeg, number: signal.Signals) -> None:
    with Process([ffmpeg.path, *FOREVER]) as process, pytest.raises(MediaError, match=f"signal {number:d}") as caught:
        _end(process, number)
        process.wait()
    assert not caught.value.retryable


def _end(process: Process, number: signal.Signals) -> None:
    """Once it is ffmpeg, no longer what starts it, and hears signals."""
    while not any(line.startswith("Output #0") for line in tuple(process._lines)):
        time.sleep(0.05)
    os.kill(process.pid, number)
