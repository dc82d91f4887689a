"""Where a command may write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.cli.paths import check_output
from anchor.core.errors import StorageError


def test_a_new_file_and_an_old_one_pass(tmp_path: Path) -> None:
    new = tmp_path / "a.mp4"
    assert check_output(new, (".mp4",)) == new
    new.touch()
    assert check_output(new, (".mp4",)) == new


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.mov", "end in .mp4"), ("a", "end in .mp4"), ("none/a.mp4", "no folder"), ("dir.mp4", "directory")],
)
def test_refused_before_the_work(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "dir.mp4").mkdir()
    with pytest.raises(StorageError, match=message) as caught:
        check_output(tmp_path / name, (".mp4",))
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="not writable"):
        check_output(tmp_path / "closed" / "a.mp4", (".mp4",))


def test_neither_script_nor_picture_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save("clip.jpg")
    Path("clip.md").write_text("[圖: clip.jpg]你好。", encoding="utf-8")
    made = CliRunner().invoke(app, ["render", "clip.md", "-o", "clip.mp4"])
    assert made.exit_code == StorageError.exit_status
    assert "overwrite" in made.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.jpg", "clip.md"]
    made = CliRunner().invoke(app, ["speak", "clip.md", "-o", "clip.md"])
    assert made.exit_code == StorageError.exit_status
    made = CliRunner().invoke(app, ["preview", "clip.md", "--at", "0", "-o", "clip.jpg"])
    assert made.exit_code == StorageError.exit_status
