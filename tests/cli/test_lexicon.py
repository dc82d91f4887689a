"""`anchor lexicon` from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app

Run = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "lexicon.tsv"
    monkeypatch.setenv("ANCHOR_LEXICON", str(file))
    return file


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *args: runner.invoke(app, ["lexicon", *(str(a) for a in args)])


def test_add_list_and_remove(path: Path, run: Run) -> None:
    assert json.loads(run("list", "--json").stdout)["words"] == []
    assert "lexicon add" in run("list").stderr
    made = run("add", "金城武", "jin1 cheng2 wu3", "--note", "演員", "--json")
    assert json.loads(made.stdout)["changes"] == [{"word": "金城武", "before": "", "after": "jin1 cheng2 wu3"}]
    refused = run("add", "金城武", "ㄐㄧㄣ ㄔㄥˊ ㄨˋ")
    assert refused.exit_code == 3
    assert "--replace" in refused.stderr
    assert "→" in run("add", "金城武", "ㄐㄧㄣ ㄔㄥˊ ㄨˋ", "--replace").stdout
    assert run("add", "金城武", "jin1 cheng2 wu4").exit_code == 0
    (row,) = json.loads(run("list", "--json").stdout)["words"]
    assert row == {"word": "金城武", "reading": "jin1 cheng2 wu4", "note": "演員", "line": 2}
    assert "ㄨˋ" in run("list").stdout
    assert run("remove", "金城武").stdout.startswith("- 金城武")
    assert run("remove", "金城武").exit_code == 3


@pytest.mark.parametrize(
    ("word", "reading"), [("OK", "ou"), ("好", "hao"), ("好", "hao3 hao3"), ("", "hao3"), ("好", "")]
)
def test_nonsense_is_refused(path: Path, run: Run, word: str, reading: str) -> None:
    made = run("add", word, reading, "--json")
    assert made.exit_code == 3
    assert json.loads(made.stdout)["error"]["hint"]
    assert not path.exists()


def test_a_reading_that_no_dictionary_gives_is_taken_and_told(path: Path, run: Run) -> None:
    made = run("add", "好", "gao1", "--json")
    assert made.exit_code == 0
    assert "字典未收" in json.loads(made.stdout)["unusual"][0]
    assert "好\tgao1" in path.read_text(encoding="utf-8")


def test_check_tells_every_broken_row(path: Path, run: Run, tmp_path: Path) -> None:
    assert run("check").exit_code == 0
    other = tmp_path / "o.tsv"
    other.write_text("好\thao3\n壞\tx\n垃圾\tle4\n", encoding="utf-8")
    made = run("check", other)
    assert made.exit_code == 3
    assert f"{other}:2:3" in made.stderr
    assert f"{other}:3:4" in made.stderr
    document = json.loads(run("check", other, "--json").stdout)
    assert (document["words"], len(document["broken"])) == (1, 2)
    assert run("check", tmp_path / "none.tsv").exit_code == 3


def test_import_shows_what_changes_and_overwrites_only_when_asked(path: Path, run: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("詞,注音\n金城武,ㄐㄧㄣ ㄔㄥˊ ㄨˇ\n牛步,niu2 bu4\n", encoding="utf-8")
    run("add", "牛步", "niu2 bu3")
    before = path.read_bytes()
    assert run("import", table).exit_code == 3
    made = run("import", table, "--dry-run")
    assert made.exit_code == 0
    assert "+ 金城武" in made.stdout and "~ 牛步" in made.stdout
    assert path.read_bytes() == before
    document = json.loads(run("import", table, "--replace", "--json").stdout)
    assert [c["word"] for c in document["changes"]] == ["金城武", "牛步"]
    assert json.loads(run("import", table, "--json").stdout)["changes"] == []
    table.write_text("甲,jia3\n乙,xx\n", encoding="utf-8")
    before = path.read_bytes()
    assert run("import", table, "--replace").exit_code == 3
    assert path.read_bytes() == before


def test_a_broken_lexicon_stops_a_reading_and_names_the_row(path: Path) -> None:
    path.write_text("好\thao3\n壞\tx\n", encoding="utf-8")
    made = CliRunner().invoke(app, ["read", "好"])
    assert made.exit_code == 3
    assert f"{path}:2:3" in made.stderr


def test_a_name_in_letters_gets_other_text(path: Path, run: Run) -> None:
    made = run("add", "TSMC", "台積電", "--json")
    assert json.loads(made.stdout) == {
        "path": str(path),
        "changes": [{"word": "TSMC", "before": "", "after": "台積電"}],
        "unusual": [],
        "notices": [],
    }
    (row,) = json.loads(run("list", "--json").stdout)["words"]
    assert row == {"word": "TSMC", "reading": "", "note": "", "line": 2, "spoken": "台積電"}
    assert "台積電" in CliRunner().invoke(app, ["read", "TSMC宣布"]).stdout.replace(" ", "")


def test_a_table_in_big5_is_told(path: Path, run: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes("詞,注音\n新聞報導,ㄒㄧㄣ ㄨㄣˊ ㄅㄠˋ ㄉㄠˇ\n".encode("cp950"))
    made = run("import", table)
    assert made.exit_code == 0
    assert "Big5" in made.stderr
    assert "新聞報導" in path.read_text(encoding="utf-8")
