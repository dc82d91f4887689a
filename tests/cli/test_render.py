"""`anchor render` as people run it: a process of its own, on the house anchors, with everything that goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from anchor.core.errors import EngineUnavailable, MediaError, PackError, ScriptError, StorageError
from anchor.pipeline.graph import STAGES
from tests.workers.reference import own_cache

ROOT = Path(__file__).resolve().parents[2]
ANCHOR = (sys.executable, "-m", "anchor.cli.app")
SCRIPT = "# 測試\n\n各位觀眾好，今天是民國115年11月23日。\n"
pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, plates: Path) -> Path:
    return own_cache(tmp_path_factory.mktemp("render") / "cache", plates)


def _run(
    *arguments: str, cache: Path, cwd: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "ANCHOR_CACHE": str(cache), **(environment or {})}
    return subprocess.run((*ANCHOR, *arguments), capture_output=True, text=True, env=env, cwd=cwd, check=False)


def _script(folder: Path, text: str = SCRIPT) -> Path:
    path = folder / "script.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_json_is_one_object_with_what_tools_rely_on(tmp_path: Path, cache: Path) -> None:
    done = _run("render", str(_script(tmp_path)), "--rendition", "web-720p", "--json", cache=cache, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {f["kind"] for f in document["files"]} >= {"video", "captions-srt", "captions-vtt", "poster", "manifest"}
    assert all((tmp_path / f["path"]).is_file() for f in document["files"])
    assert set(document["stages"]) == set(STAGES)
    assert all(set(s) == {"seconds", "cached"} for s in document["stages"].values())
    assert document["check"]["passed"] is True
    assert all(set(i) == {"name", "measured", "allowed", "passed", "texts"} for i in document["check"]["items"])
    assert document["duration_s"] == pytest.approx(document["frames"] * 1001 / 30000)
    again = json.loads(_run("check", "script.mp4", "--json", cache=cache, cwd=tmp_path).stdout)
    # The label's picture is known while the clip is made; the other items are measured on any file.
    assert document["check"]["items"].pop()["name"] == "ai-label"
    assert again == document["check"]
    (tmp_path / "script.json").unlink()
    alone = json.loads(_run("check", "script.mp4", "--json", cache=cache, cwd=tmp_path).stdout)
    assert alone["passed"] is True


def test_people_see_files_and_one_line_of_quality(tmp_path: Path, cache: Path) -> None:
    done = _run("render", str(_script(tmp_path)), "-o", "a.mp4", "--rendition", "web-720p", cache=cache, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a.mp4" in done.stdout and "a.srt" in done.stdout
    assert "quality: passed" in done.stdout
    silent = _run("render", "script.md", "--rendition", "web-720p", "--quiet", cache=cache, cwd=tmp_path)
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [1.5, 6.0])
def test_a_signal_stops_everything_and_leaves_nothing(
    tmp_path: Path, cache: Path, number: signal.Signals, moment: float
) -> None:
    long = "# 長稿\n\n" + "\n\n".join(f"這是第{n}段，今天的天氣很好，請大家出門帶傘。" * 3 for n in range(1, 15))
    _script(tmp_path, long)
    out = tmp_path / "out"
    out.mkdir()
    process = subprocess.Popen(
        (*ANCHOR, "render", "script.md", "-o", "out/a.mp4", "--rendition", "web-720p"),
        cwd=tmp_path,
        env={**os.environ, "ANCHOR_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(moment)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 128 + number
    _, alive = psutil.wait_procs(children, timeout=3)
    assert not alive
    assert list(out.iterdir()) == []
    assert not list((cache / "work").glob("*"))
    assert not [p for p in cache.rglob(".*") if p.is_file()]


def test_disk_full_is_said_and_nothing_half_written_stays(tmp_path: Path, cache: Path) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a tiny disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)), capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tiny disk here: {mounted.stderr.strip()}")
    try:
        _script(tmp_path)
        done = _run(
            "render",
            "script.md",
            "-o",
            str(disk / "a.mp4"),
            "--rendition",
            "web-720p",
            "--json",
            cache=cache,
            cwd=tmp_path,
        )
        assert done.returncode == StorageError.exit_status
        error = json.loads(done.stdout)["error"]
        assert error["code"] == "storage" and error["hint"]
        assert list(disk.iterdir()) == []
        full = _run(
            "render",
            "script.md",
            "-o",
            "a.mp4",
            "--rendition",
            "web-720p",
            "--json",
            cache=disk / "cache",
            cwd=tmp_path,
        )
        assert full.returncode == StorageError.exit_status
        assert "anchor cache clear" in json.loads(full.stdout)["error"]["hint"] or "space" in full.stdout
        assert not (tmp_path / "a.mp4").exists()
    finally:
        subprocess.run(("umount", str(disk)), check=True)


def test_ffmpeg_missing(tmp_path: Path, cache: Path) -> None:
    _script(tmp_path)
    given = {"ANCHOR_FFMPEG": "/nowhere/ffmpeg"}
    done = _run("render", "script.md", "--json", cache=cache, cwd=tmp_path, environment=given)
    assert done.returncode == MediaError.exit_status
    error = json.loads(done.stdout)["error"]
    assert "/nowhere/ffmpeg" in error["message"] and "apt install ffmpeg" in error["hint"]


def test_fonts_missing(tmp_path: Path, cache: Path) -> None:
    """In a mount namespace of its own, with an empty folder over the system's fonts."""
    if os.geteuid() != 0:
        pytest.skip("hiding the system's fonts needs root")
    _script(tmp_path)
    hide = 'mount -t tmpfs tmpfs /usr/share/fonts && exec "$@"'
    argv = ("unshare", "-m", "sh", "-c", hide, "sh", *ANCHOR, "render", "script.md", "--json")
    env = {**os.environ, "ANCHOR_CACHE": str(cache), "HOME": str(tmp_path)}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode == EngineUnavailable.exit_status, done.stdout + done.stderr
    assert "fonts-noto-cjk" in json.loads(done.stdout)["error"]["hint"]
    assert not (tmp_path / "script.mp4").exists()


def _bad_pictures(folder: Path) -> dict[str, bytes]:
    return {"missing.jpg": b"", "corrupt.jpg": b"\xff\xd8\xff\xe0" + bytes(200), "zip.jpg": b"PK\x03\x04" + bytes(200)}


@pytest.mark.parametrize("name", ["missing.jpg", "corrupt.jpg", "zip.jpg"])
def test_bad_pictures_are_named_with_their_place(tmp_path: Path, cache: Path, name: str) -> None:
    content = _bad_pictures(tmp_path)[name]
    if content:
        (tmp_path / name).write_bytes(content)
    _script(tmp_path, f"# 圖\n\n大家好。\n\n[圖: {name}｜說明]第二段。\n")
    done = _run("render", "script.md", "--json", cache=cache, cwd=tmp_path)
    assert done.returncode == ScriptError.exit_status
    error = json.loads(done.stdout)["error"]
    assert error["place"]["line"] == 5 and error["place"]["column"] == 1
    assert name in error["message"] and error["hint"]


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", ScriptError, "nothing"),
        ("# 只有標題\n", ScriptError, ""),
        ("字" * 30_001, ScriptError, "30,000"),
        ("🙂🙂🙂", ScriptError, ""),
        ("---\nlook: nope\n---\n大家好。", PackError, "nope"),
        ("---\navatar: nope\n---\n大家好。", PackError, "nope"),
        ("大家好。[怪標: 甲]", ScriptError, "怪標"),
    ],
)
def test_bad_scripts(tmp_path: Path, cache: Path, text: str, status: type[ScriptError | PackError], says: str) -> None:
    _script(tmp_path, text)
    done = _run("render", "script.md", "--json", cache=cache, cwd=tmp_path)
    assert done.returncode == status.exit_status, done.stdout
    error = json.loads(done.stdout)["error"]
    assert says in error["message"] and error["hint"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["script.md"]


def test_a_script_without_chinese_is_read_with_a_notice(tmp_path: Path, cache: Path) -> None:
    _script(tmp_path, "Good evening, this is a test.")
    done = _run("render", "script.md", "--rendition", "web-720p", "--json", cache=cache, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "no-chinese" in {n["code"] for n in json.loads(done.stdout)["notices"]}


def test_preview_and_plan(tmp_path: Path, cache: Path) -> None:
    _script(tmp_path)
    done = _run("preview", "script.md", "--at", "5", "-o", "f.png", cache=cache, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    plan = json.loads(_run("plan", "script.md", cache=cache, cwd=tmp_path).stdout)
    assert plan["schema"] == "RenderPlan.2" and plan["value"]["frames"] > 100
