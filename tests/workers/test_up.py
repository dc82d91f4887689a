"""`anchor up`: one command, one Ctrl-C; and what a worker says of itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from anchor.core.errors import JobConflict, SettingsError
from anchor.core.job import JobState
from anchor.jobs.local_broker import with_local_broker
from anchor.jobs.open_service import open_service
from anchor.settings import Settings
from tests.jobs.work import spec_of
from tests.workers.farm import Farm, RedisServer, ended, wait_for
from workers.broker import celery_url

ANCHOR = (sys.executable, "-m", "anchor.cli.app")
pytestmark = [pytest.mark.media, pytest.mark.alone]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def _up(farm: Farm, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**farm.environment(), "ANCHOR_REDIS": ""}
    with (folder / "up.log").open("ab") as log:
        return subprocess.Popen((*ANCHOR, "up", *arguments), env=environment, stdout=log, stderr=log)


def _stop(process: subprocess.Popen[bytes]) -> int:
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    status = process.wait(90)
    assert not [p for p in family if p.is_running()], "everything that it started is gone"
    return status


def test_up_works_stops_cleanly_and_goes_on(settings: Settings, farm: Farm, tmp_path: Path) -> None:
    alone = replace(settings, redis="")
    port = _free_port()
    process = _up(farm, tmp_path, "--concurrency", "2", "--health", str(port))
    try:
        wait_for(lambda: _ask(port, "/ready")[0] == 200, 60)
        assert with_local_broker(alone).redis.endswith("redis.sock")
        second = _up(farm, tmp_path)
        assert second.wait(60) == JobConflict.exit_status
        service = open_service(alone)
        job = service.submit(spec_of("大家好。")).id
        assert ended(service, job).state is JobState.REVIEW
        status, figures = _ask(port, "/metrics")
        assert status == 200 and 'anchor_jobs{state="review"} 1.0' in figures
        assert 'anchor_units{stage="check",state="done"} 1.0' in figures
        assert 'anchor_stage_realtime_ratio{stage="render"}' in figures
        assert 'anchor_queue_depth{queue="render"} 0.0' in figures
        assert _ask(port, "/health")[0] == 200 and _ask(port, "/nothing")[0] == 404
        late = service.submit(spec_of("爸爸買饅頭，媽媽跑步。")).id
        assert _stop(process) == 0
        assert with_local_broker(alone).redis == ""
        process = _up(farm, tmp_path)
        assert ended(service, late).state is JobState.REVIEW
        assert _stop(process) == 0
    finally:
        with suppress(psutil.NoSuchProcess):
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
        process.kill()
        process.wait()
    log = (settings.data or tmp_path) / "worker.log"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"unit begins", "unit done"} <= {line["what"] for line in lines}
    assert all({"job", "stage", "index"} <= set(line) for line in lines if line["what"].startswith("unit "))
    assert "大家好" not in log.read_text()


def test_a_worker_is_ready_only_while_redis_answers(farm: Farm, redis_server: RedisServer) -> None:
    port = _free_port()
    farm.start("--health", str(port))
    wait_for(lambda: _ask(port, "/ready")[0] == 200, 60)
    redis_server.kill()
    wait_for(lambda: _ask(port, "/ready") == (503, "redis is away\n"), 30)
    assert _ask(port, "/health")[0] == 200
    assert "anchor_broker_up 0.0" in _ask(port, "/metrics")[1]


def test_worker_needs_a_broker(tmp_path: Path) -> None:
    environment = {**os.environ, "ANCHOR_REDIS": ""}
    done = subprocess.run((*ANCHOR, "worker"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == SettingsError.exit_status and "ANCHOR_REDIS" in done.stderr
    environment["ANCHOR_REDIS"] = "http://nowhere"
    done = subprocess.run((*ANCHOR, "worker"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == SettingsError.exit_status and "no Redis at" in done.stderr


def test_addresses_of_a_broker() -> None:
    assert celery_url("redis://h:6379/1") == "redis://h:6379/1"
    assert celery_url("unix:///run/r.sock?db=2") == "redis+socket:///run/r.sock?virtual_host=2"
    for wrong in ("", "redis.sock", "redis://", "unix://"):
        with pytest.raises(SettingsError, match="no Redis at"):
            celery_url(wrong)
    with pytest.raises(SettingsError, match="no Redis at 'http://h/0'"):
        celery_url("http://:hidden@h/0")


def test_up_does_not_print_the_password_of_its_broker(farm: Farm, tmp_path: Path) -> None:
    environment = {**farm.environment(), "ANCHOR_REDIS": f"redis://:hidden@127.0.0.1:{_free_port()}/0"}
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen((*ANCHOR, "up"), env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: "ready:" in (tmp_path / "up.log").read_text(), 60)
    finally:
        _stop(process)
    logged = "".join(path.read_text() for path in (tmp_path / "up.log", farm.settings.data / "worker.log"))
    assert "redis:   redis://127.0.0.1:" in logged and "hidden" not in logged
