"""`anchor voices add|remove|check|say` from outside."""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app
from anchor.packs import Shelf, load_pack, verify_pack

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One's own shelf, empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "anchor" / "voices"


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *args: runner.invoke(app, ["voices", *(str(a) for a in args)])


def copied(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A voice of the house under another name."""
    made = folder / name
    shutil.copytree(ROOT / "voices" / "lan-espeak", made)
    path = made / "voice.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in (('name = "lan-espeak"', f'name = "{name}"'), *changes):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return made


def test_a_pack_goes_on_the_shelf_and_off_again(shelf: Path, run: Run, tmp_path: Path) -> None:
    pack = copied(tmp_path, "mei")
    (pack / "notes.txt").write_text("not listed", encoding="utf-8")
    made = run("add", pack, "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["path"] == str(shelf / "mei")
    verify_pack(load_pack(shelf / "mei", Shelf.VOICES))
    assert sorted(p.name for p in (shelf / "mei").iterdir()) == ["LICENSE", "espeak-voice", "voice.toml"]
    assert "mei" in [v["name"] for v in json.loads(run("list", "--json").stdout)["voices"]]
    assert run("add", pack).exit_code == 3
    assert run("remove", "mei").exit_code == 0
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize("fault", ["changed", "missing", "licence", "outside", "manifest", "nothing"])
def test_a_broken_pack_leaves_the_shelf_as_it_was(shelf: Path, run: Run, tmp_path: Path, fault: str) -> None:
    pack = copied(tmp_path, "mei")
    if fault == "changed":
        (pack / "espeak-voice").write_text("other", encoding="utf-8")
    elif fault == "missing":
        (pack / "espeak-voice").unlink()
    elif fault == "licence":
        (pack / "LICENSE").unlink()
    elif fault == "outside":
        shutil.move(pack / "espeak-voice", tmp_path / "v")
        (pack / "espeak-voice").symlink_to(tmp_path / "v")
    elif fault == "manifest":
        (pack / "voice.toml").write_text("schema = 1", encoding="utf-8")
    else:
        shutil.rmtree(pack)
    made = run("add", pack, "--json")
    assert made.exit_code == 3
    assert json.loads(made.stdout)["error"]["message"]
    assert not shelf.exists() or list(shelf.iterdir()) == []


@pytest.mark.parametrize("name", ["lan", "nobody", "..", "../voices/lan", ""])
def test_only_what_is_one_s_own_is_removed(shelf: Path, run: Run, name: str) -> None:
    made = run("remove", name, "--json")
    assert made.exit_code == 3
    assert "come with Anchor stay" in json.loads(made.stdout)["error"]["hint"]
    assert (ROOT / "voices" / "lan" / "voice.toml").is_file()


@pytest.mark.media
def test_a_house_voice_passes(run: Run) -> None:
    made = run("check", "hao-espeak", "--json")
    assert made.exit_code == 0, made.output
    report = json.loads(made.stdout)
    assert report["passed"]
    assert {"files", "licence", "tiling", "sounds", "audible", "silence", "loudness", "pace"} <= {
        item["name"] for item in report["items"]
    }


@pytest.mark.media
def test_a_voice_that_drags_fails(shelf: Path, run: Run, tmp_path: Path) -> None:
    assert run("add", copied(tmp_path, "slow", ("pause_sentence_ms = ", "pause_sentence_ms = 20"))).exit_code == 0
    made = run("check", "slow", "--json")
    assert made.exit_code == 7
    assert [i["name"] for i in json.loads(made.stdout)["items"] if not i["passed"]] == ["pace"]
    assert "pace" in run("check", "slow").stdout


@pytest.mark.media
def test_say_speaks(run: Run, tmp_path: Path) -> None:
    made = run("say", "lan-espeak", "垃圾車來了", "-o", tmp_path / "a.wav", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["voice"] == "lan-espeak"
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert sound.getframerate() == 48000
        assert sound.getnframes() > 24000
    assert run("check", "nobody").exit_code == 3
