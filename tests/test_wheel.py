"""The wheel carries the packs and works outside the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def anchor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a clean environment, installed from the wheel; libraries are lent by ours."""
    made = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (made / "dist").glob("*.whl")
    venv.create(made / "env", with_pip=False, symlinks=True)
    python = made / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    lent = sysconfig.get_paths()["purelib"]
    (site,) = (made / "env" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(lent + "\n", encoding="utf-8")
    return made / "env" / "bin" / "anchor"


def run(program: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(cwd), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run([program, *args], cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "names"), [("voices", {"lan", "hao"}), ("avatars", {"lan", "hao"}), ("looks", {"forum", "evening-news"})]
)
def test_the_packs_came_along(anchor: Path, tmp_path: Path, kind: str, names: set[str]) -> None:
    made = run(anchor, kind, "list", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    rows = json.loads(made.stdout)[kind]
    assert {row["name"] for row in rows} >= names
    assert all(not Path(row["path"]).is_relative_to(ROOT) for row in rows)


def test_they_are_whole(anchor: Path, tmp_path: Path) -> None:
    made = run(anchor, "packs", "check", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stdout
    assert len(json.loads(made.stdout)["packs"]) >= 6


def test_a_text_is_read(anchor: Path, tmp_path: Path) -> None:
    made = run(anchor, "read", "垃圾", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stdout
    assert [s["pinyin"] for s in json.loads(made.stdout)["syllables"]] == ["le4", "se4"]


@pytest.mark.media
def test_a_clip_is_rendered(anchor: Path, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("大家好，歡迎收看。", encoding="utf-8")
    made = run(anchor, "render", "a.md", "--rendition", "web-720p", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    document = json.loads(made.stdout)
    assert document["check"]["passed"]
    assert {Path(f["path"]).name for f in document["files"]} == {"a.mp4", "a.srt", "a.vtt", "a.jpg", "a.json"}
