"""A new kind of layer is one row of the table and the keys of a look: nothing else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import toy_shelf

ROOT = Path(__file__).resolve().parents[1]
__all__ = ["toy_shelf"]

ROW = """
[score]
label = "比分"
mark = ["比分", "score"]
off = ["收比分", "score off"]
shows = "cue"
until = "story"
fields.home = { label = "主隊", max = 6, required = true }
fields.away = { label = "客隊", max = 6 }
"""
KEYS = """
[layers.score]
box = [96, 196, 480, 90]
z = 35
elements = [
  { kind = "rect", at = [0, 0], size = [480, 90], fill = [["ink", 1.0]], enter = "wipe" },
  { kind = "text", field = "home", style = "role", colour = "white", at = [24, 46], width = 210 },
  { kind = "text", field = "away", style = "role", colour = "accent", at = [456, 46], width = 210, align = "right" },
]
"""
SCRIPT = """---
avatar: doll
look: sport
---

大家好。[比分: 中華隊 3｜日本隊 2]比賽結束了。

[收比分]再見。
"""
CODE = """
import sys
from pathlib import Path
from anchor.cli.looks import kinds_markdown
from anchor.graphics.check import check_look
from anchor.core.errors import ScriptError
from anchor.intake.script import parse_script
from anchor.packs import Shelf, load_pack
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.run import Choices, plan_script
from anchor.pipeline.services import Context, Services
from tests.pipeline.toys import settings_for

script, cache, shelf, toys = sys.argv[1:]
assert "`[比分]`" in kinds_markdown()
found = check_look(load_pack(Path(shelf, "templates", "sport"), Shelf.LOOKS))
assert not [f for f in found if f.level == "fault"], found
try:
    parse_script("[比分]大家好。", None, Path())
except ScriptError as error:
    assert error.hint == "write [比分: 主隊｜客隊]", error.hint
else:
    raise AssertionError("a score without teams")
with Services(settings_for(Path(cache), Path(shelf), Path(toys), production=False)) as services:
    read = parse_script(script, None, Path())
    plan = plan_script(read, Choices(rendition="web-720p"), services)
    (score,) = [o for o in plan.overlays if o.kind == "score"]
    assert score.fields == (("home", "中華隊 3"), ("away", "日本隊 2")), score
    assert score.span.end == next(s.span.start for s in plan.scenes if s.segment == "s1.2")
    with PictureMaker(plan, services, Context()) as pictures:
        picture = pictures.frame(score.span.start + 20)
    luma = picture.buffer[: 1280 * 720].reshape(720, 1280)[140:180, 72:360]
    assert luma.min() < 30 and luma.max() > 200, "the bar is not there"
    other = plan_script(read, Choices(look="forum", rendition="web-720p"), services)
    assert [n.code for n in other.notices] == ["layer-lacking"] and "score" not in {o.kind for o in other.overlays}
"""


@pytest.mark.media
def test_one_row_and_one_look_make_a_new_layer(toy_shelf: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(ROOT / "anchor", package / "anchor", ignore=shutil.ignore_patterns("__pycache__"))
    table = package / "anchor" / "core" / "layers.toml"
    table.write_text(table.read_text(encoding="utf-8") + ROW, encoding="utf-8")
    look = tmp_path / "shelf" / "templates" / "sport"
    shutil.copytree(ROOT / "templates" / "forum", look)
    manifest = (look / "template.toml").read_text(encoding="utf-8").replace('name = "forum"', 'name = "sport"', 1)
    (look / "template.toml").write_text(manifest + KEYS, encoding="utf-8")
    touched = [
        p for p in package.rglob("*") if p.is_file() and p.read_bytes() != (ROOT / p.relative_to(package)).read_bytes()
    ]
    assert touched == [table]
    paths = os.pathsep.join((str(package), str(ROOT)))
    argv = [sys.executable, "-c", CODE, SCRIPT, str(tmp_path / "cache"), str(tmp_path / "shelf"), str(toy_shelf)]
    env = {**os.environ, "PYTHONPATH": paths}
    made = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert made.returncode == 0, made.stderr
