"""`anchor looks`: show, check, kinds; the documentation prints the table of kinds as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anchor.cli.app import app
from anchor.cli.looks import kinds_markdown
from anchor.core.layers import LAYERS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "looks.md"


def _run(*args: object) -> Result:
    return CliRunner().invoke(app, ["looks", *map(str, args)])


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A look with two faults and a kind of a later version."""
    look = tmp_path / "evening-news"
    shutil.copytree(ROOT / "templates" / "evening-news", look)
    text = (look / "template.toml").read_text(encoding="utf-8")
    text = (
        text.replace("z = 70", "z = 1")
        .replace("box = [384, 944,", "box = [4, 944,")
        .replace("layers.ots", "layers.otz")
    )
    (look / "template.toml").write_text(text, encoding="utf-8")
    return look


def test_check_tells_every_fault_with_file_and_key(broken: Path) -> None:
    made = _run("check", broken, "--json")
    assert made.exit_code == 3
    told = json.loads(made.stdout)
    assert not told["passed"] and told["file"] == str(broken / "template.toml")
    assert {f["key"] for f in told["findings"] if f["level"] == "fault"} == {"layers.label.z", "layers.caption.box"}
    said = _run("check", broken).stdout
    assert (
        f"{broken / 'template.toml'}: layers.label.z: " in said and "2 faults" in said and "did you mean ots?" in said
    )


def test_check_takes_a_name_and_says_ready() -> None:
    made = _run("check", "breaking")
    assert made.exit_code == 0, made.stdout
    assert made.stdout.strip() == "breaking: ready for air"


def test_show_has_sections_for_people() -> None:
    said = _run("show", "forum").stdout
    for part in (
        "layout 16x9: 1920 x 1080",
        "layout 9x16: 1080 x 1920",
        "type: Noto Sans CJK TC",
        "palette",
        "name* ≤ 12",
    ):
        assert part in said
    assert json.loads(_run("show", "forum", "--json").stdout)["layout"]["9x16"]["layers"]


def test_kinds_lists_the_table() -> None:
    said = _run("kinds").stdout
    assert all(f"{kind.id}  {kind.label}" in said for kind in LAYERS.values())
    assert [kind["id"] for kind in json.loads(_run("kinds", "--json").stdout)["kinds"]] == list(LAYERS)


def test_the_guide_prints_the_table() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    printed = re.compile(r"(<!-- kinds[^\n]*\n)(.*?)(<!-- end of kinds -->)", re.DOTALL)
    if os.environ.get("ANCHOR_RENEW_DOCS") == "1":
        text = printed.sub(lambda found: found[1] + kinds_markdown() + found[3], text)
        GUIDE.write_text(text, encoding="utf-8")
    found = printed.search(text)
    assert found is not None and found[2] == kinds_markdown()
