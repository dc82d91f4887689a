"""What is weak about a presenter is kept in two languages, and its page speaks one of them."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import pytest

from anchor.core.quality import CheckItem
from anchor.messages import Language, message, text_in
from anchor.workshop.presenters.build_report import BuildReport, Weakness
from anchor.workshop.presenters.facts import FILE, load_facts, write_facts
from anchor.workshop.presenters.report_page import _checks, _fact_name, _value, _weak

REST = message("presenters.no-rest")
CHINESE = "這個人幾乎沒有靜下來，所以待機時的嘴是貼上去閉起來的：請靜靜拍十秒"


def say(language: Language, text: str) -> str:
    return escape(text_in(text, language))


def test_a_weak_point_is_kept_in_two_languages(tmp_path: Path) -> None:
    write_facts(BuildReport("video", weak=(Weakness("no-rest", REST),)), tmp_path)
    (kept,) = load_facts(tmp_path).weak
    assert kept == Weakness("no-rest", REST) and text_in(kept.text, Language.CHINESE) == CHINESE


def test_what_an_older_anchor_kept_is_read_as_it_is(tmp_path: Path) -> None:
    write_facts(BuildReport("video", weak=(Weakness("no-rest", REST),)), tmp_path)
    document = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    document["value"]["weak"][0]["text"] = "the person hardly rests"
    (tmp_path / FILE).write_text(json.dumps(document), encoding="utf-8")
    assert load_facts(tmp_path).weak == (Weakness("no-rest", "the person hardly rests"),)


@pytest.mark.parametrize(
    ("language", "heading", "point"),
    [(Language.ENGLISH, "Weak points", f"The{escape(REST)[3:]}."), (Language.CHINESE, "不足之處", f"{CHINESE}。")],
)
def test_the_page_speaks_one_language(language: Language, heading: str, point: str) -> None:
    shown = _weak((Weakness("no-rest", REST),), lambda text: say(language, text))
    assert f"<h2>{heading}</h2>" in shown and f"<li>{point}</li>" in shown


def test_checks_and_facts_are_said_in_the_pages_language() -> None:
    item = CheckItem("length", message("presenters.frames", count=12), message("presenters.at-least", limit=4.0), True)
    row = _checks([item], lambda text: say(Language.CHINESE, text))
    assert "12 格" in row and "至少 4" in row
    assert text_in(_fact_name("loop_s"), Language.CHINESE) == "循環秒數"
    assert (_fact_name("loop_s"), _fact_name("new_fact_px")) == ("loop s", "new fact px")
    assert (_value([1920, 1080], "plate_px"), _value([[57, 64]]), _value(True)) == ("1920 × 1080", "57–64", "yes")
