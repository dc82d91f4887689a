"""`--narration` as people use it: recordings of another voice in several formats, and everything that is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from anchor.core.errors import MediaError, ScriptError
from anchor.media.tool import find_ffmpeg
from tests.workers.reference import own_cache

ANCHOR = (sys.executable, "-m", "anchor.cli.app")
FIRST = "各位觀眾好，今天是民國115年11月23日。"
SECOND = "台北今天舉行人工智慧論壇，吸引三千五百人參加。高雄市政府也宣布新的垃圾回收計畫。"
SCRIPT = f"# 論壇\n\n{FIRST}\n\n{SECOND}\n"
pytestmark = pytest.mark.media


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "ANCHOR_CACHE": str(folder / "cache")}
    return subprocess.run((*ANCHOR, *arguments), capture_output=True, text=True, env=env, cwd=folder, check=False)


def _ffmpeg(folder: Path, *arguments: str) -> None:
    program = find_ffmpeg().path
    subprocess.run((program, "-v", "error", "-y", *arguments), cwd=folder, check=True)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, plates: Path) -> Path:
    """A folder with a script, the man's reading of it and that in other formats."""
    folder = tmp_path_factory.mktemp("studio")
    own_cache(folder / "cache", plates)
    (folder / "script.md").write_text(SCRIPT, encoding="utf-8")
    (folder / "second.md").write_text(SECOND, encoding="utf-8")
    english = "Good evening, ladies and gentlemen, and welcome to the news. The weather will be fine tomorrow."
    (folder / "english.md").write_text(english, encoding="utf-8")
    for name in ("script", "second", "english"):
        assert _run(folder, "speak", f"{name}.md", "--voice", "hao-espeak", "-o", f"{name}.wav").returncode == 0
    _ffmpeg(folder, "-i", "script.wav", "-ar", "44100", "-ac", "2", "stereo.wav")
    _ffmpeg(folder, "-i", "script.wav", "-ar", "44100", "-b:a", "96k", "a.mp3")
    _ffmpeg(folder, "-i", "script.wav", "-c:a", "aac", "a.m4a")
    _ffmpeg(folder, "-f", "lavfi", "-i", "color=s=64x64:r=5", "-i", "script.wav", "-shortest", "film.mp4")
    _ffmpeg(folder, "-i", "script.wav", "-t", "0.6", "short.wav")
    _ffmpeg(folder, "-f", "lavfi", "-i", "anullsrc=r=16000", "-t", "10", "silent.wav")
    _ffmpeg(folder, "-f", "lavfi", "-i", "anullsrc=r=8000", "-t", "10800", "-c:a", "pcm_u8", "hours.wav")
    _ffmpeg(folder, "-f", "lavfi", "-i", "color=s=64x64:r=5:d=2", "mute.mp4")
    (folder / "corrupt.wav").write_bytes(bytes(range(256)) * 50)
    return folder


def test_a_recording_reads_the_whole_script(studio: Path) -> None:
    done = _run(studio, "render", "script.md", "--narration", "a.mp3", "--rendition", "web-720p", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["check"]["passed"] is True
    manifest = json.loads((studio / "script.json").read_text(encoding="utf-8"))
    assert [s["speech"] for s in manifest["segments"]] == ["narration", "narration"]
    again = _run(studio, "render", "script.md", "--narration", "a.mp3", "--rendition", "web-720p", "--json")
    assert json.loads(again.stdout)["stages"]["speak"]["cached"] is True


def test_formats_give_the_same_captions(studio: Path) -> None:
    """Lossy coders and resampling move no word by more than 40 ms."""
    starts = {}
    for name in ("script.wav", "stereo.wav", "a.m4a", "film.mp4"):
        done = _run(studio, "plan", "script.md", "--narration", name)
        assert done.returncode == 0, done.stdout + done.stderr
        starts[name] = [c["span"]["start"] for c in json.loads(done.stdout)["value"]["captions"]]
    exact = starts.pop("script.wav")
    for name, found in starts.items():
        assert len(found) == len(exact), name
        assert max(abs(a - b) for a, b in zip(exact, found, strict=True)) < 0.04 * 48000, name


def test_one_segment_by_a_recording(studio: Path) -> None:
    done = _run(studio, "plan", "script.md", "--narration", "s1.2=second.wav")
    assert done.returncode == 0, done.stdout + done.stderr
    voiced = json.loads(_run(studio, "plan", "script.md").stdout)["value"]["audio"]
    mixed = json.loads(done.stdout)["value"]["audio"]
    assert mixed[0] == voiced[0] and mixed[1]["audio"] != voiced[1]["audio"]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ("nowhere.wav", MediaError, "nowhere.wav"),
        ("corrupt.wav", MediaError, "not a media file"),
        ("short.wav", MediaError, "0.60 s"),
        ("silent.wav", MediaError, "silent"),
        ("hours.wav", MediaError, "180 minutes"),
        ("mute.mp4", MediaError, "no sound"),
        ("second.wav", ScriptError, "does not say 「各位觀眾好"),
        ("english.wav", ScriptError, "does not say"),
        ("s9.9=second.wav", ScriptError, "s1.1, s1.2"),
    ],
)
def test_what_cannot_be_used(studio: Path, given: str, status: type[MediaError | ScriptError], says: str) -> None:
    done = _run(studio, "render", "script.md", "--narration", given, "-o", "bad.mp4", "--json")
    assert done.returncode == status.exit_status, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert says in f"{error['message']} {error['hint']}" and error["hint"]
    assert not (studio / "bad.mp4").exists()


def test_added_speech_is_a_notice(studio: Path) -> None:
    _ffmpeg(studio, "-i", "second.wav", "-t", "2", "before.wav")
    _ffmpeg(studio, "-i", "before.wav", "-i", "script.wav", "-filter_complex", "concat=n=2:v=0:a=1", "added.wav")
    done = _run(studio, "render", "script.md", "--narration", "added.wav", "--rendition", "web-720p", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    notices = [n for n in json.loads(done.stdout)["notices"] if n["code"] == "unwritten-speech"]
    assert notices and "0:00." in notices[0]["text"]
