"""`anchor read` and `anchor speak` from outside."""

from __future__ import annotations

import json
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anchor.cli.app import app

runner = CliRunner()


def test_a_literal_text() -> None:
    made = runner.invoke(app, ["read", "垃圾，OK", "--json"])
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert set(document) == {"spoken", "syllables", "notices", "layers"}
    first, second, *_ = document["syllables"]
    assert first == {"char": "垃", "pinyin": "le4", "zhuyin": "ㄌㄜˋ", "span": [0, 1], "layer": "table"}
    assert (second["pinyin"], second["span"]) == ("se4", [1, 2])
    assert all(0 <= s["span"][0] < s["span"][1] <= 5 for s in document["syllables"])


def test_spans_in_a_file_are_the_file_s_own(tmp_path: Path) -> None:
    source = "---\nslug: a\n---\n# 題目\n\n[字卡: 甲｜乙]各位觀眾[停 1秒]晚安，\n歡迎收看。\n\n// 註\n再見。\n"
    source = source.replace("\n", "\r\n")
    path = tmp_path / "a.md"
    path.write_bytes(source.encode())
    made = runner.invoke(app, ["read", str(path), "--json"])
    assert made.exit_code == 0, made.output
    syllables = json.loads(made.stdout)["syllables"]
    assert "".join(s["char"] for s in syllables) == "各位觀眾晚安歡迎收看再見"
    assert all(source[s["span"][0] : s["span"][1]] == s["char"] for s in syllables)


def test_stdin_is_a_file_too() -> None:
    made = runner.invoke(app, ["read", "-", "--json"], input="[停 1秒]甲".encode())
    assert json.loads(made.stdout)["syllables"][0]["span"] == [6, 7]


def test_for_a_person() -> None:
    made = runner.invoke(app, ["read", "垃圾[b]分類"])
    assert made.exit_code == 0, made.output
    assert "ㄌㄜˋ" in made.stdout
    assert "le4" in made.stdout or "lè" in made.stdout


@pytest.mark.parametrize("text", ["", "   ", "，。"])
def test_nothing_to_say(text: str) -> None:
    made = runner.invoke(app, ["read", text, "--json"])
    assert made.exit_code == 2
    assert json.loads(made.stdout)["error"]["hint"]


def test_a_control_character_is_pointed_at() -> None:
    made = runner.invoke(app, ["read", "你好\x07嗎"])
    assert made.exit_code == 2
    lines = made.stderr.splitlines()
    caret = next(line for line in lines if line.strip() == "^")
    shown = lines[lines.index(caret) - 1]
    assert shown.strip() == "你好\ufffd嗎"
    assert caret.index("^") == len(shown) - len(shown.lstrip()) + 4


def test_a_former_mark_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("大家好。\n\n[字幕: 甲]早安。", encoding="utf-8")
    made = runner.invoke(app, ["read", str(tmp_path / "a.md"), "--json", "--strict"])
    (notice,) = json.loads(made.stdout)["notices"]
    assert made.exit_code == 2 and notice["code"] == "former-mark" and "[字卡]" in notice["text"]
    shown = runner.invoke(app, ["read", str(tmp_path / "a.md")])
    assert shown.exit_code == 0 and "a.md:3:1" in shown.stderr.replace("\n", "")


def test_strict_ends_with_2_on_any_notice(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# 題\n\n各位觀眾，\n他假。\n", encoding="utf-8")
    made = runner.invoke(app, ["read", str(path), "--strict"])
    assert made.exit_code == 2
    assert f"{path}:4:2" in made.stderr
    assert "ㄐㄧㄚˋ" in made.stderr
    assert runner.invoke(app, ["read", str(path)]).exit_code == 0
    assert runner.invoke(app, ["read", "垃圾", "--strict"]).exit_code == 0
    made = runner.invoke(app, ["read", str(path), "--strict", "--json"])
    assert made.exit_code == 2
    (notice,) = json.loads(made.stdout)["notices"]
    assert notice["others"]


def test_a_page_for_the_editor(tmp_path: Path) -> None:
    path, page = tmp_path / "a.md", tmp_path / "a.html"
    path.write_text(
        "---\ntitle: <晚報>\n---\n# 頭條 & 一\n\n垃圾。\n\n第二段。\n\n# 頭條二\n\n他假。\n", encoding="utf-8"
    )
    made = runner.invoke(app, ["read", str(path), "--html", str(page)])
    assert made.exit_code == 0, made.output
    text = page.read_text(encoding="utf-8")
    assert text.count("<section>") == 3
    assert text.count("<h2>") == 2
    assert "<h1>&lt;晚報&gt;</h1>" in text
    assert "頭條 &amp; 一" in text
    assert "12:2" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "a.md"]
    assert runner.invoke(app, ["read", str(path), "--html", str(path)]).exit_code == 6
    made = runner.invoke(app, ["read", "你好", "--html", str(page), "--json"])
    assert json.loads(made.stdout)["files"] == [{"kind": "page", "path": str(page)}]


def test_the_station_s_lexicon_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon = tmp_path / "lexicon.tsv"
    lexicon.write_text("企業\tㄑㄧˇ ㄧㄝˋ\n", encoding="utf-8")
    monkeypatch.setenv("ANCHOR_LEXICON", str(lexicon))
    document = json.loads(runner.invoke(app, ["read", "企業家", "--json"]).stdout)
    assert [(s["pinyin"], s["layer"]) for s in document["syllables"]][:2] == [("qi3", "station"), ("ye4", "station")]
    assert len(document["layers"]["station"]) == 64
    lexicon.write_text("企業\tㄑㄧˇ\n", encoding="utf-8")
    made = runner.invoke(app, ["read", "企業家", "--json"])
    assert made.exit_code == 3
    assert json.loads(made.stdout)["error"]["place"]["line"] == 1


@pytest.mark.media
def test_speak_writes_sound_and_timeline(tmp_path: Path) -> None:
    wav, timeline = tmp_path / "a.wav", tmp_path / "t.json"
    (tmp_path / "a.md").write_text("# 題\n[字卡: 甲]垃圾分類。", encoding="utf-8")
    made = runner.invoke(app, ["speak", str(tmp_path / "a.md"), "-o", str(wav), "--timeline", str(timeline), "--json"])
    assert made.exit_code == 0, made.output
    document = json.loads(timeline.read_text(encoding="utf-8"))
    phonemes = document["phonemes"]
    assert phonemes[0]["start"] == 0
    assert all(a["end"] == b["start"] for a, b in pairwise(phonemes))
    assert phonemes[-1]["end"] == document["samples"]
    onsets = [p for p in phonemes if p.get("onset")]
    assert [p["syllable"] for p in onsets] == ["le4", "se4", "fen1", "lei4"]
    assert onsets[0]["span"] == [11, 12]
    with wave.open(str(wav)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (48000, 1, document["samples"])
    assert {f["kind"] for f in json.loads(made.stdout)["files"]} == {"audio", "timeline"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.md", "a.wav", "t.json"]


def test_speak_with_a_voice_that_is_not_there(tmp_path: Path) -> None:
    made = runner.invoke(app, ["speak", "你好", "-o", str(tmp_path / "a.wav"), "--voice", "nobody", "--json"])
    assert made.exit_code == 3
    assert "lan" in json.loads(made.stdout)["error"]["hint"]
    assert list(tmp_path.iterdir()) == []
