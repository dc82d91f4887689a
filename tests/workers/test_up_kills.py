"""Parts of `anchor up` killed by SIGKILL: none stays away, none stays behind, and never are there two pairs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import redis

from anchor.core.errors import JobConflict
from anchor.jobs import local_broker
from anchor.jobs.local_broker import broker_url, lock_up, with_local_broker
from anchor.pipeline.graph import Unit
from anchor.settings import Settings, settings_from
from tests.workers.farm import wait_for
from workers.app import make_app
from workers.broker import message_id
from workers.dispatcher import TASK

pytestmark = pytest.mark.alone

LEAVE = """
import os, subprocess, sys
from anchor.jobs.local_broker import lock_up
from anchor.settings import settings_from
with lock_up(settings_from(os.environ)) as lock:
    left = subprocess.Popen(("sleep", "600"), pass_fds=(lock.file.fileno(),), stdout=subprocess.DEVNULL)
    lock.add(left.pid)
    print(os.getpid(), left.pid, flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No shelf, no broker."""
    folders = {f"ANCHOR_{name.upper()}": str(tmp_path / name) for name in ("shelves", "cache", "data", "models")}
    return {**os.environ, **folders, "ANCHOR_REDIS": "", "ANCHOR_LANG": "en"}


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The same, read."""
    return settings_from(environment)


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running `anchor up`; its terminal is up.log."""
    with (tmp_path / "up.log").open("wb") as terminal:
        process = subprocess.Popen(
            (sys.executable, "-m", "anchor.cli.app", "up"), env=environment, stdout=terminal, stderr=terminal
        )
    family: list[psutil.Process] = []
    try:
        wait_for(lambda: process.poll() is None and b"ready" in (tmp_path / "up.log").read_bytes())
        family = psutil.Process(process.pid).children(recursive=True)
        yield process
        if process.poll() is None:
            family += psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _takes_messages(settings: Settings) -> bool:
    """Whether a worker takes what is put into the queue."""
    app = make_app(with_local_broker(settings))
    app.send_task(TASK, args=("none", "speak", 0), task_id=message_id("none", Unit("speak", 0)), queue="cpu")
    with redis.Redis.from_url(broker_url(settings)) as client:
        wait_for(lambda: not client.exists("cpu", "unacked"))
    return True


def test_each_part_that_is_killed_is_started_again(
    up: subprocess.Popen[bytes], settings: Settings, tmp_path: Path
) -> None:
    for name, said in (("redis-server", "Redis ended by itself"), ("python", "the worker ended by itself")):
        assert _takes_messages(settings)
        (one,) = [p for p in psutil.Process(up.pid).children() if name in p.name()]
        one.kill()
        wait_for(lambda said=said: said in (tmp_path / "up.log").read_text())
        wait_for(lambda name=name: any(name in p.name() for p in psutil.Process(up.pid).children()))
        wait_for(lambda: Path(broker_url(settings).removeprefix("unix://")).is_socket())
    assert _takes_messages(settings)
    up.send_signal(signal.SIGINT)
    assert up.wait(90) == 0


def test_what_a_killed_one_has_started_ends_with_it(up: subprocess.Popen[bytes], settings: Settings) -> None:
    assert _takes_messages(settings)
    family = psutil.Process(up.pid).children(recursive=True)
    assert {"redis-server"} < {p.name() for p in family}
    up.kill()
    assert not psutil.wait_procs(family, timeout=60)[1]
    with lock_up(settings):
        assert with_local_broker(settings).redis == broker_url(settings)


def test_a_second_one_says_who_runs(
    settings: Settings, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_broker, "LEFT_S", 0.5)
    first = subprocess.Popen(
        (sys.executable, "-c", LEAVE), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin is not None and first.stdout is not None
    holder, left = first.stdout.readline().split()
    try:
        with pytest.raises(JobConflict, match=rf"runs already .*\(process {holder}\)"), lock_up(settings):
            pass
        second = subprocess.run(
            (sys.executable, "-m", "anchor.cli.app", "up"), env=environment, capture_output=True, text=True, check=False
        )
        assert second.returncode == JobConflict.exit_status and f"process {holder}" in second.stderr
        first.stdin.close()
        assert first.wait(60) == -signal.SIGKILL
        with pytest.raises(JobConflict, match=rf"that was killed still run .*: {left} \("), lock_up(settings):
            pass
    finally:
        os.kill(int(left), signal.SIGKILL)
        first.stdout.close()
    wait_for(lambda: not psutil.pid_exists(int(left)) or psutil.Process(int(left)).status() == "zombie", 10)
    with lock_up(settings):
        pass
