"""Tests side by side, and those that run alone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.turns import Turns

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 180.0
SUITE = """
import time
from pathlib import Path
import pytest

def runs(name):
    log = Path({log!r})
    for word in ("begins", "ends"):
        with log.open("a") as file:
            file.write(f"{{name}} {{word}}\\n")
        time.sleep(0.03)

@pytest.fixture(scope="module", autouse=True)
def made():
    runs("fixture-{name}")

@pytest.mark.parametrize("n", range(12))
def test_among_others(n):
    runs(f"shared-{name}-{{n}}")

@pytest.mark.{mark}
def test_alone():
    runs("alone-{name}")
"""
ONE = """
import sys
from pathlib import Path
from tests.turns import Turns
log, name = Path(sys.argv[1]) / "log", sys.argv[2]

def say(word):
    with log.open("a") as file:
        file.write(f"{name} {word}\\n")

say("asks")
with Turns(log.parent).one(name == "alone"):
    say("runs")
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What three files of tests in two processes wrote down: who, and `begins` or `ends`."""
    folder = tmp_path_factory.mktemp("suite")
    log = folder / "log"
    for name, mark in (("a", "alone"), ("b", "gpu"), ("c", "slow")):
        (folder / f"test_{name}.py").write_text(SUITE.format(log=str(log), name=name, mark=mark), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "tests.turns", "-n", "2", "--dist", "loadfile", str(folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    made = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0 and "39 passed" in made.stdout, made.stdout + made.stderr
    return [(line.split()[0], line.split()[1]) for line in log.read_text(encoding="utf-8").splitlines()]


def test_nothing_runs_beside_a_test_that_runs_alone(told: list[tuple[str, str]]) -> None:
    after = dict(pairwise(told))
    for name in ("alone-a", "alone-b"):
        assert after[name, "begins"] == (name, "ends")


def test_others_run_side_by_side(told: list[tuple[str, str]]) -> None:
    assert any(word == "begins" == then and one[-1] != two[-1] for (one, word), (two, then) in pairwise(told))


def test_who_waits_to_be_alone_goes_before_who_comes_later(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()

    def start(name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen((sys.executable, "-c", ONE, str(tmp_path), name), cwd=ROOT)

    def door_is_held() -> bool:
        with (tmp_path / "door").open("a+b") as door:
            try:
                fcntl.lockf(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    turns = Turns(tmp_path)
    with turns.one(alone=False):
        alone = start("alone")
        wait_until(door_is_held)
        later = start("later")
        wait_until(lambda: "later asks" in log.read_text())
        time.sleep(0.3)
        assert "runs" not in log.read_text()
    assert (alone.wait(PATIENCE_S), later.wait(PATIENCE_S)) == (0, 0)
    turns.close()
    assert [line for line in log.read_text().splitlines() if line.endswith("runs")] == ["alone runs", "later runs"]


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_whatever_starts_workers_runs_alone() -> None:
    files = sorted((ROOT / "tests" / "workers").glob("test_*.py"))
    assert files and [path.name for path in files if "pytest.mark.alone" not in path.read_text(encoding="utf-8")] == []
