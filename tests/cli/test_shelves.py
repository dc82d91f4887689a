"""Listing, showing, sealing and checking packs; the cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app

MANIFEST = """\
# A voice for tests.
schema = 1
name = "quiet"
label = "靜"
engine = "tone"   # a hum
licence = "CC0-1.0"

[source]
by = "the tests"
what = "nothing"
date = 2026-11-23

[files]
# what the engine reads
"a.bin" = "0"

[engine_options]
pitch = 3
"""

Run = Callable[..., Result]


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A voice on a shelf of its own."""
    directory = tmp_path / "voices" / "quiet"
    directory.mkdir(parents=True)
    (directory / "voice.toml").write_text(MANIFEST.replace("2026-11-23", '"2026-11-23"'), encoding="utf-8")
    (directory / "a.bin").write_bytes(b"abc")
    (directory / "LICENSE").write_text("CC0", encoding="utf-8")
    monkeypatch.setenv("ANCHOR_SHELVES", str(tmp_path))
    return directory


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(a) for a in args])


def test_seal_renews_the_hash_and_nothing_else(pack: Path, run: Run) -> None:
    before = (pack / "voice.toml").read_text(encoding="utf-8")
    made = run("packs", "seal", pack, "--json")
    assert json.loads(made.stdout)["changed"] == ["a.bin"]
    after = (pack / "voice.toml").read_text(encoding="utf-8")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert after == before.replace('"a.bin" = "0"', f'"a.bin" = "{digest}"')
    assert json.loads(run("packs", "seal", pack, "--json").stdout)["changed"] == []


def test_check_tells_a_changed_file(pack: Path, run: Run) -> None:
    run("packs", "seal", pack)
    assert run("packs", "check", pack).exit_code == 0
    (pack / "a.bin").write_bytes(b"abd")
    made = run("packs", "check", pack, "--json")
    assert made.exit_code == 3
    assert json.loads(made.stdout)["error"]["place"]["field"] == "files.a.bin"


def test_seal_adds_on_request(pack: Path, run: Run) -> None:
    (pack / "deep").mkdir()
    (pack / "deep" / "b.bin").write_bytes(b"b")
    (pack / ".hidden").write_bytes(b"b")
    assert json.loads(run("packs", "seal", pack, "--json").stdout)["changed"] == ["a.bin"]
    made = run("packs", "seal", pack, "--add", "--json")
    assert json.loads(made.stdout)["changed"] == ["deep/b.bin"]
    assert run("packs", "check", pack).exit_code == 0


def test_seal_refuses_what_is_no_pack(pack: Path, run: Run, tmp_path: Path) -> None:
    assert run("packs", "seal", tmp_path).exit_code == 3
    (pack / "a.bin").unlink()
    made = run("packs", "seal", pack, "--json")
    assert made.exit_code == 3
    assert "a.bin is missing" in json.loads(made.stdout)["error"]["message"]


def test_list_and_show(pack: Path, run: Run) -> None:
    listed = json.loads(run("voices", "list", "--json").stdout)["voices"]
    assert {"name": "quiet", "label": "靜", "engine": "tone", "licence": "CC0-1.0", "path": str(pack)} in listed
    shown = json.loads(run("voices", "show", "quiet", "--json").stdout)
    assert shown["engine_options"] == {"pitch": 3}
    assert shown["files"] == 1
    assert "靜" in run("voices", "list").stdout
    assert "pitch = 3" in run("voices", "show", "quiet").stdout


def test_a_broken_pack_does_not_hide_the_others(pack: Path, run: Run) -> None:
    broken = pack.parent / "broken"
    broken.mkdir()
    (broken / "voice.toml").write_text("schema = 1", encoding="utf-8")
    listed = {row["name"]: row for row in json.loads(run("voices", "list", "--json").stdout)["voices"]}
    assert "error" in listed["broken"]
    assert listed["quiet"]["label"] == "靜"
    assert "broken" in run("voices", "list").stdout


@pytest.mark.parametrize("kind", ["voices", "avatars", "looks"])
def test_an_unknown_name_lists_those_there_are(kind: str, run: Run) -> None:
    made = run(kind, "show", "nobody", "--json")
    assert made.exit_code == 3
    assert "there are:" in json.loads(made.stdout)["error"]["hint"]


def test_cache(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHOR_CACHE", str(tmp_path / "c"))
    assert json.loads(run("cache", "show", "--json").stdout)["bytes"] == 0
    (tmp_path / "c" / "objects").mkdir(parents=True)
    (tmp_path / "c" / "objects" / "x").write_bytes(b"12345")
    assert json.loads(run("cache", "show", "--json").stdout)["bytes"] == 5
    assert "5 B" in run("cache", "show").stdout
    assert json.loads(run("cache", "clear", "--json").stdout)["freed_bytes"] == 5
    assert not (tmp_path / "c" / "objects").exists()
