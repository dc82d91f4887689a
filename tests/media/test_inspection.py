"""A joined file measured part by part says what a decode of the whole says, wherever the seams are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from anchor.core.errors import MediaError
from anchor.core.plan import Rendition
from anchor.core.quality import CheckItem, CheckReport, Expectation
from anchor.core.time import AUDIO, VIDEO
from anchor.media import check
from anchor.media.check import check_file, check_joined
from anchor.media.encode import FrameEncoder, encode_sound, join_file
from anchor.media.inspection import Seen, holds, look_at, parse_packets, read_packets
from anchor.media.tool import FFmpeg

pytestmark = pytest.mark.media
FRAMES = 180
CUTS = (0, 60, 120, FRAMES)
WriteWav = Callable[[Path, np.ndarray], Path]

MOVING, BLACK = -1, -2


def _pictures(stills: dict[tuple[int, int], int]) -> list[np.ndarray]:
    """Frames that move, but for spans that are black or show one picture, named by a number."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(90, 170, (4, 6)).astype(np.uint8)
    texture = cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC)
    grey = np.full(320 * 180 // 2, 128, np.uint8)
    made = []
    for frame in range(FRAMES):
        shown = next((name for (a, b), name in stills.items() if a <= frame < b), MOVING)
        luma = np.full_like(texture, 16) if shown == BLACK else np.roll(texture, shown if shown >= 0 else 3 * frame, 1)
        made.append(np.concatenate([luma.reshape(-1), grey]))
    return made


@pytest.fixture
def made(
    ffmpeg: FFmpeg, rendition: Rendition, write_wav: WriteWav, tmp_path: Path
) -> Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]]:
    # Nearly lossless, so that the key picture at a seam shows a still just as the picture before it.
    rendition = replace(rendition, crf=1)

    def make(stills: dict[tuple[int, int], int]) -> tuple[Path, list[Seen]]:
        pictures, chunks = _pictures(stills), []
        for start, end in pairwise(CUTS):
            path = tmp_path / f"chunk-{start}.mp4"
            with FrameEncoder(ffmpeg, rendition, None, path) as encoder:
                for picture in pictures[start:end]:
                    encoder.write(picture)
            chunks.append((path, end - start))
        samples = AUDIO.ticks_at(FRAMES, VIDEO)
        wav = write_wav(tmp_path / "tone.wav", 0.2 * np.sin(np.arange(samples) * 0.13))
        encode_sound(ffmpeg, rendition, wav, tmp_path / "sound.mp4")
        out = tmp_path / "clip.mp4"
        join_file(ffmpeg, rendition, chunks, tmp_path / "sound.mp4", out, title="測試", language="zho")
        return out, [look_at(ffmpeg, path, VIDEO.rate) for path, _ in chunks]

    return make


def _item(report: CheckReport, name: str) -> CheckItem:
    return next(item for item in report.items if item.name == name)


def _seconds(frames: int) -> float:
    return float(frames / VIDEO.rate)


@pytest.mark.parametrize(
    ("stills", "name", "frames"),
    [
        ({}, "freeze", 0),
        ({(40, 81): 7}, "freeze", 41),
        ({(55, 85): 7}, "freeze", 30),
        ({(35, 65): 7}, "freeze", 30),
        ({(50, 70): 7}, "freeze", 20),
        ({(0, 20): 7}, "freeze", 20),
        ({(50, 130): 7}, "freeze", 80),
        ({(20, FRAMES): 7}, "freeze", 160),
        ({(55, 125): 7}, "freeze", 70),
        ({(50, 60): 7, (60, 70): 90}, "freeze", 0),
        ({(50, 60): 7, (60, 118): 90}, "freeze", 58),
        ({(30, 60): 7, (60, 90): 90}, "freeze", 60),
        ({(58, 63): BLACK}, "black", 5),
        ({(60, 64): BLACK}, "black", 4),
        ({(55, 60): BLACK}, "black", 5),
        ({(59, 60): BLACK}, "black", 0),
        ({(50, 130): BLACK}, "black", 80),
        ({(0, 60): BLACK}, "black", 60),
        ({(170, FRAMES): BLACK}, "black", 9),
    ],
)
def test_report_of_the_parts_is_that_of_the_whole(
    ffmpeg: FFmpeg,
    made: Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]],
    monkeypatch: pytest.MonkeyPatch,
    stills: dict[tuple[int, int], int],
    name: str,
    frames: int,
) -> None:
    clip, parts = made(stills)
    wanted = Expectation(frames=FRAMES, samples=AUDIO.ticks_at(FRAMES, VIDEO), still=((99.0, 99.1),))
    whole = check_file(ffmpeg, clip, wanted)
    decoded: list[bool] = []
    told = check._decoded

    def watched(*args: object) -> object:
        decoded.append(args[2].video is not None)  # type: ignore[attr-defined]
        return told(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(check, "_decoded", watched)
    assert check_joined(ffmpeg, clip, parts, wanted) == whole
    assert decoded == [False], "the pictures were not decoded again"
    measured = _item(whole, name).measured
    assert measured == "none" if not frames else float(measured.split()[0]) == pytest.approx(_seconds(frames), abs=0.04)


def test_parts_that_are_not_in_the_file_count_for_nothing(
    ffmpeg: FFmpeg, made: Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]]
) -> None:
    clip, parts = made({(50, 130): BLACK})
    packets = read_packets(ffmpeg, clip)
    assert holds(packets, parts)
    clean = [replace(part, black=(), frozen=()) for part in parts]
    assert holds(packets, clean) and _item(check_joined(ffmpeg, clip, clean), "black").passed
    true = check_file(ffmpeg, clip)
    assert not _item(true, "black").passed
    swapped = [clean[1], clean[0], clean[2]]
    other = [replace(clean[0], packets="0" * 64), *clean[1:]]
    header = [*clean[:2], replace(clean[2], header="another")]
    for wrong in (swapped, other, header, clean[:2], [*clean, clean[0]], []):
        assert not holds(packets, wrong)
        assert check_joined(ffmpeg, clip, wrong) == true, "measured as a whole"


def test_damage_after_the_join_is_found(
    ffmpeg: FFmpeg, made: Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]]
) -> None:
    clip, parts = made({})
    assert check_joined(ffmpeg, clip, parts).passed
    data = bytearray(clip.read_bytes())
    for at in range(len(data) // 3, len(data) * 2 // 3, 2000):
        data[at : at + 64] = bytes(range(64))
    clip.write_bytes(data)
    report = check_joined(ffmpeg, clip, parts)
    assert report == check_file(ffmpeg, clip)
    assert not _item(report, "readable").passed


def test_damaged_parts_tell_of_it(
    ffmpeg: FFmpeg, made: Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]], tmp_path: Path
) -> None:
    made({})
    path = tmp_path / "chunk-60.mp4"
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data) * 2 // 3, 2000):
        data[at : at + 64] = bytes(range(64))
    path.write_bytes(data)
    assert look_at(ffmpeg, path, VIDEO.rate).faults


def test_sound_encoded_alone_is_the_sound_encoded_beside_the_picture(
    each_ffmpeg: FFmpeg,
    rendition: Rendition,
    made: Callable[[dict[tuple[int, int], int]], tuple[Path, list[Seen]]],
    tmp_path: Path,
) -> None:
    made({})
    pictures, chunks = _pictures({}), [(tmp_path / f"chunk-{a}.mp4", b - a) for a, b in pairwise(CUTS)]
    with FrameEncoder(each_ffmpeg, rendition, tmp_path / "tone.wav", tmp_path / "single.mp4") as encoder:
        for picture in pictures:
            encoder.write(picture)
    encode_sound(each_ffmpeg, rendition, tmp_path / "tone.wav", tmp_path / "sound.mp4")
    join_file(each_ffmpeg, rendition, chunks, tmp_path / "sound.mp4", tmp_path / "joined.mp4")
    from anchor.media.probe import probe_media

    single, joined = (probe_media(each_ffmpeg, tmp_path / f"{name}.mp4").audio for name in ("single", "joined"))
    assert single == joined
    assert single is not None and single.duration * 48000 == AUDIO.ticks_at(FRAMES, VIDEO)
    heard = [_samples(each_ffmpeg, tmp_path / f"{name}.mp4") for name in ("single", "joined")]
    assert heard[0].shape == heard[1].shape and (heard[0] == heard[1]).all()
    assert (heard[0][0::2] == heard[0][1::2]).all(), "both channels are the same"
    tone = 0.2 * np.sin(np.arange(AUDIO.ticks_at(FRAMES, VIDEO)) * 0.13) / np.sqrt(2)
    inner = slice(4800, len(tone) - 4800)
    error = heard[0][0::2][: len(tone)][inner] - tone[inner]
    assert 10 * np.log10(np.mean(tone[inner] ** 2) / np.mean(error**2)) > 40, "in place, and hardly any noise"


def _samples(ffmpeg: FFmpeg, clip: Path) -> np.ndarray:
    import subprocess

    argv: Sequence[str] = (ffmpeg.path, "-v", "error", "-i", str(clip), "-vn", "-f", "f32le", "-")
    return np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.float32)


def test_a_list_of_something_else_is_refused() -> None:
    with pytest.raises(MediaError, match="no list of packets"):
        parse_packets("0, 1, 2\n")
