"""A render's files are one set: of one run, all or none, the clip last; what a killed run has left is swept."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from anchor.core.artifact import file_digest
from anchor.core.errors import StorageError
from anchor.core.files import sweep_partials, write_whole
from anchor.intake.script import parse_script
from anchor.pipeline.deliver import manifest as manifests
from anchor.pipeline.run import Choices, render_script
from anchor.pipeline.services import Services
from tests.pipeline.toys import SHORT, settings_for

pytestmark = pytest.mark.media
TOYS = Choices(avatar="doll", voice="hum", rendition="web-720p")
OTHER = SHORT.replace("slug: short", "slug: other").replace("爸爸買饅頭，媽媽跑步。", "今天的天氣很好，大家早安。")


def check_set(out: Path) -> str:
    """Every file is the one that the manifest names; gives whose manifest it is."""
    told = json.loads(out.with_suffix(".json").read_text("utf-8"))
    for file in told["files"].values():
        assert file_digest(out.parent / file["name"]) == file["sha256"]
    return str(told["slug"])


def test_two_renders_to_one_place_leave_the_files_of_one(toy_shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "clip.mp4"
    faults: list[BaseException] = []

    def render(text: str) -> None:
        try:
            with Services(settings_for(tmp_path / "cache", toy_shelf, production=False)) as services:
                render_script(parse_script(text, None, tmp_path), TOYS, out, services)
        except BaseException as error:
            faults.append(error)

    for _ in range(2):  # at the second time all is in the store: both come to the end at once
        threads = [threading.Thread(target=render, args=(text,)) for text in (SHORT, OTHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert check_set(out) in ("short", "other")
        assert sorted(p.suffix for p in out.parent.iterdir()) == [".jpg", ".json", ".mp4", ".srt", ".vtt"]


def test_the_clip_takes_its_name_last(toy_shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "clip.mp4"
    named: list[str] = []
    replace = Path.replace

    def told(path: Path, target: Path) -> Path:
        if Path(target).parent == tmp_path and not Path(target).name.startswith("."):
            named.append(Path(target).suffix)
        return replace(path, target)

    with Services(settings_for(tmp_path / "cache", toy_shelf, production=False)) as services:
        monkeypatch.setattr(Path, "replace", told)
        render_script(parse_script(SHORT, None, tmp_path), TOYS, out, services)
        assert named[-1] == ".mp4" and len(named) == 5

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        before = {p: p.read_bytes() for p in tmp_path.glob("clip.*")}
        monkeypatch.setattr(manifests, "write_document", full)
        with pytest.raises(StorageError):
            render_script(parse_script(OTHER, None, tmp_path), TOYS, out, services)
    assert {p: p.read_bytes() for p in tmp_path.glob("clip.*")} == before
    assert not list(tmp_path.glob(".clip*"))


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    program = f"""
import os, sys
from pathlib import Path
from anchor.core.files import write_whole
with write_whole(Path({str(out)!r})) as partial:
    partial.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""
    subprocess.run((sys.executable, "-c", program), check=False)
    (left,) = tmp_path.glob(".clip.partial-*")
    elsewhere = left.with_name(left.name.replace(left.name.split("-")[1], "0" * 6))
    elsewhere.write_bytes(b"another machine's")
    strange = tmp_path / ".clip.partial-notes.mp4"
    strange.write_bytes(b"somebody's")
    with write_whole(out) as mine:
        mine.write_bytes(b"whole")
        sweep_partials(out)
        assert mine.exists() and not left.exists() and elsewhere.exists() and strange.exists()
    assert out.read_bytes() == b"whole"
