"""Errors as a person and as a program see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from anchor.cli.app import app
from anchor.cli.faults import error_document, excerpt
from anchor.cli.guard import guarded
from anchor.core.errors import (
    AnchorError,
    EngineUnavailable,
    JobCancelled,
    MediaError,
    Place,
    QualityError,
    ScriptError,
    StorageError,
)
from anchor.core.time import Span

runner = CliRunner()


def command(error: BaseException, *, as_json: bool) -> typer.Typer:
    """A program whose one command fails."""
    failing = typer.Typer(pretty_exceptions_enable=False)

    @failing.command()
    def run() -> None:
        with guarded(as_json=as_json):
            raise error

    return failing


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ScriptError("a"), 2),
        (EngineUnavailable("a"), 4),
        (MediaError("a", stderr=("x264 died",)), 5),
        (StorageError("a"), 6),
        (QualityError("a"), 7),
    ],
)
def test_exit_status_is_the_class_s_own(error: AnchorError, status: int) -> None:
    assert runner.invoke(command(error, as_json=False)).exit_code == status
    made = runner.invoke(command(error, as_json=True))
    assert made.exit_code == status
    assert json.loads(made.stdout)["error"] == error_document(error)


def test_media_errors_show_what_ffmpeg_said() -> None:
    made = runner.invoke(command(MediaError("ffmpeg failed", stderr=("x264 [error]: died",)), as_json=False))
    assert "x264 [error]: died" in made.stderr
    assert made.stdout == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), JobCancelled("stopped")])
def test_a_stop_ends_with_130(error: BaseException) -> None:
    assert runner.invoke(command(error, as_json=False)).exit_code == 130
    made = runner.invoke(command(error, as_json=True))
    assert made.exit_code == 130
    assert json.loads(made.stdout)["error"]["code"] == "cancelled"


def test_a_fault_of_ours_says_so_and_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = runner.invoke(command(ZeroDivisionError("by [zero]"), as_json=False))
    assert made.exit_code == 70
    assert "ZeroDivisionError: by [zero]" in made.stderr
    (kept,) = tmp_path.glob("anchor-fault-*.txt")
    assert str(kept) in made.stderr
    assert "Traceback" in kept.read_text(encoding="utf-8")
    made = runner.invoke(command(ZeroDivisionError("x"), as_json=True))
    assert made.exit_code == 70
    assert json.loads(made.stdout)["error"]["code"] == "internal"


def test_the_caret_stands_under_the_character(tmp_path: Path) -> None:
    from rich.cells import cell_len

    script = tmp_path / "a.md"
    line = "各位觀眾 news，[標提: 新]甲"
    script.write_text(f"第一行\r\n{line}\r\n", encoding="utf-8")
    shown, caret = excerpt(Place(file=str(script), line=2, column=11))
    assert shown == line
    assert len(caret) - 1 == cell_len(line[:10])


def test_a_long_line_is_cut_around_the_character() -> None:
    from rich.cells import cell_len

    text = "字" * 500 + "[" + "尾" * 500
    shown, caret = excerpt(Place(line=1, column=501), text)
    assert cell_len(shown) < 90
    assert shown[0] == shown[-1] == "…"
    before = shown[: shown.index("[")]
    assert len(caret) - 1 == cell_len(before)


@pytest.mark.parametrize(
    "place",
    [None, Place(), Place(file="/no/such/file", line=1, column=1), Place(line=9, column=1), Place(segment="s1.1")],
)
def test_no_excerpt_where_nothing_can_be_shown(place: Place | None) -> None:
    assert excerpt(place, "甲") == ()


def test_a_span_of_a_literal_text_is_shown() -> None:
    assert excerpt(Place(span=Span(2, 3)), "甲乙\x07丙") == ("甲乙\ufffd丙", "    ^")
    assert excerpt(Place(span=Span(3, 4)), "甲\n乙丙") == ("乙丙", "  ^")


def test_script_errors_name_file_line_and_column(tmp_path: Path) -> None:
    script = tmp_path / "a.md"
    script.write_text("甲\n[標提: 新]乙", encoding="utf-8")
    made = runner.invoke(app, ["render", str(script)])
    assert made.exit_code == 2
    assert f"{script}:2:1" in made.stderr
    assert "[標題…]" in made.stderr
    assert made.stdout == ""
    made = runner.invoke(app, ["render", str(script), "--json"])
    assert made.exit_code == 2
    place = json.loads(made.stdout)["error"]["place"]
    assert (place["file"], place["line"], place["column"]) == (str(script), 2, 1)


def test_a_script_on_stdin() -> None:
    made = runner.invoke(app, ["render", "-", "--json"], input="甲\n乙[停".encode())
    place = json.loads(made.stdout)["error"]["place"]
    assert (place["file"], place["line"], place["column"]) == (None, 2, 2)
    made = runner.invoke(app, ["plan", "-"], input=b"\xff\xfe")
    assert "UTF-16" in json.loads(made.stdout)["error"]["hint"]


def test_a_missing_file_to_check() -> None:
    made = runner.invoke(app, ["check", "none.mp4", "--json"])
    assert made.exit_code == 5
    assert json.loads(made.stdout)["error"]["message"] == "no such file"
