"""What the command line says to people, in their language; what it says to tools, in both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from anchor.cli.app import PANELS, app
from anchor.cli.check import quality_line, report_document
from anchor.cli.faults import error_line, notice_document
from anchor.cli.jobs_show import event_document, job_document
from anchor.cli.language import any_of, in_a_row, language, shown
from anchor.core.errors import PackError, Place
from anchor.core.events import Notice
from anchor.core.job import Job, JobEvent, JobFault, JobState, Priority
from anchor.core.quality import CheckItem, CheckReport
from anchor.messages import Language, message, message_document, text_in


def anchor(*args: str, lang: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anchor.cli.app", *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "ANCHOR_LANG": lang},
    )


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """Each test in the language that it sets, none of them in the one before."""
    language.cache_clear()
    yield
    language.cache_clear()


def test_every_command_stands_in_a_panel() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    panels = {name: command.rich_help_panel for name, command in commands.items()}
    assert panels == {name: panel for panel, names in PANELS.items() for name in names}


def test_the_help_shows_the_panels_in_their_order(tmp_path: Path) -> None:
    said = anchor("--help", lang="zh", cwd=tmp_path).stdout
    places = [said.index(panel) for panel in PANELS]
    assert places == sorted(places)
    assert "Make a finished clip" in said


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("zh", ("錯誤 (storage)", "沒有資料夾 nowhere", "怎麼辦：請先建立：mkdir -p nowhere")),
        ("en", ("error (storage)", "there is no folder nowhere", "what to do: make it first: mkdir -p nowhere")),
    ],
)
def test_an_error_in_the_readers_language(lang: str, texts: tuple[str, ...], tmp_path: Path) -> None:
    made = anchor("read", "甲", "--html", "nowhere/a.html", lang=lang, cwd=tmp_path)
    assert made.returncode == 6
    assert all(text in made.stderr for text in texts), made.stderr


def test_json_is_the_same_in_both_languages(tmp_path: Path) -> None:
    said = {lang: anchor("check", "a.mp4", "--json", lang=lang, cwd=tmp_path).stdout for lang in ("zh", "en")}
    assert said["zh"] == said["en"]
    error = json.loads(said["en"])["error"]
    assert error["id"] == "cli.no-such-file"
    assert error["message"] == "no such file"
    assert error["texts"]["zh-Hant-TW"] == {"message": "沒有這個檔案", "hint": "請檢查路徑"}


def test_a_notice_for_tools() -> None:
    text = message("core.cannot-write", path="a", reason=message("os.ENOSPC"))
    document = json.loads(json.dumps(notice_document(Notice("full", text, Place(file="a.md", line=2)))))
    assert document["code"] == "full" and document["place"]["line"] == 2
    assert document["id"] == "core.cannot-write"
    assert document["fields"]["reason"]["id"] == "os.ENOSPC"
    assert document["text"] == document["texts"]["en"] == "cannot write a: no space left"
    assert document["texts"]["zh-Hant-TW"] == "無法寫入 a：磁碟空間不足"


def test_a_jobs_fault_for_tools() -> None:
    fault = JobFault("storage", message("store.arrived-short", arrived=1, sent=2), message("store.made-anew"), True)
    job = Job("1a", "", "d", "t", JobState.FAILED, Priority.NORMAL, 1, 0, 0, 0, 1, 0, fault=fault)
    document = json.loads(json.dumps(job_document(job)))["fault"]
    assert document["message"] == "1 bytes arrived of 2"
    assert document["id"] == "store.arrived-short"
    assert document["texts"]["zh-Hant-TW"]["message"] == "送出 2 位元組，只收到 1"


@pytest.mark.parametrize("stored", [message_document(message("store.made-anew")), "as an older Anchor stored it"])
def test_a_jobs_notice_for_tools(stored: object) -> None:
    facts = (("code", "x"), ("text", stored), ("place", "line 2"))
    document = event_document(JobEvent("1a", 1, 0, "notice", facts))  # type: ignore[arg-type]
    assert document["place"] == "line 2" and document["code"] == "x"
    assert document["texts"] == (
        {
            "en": "run the job again (anchor jobs retry): it is made anew",
            "zh-Hant-TW": "請重跑這個工作（anchor jobs retry），會重新製作",
        }
        if isinstance(stored, dict)
        else dict.fromkeys(("en", "zh-Hant-TW"), stored)
    )


def test_a_report_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = CheckItem(
        "black", message("media.lasts", length=2.0, start=1.0), message("media.at-most", limit=0.5), False
    )
    report = CheckReport((wrong,))
    texts = json.loads(json.dumps(report_document(report)))["items"][0]["texts"]
    assert texts["en"] == {"measured": "2.00 s at 1.00 s", "allowed": "at most 0.5 s"}
    assert texts["zh-Hant-TW"] == {"measured": "在 1.00 秒處有 2.00 秒", "allowed": "最多 0.5 秒"}
    for lang, line in (
        ("en", "quality: failed, black 2.00 s at 1.00 s, allowed at most 0.5 s"),
        ("zh", "品質：不合格，black 在 1.00 秒處有 2.00 秒（容許：最多 0.5 秒）"),
    ):
        monkeypatch.setenv("ANCHOR_LANG", lang)
        language.cache_clear()
        assert quality_line(report).plain == line


def test_texts_made_of_texts() -> None:
    hint = message("packs.none")
    error = PackError(message("packs.none"), hint=hint, place=Place(line=3))
    assert error_line(error) == "line 3: none (none)"
    assert text_in(error_line(error), Language.CHINESE) == "第 3 行：無（無）"
    row = in_a_row((message("packs.none"), "x", "y"))
    assert row == "none; x; y"
    assert text_in(row, Language.CHINESE) == "無；x；y"
    assert in_a_row(()) == ""
    assert any_of((".png", ".jpg", ".jpeg")) == ".png or .jpg or .jpeg"
    assert shown(any_of((".png",))) == ".png"
