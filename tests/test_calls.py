"""`import anchor; anchor.render(…)`, as a program of somebody else's calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import anchor
from anchor.core.errors import ScriptError, StorageError
from anchor.core.events import Event, Notice, StageFinished
from anchor.settings import settings_from
from tests.pipeline.conftest import toy_shelf

__all__ = ["toy_shelf"]

PROGRAM = """
import anchor
made = anchor.render("script.md", "out.mp4", rendition="web-720p")
assert made.check.passed, made.check
print(round(made.duration_s, 2), *[f.path.name for f in made.files])
"""


def test_the_package_offers_it_by_name() -> None:
    from anchor.calls import render

    assert anchor.render is render and {"render", "__version__"} <= set(dir(anchor))
    with pytest.raises(AttributeError, match="no attribute 'renders'"):
        _ = anchor.renders  # type: ignore[attr-defined]


@pytest.mark.media
def test_two_lines_make_a_clip(tmp_path: Path) -> None:
    (tmp_path / "script.md").write_text("大家好。\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == ["out.mp4", "out.srt", "out.vtt", "out.jpg", "out.json"]
    assert (done.stderr, len(list(tmp_path.glob("out.*")))) == ("", 5)


def test_what_is_wrong_is_said_before_anything_is_made(tmp_path: Path) -> None:
    script = tmp_path / "script.md"
    script.write_text("你好。", encoding="utf-8")
    with pytest.raises(ScriptError, match="no such file"):
        anchor.render(tmp_path / "none.md", tmp_path / "out.mp4")
    with pytest.raises(StorageError, match=r"does not end in \.mp4"):
        anchor.render(script, script)
    with pytest.raises(StorageError, match="no folder"):
        anchor.render(script, tmp_path / "none" / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["script.md"]


@pytest.mark.media
def test_settings_and_events_are_the_callers(tmp_path: Path, toy_shelf: Path) -> None:
    (tmp_path / "a.md").write_text("[字幕: 甲]大家好。", encoding="utf-8")
    heard: list[Event] = []
    settings = settings_from(
        {
            "ANCHOR_CACHE": str(tmp_path / "c"),
            "ANCHOR_SHELVES": str(toy_shelf),
            "HOME": str(tmp_path),
            "ANCHOR_TEST_ENGINES": "1",
        }
    )
    made = anchor.render(
        str(tmp_path / "a.md"),
        str(tmp_path / "a.mp4"),
        avatar="doll",
        voice="hum",
        rendition="web-720p",
        emit=heard.append,
        settings=settings,
    )
    assert [voice for voice, _ in made.voices] == ["hum"] and (tmp_path / "c").is_dir()
    assert {e.stage for e in heard if isinstance(e, StageFinished)} >= {"prepare", "render", "check"}
    assert [e.code for e in heard if isinstance(e, Notice)] == ["former-mark"] == [n.code for n in made.notices]
