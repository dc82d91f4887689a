"""What lies in a queue and is no message: put aside, and the worker goes on."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from anchor.pipeline.graph import Unit
from anchor.settings import Settings, settings_from
from tests.workers.farm import Farm, RedisServer, family, rig, wait_for
from workers.app import QUEUES, STEPS, make_app
from workers.broker import GRACE_S, MARK_S, Marks, message_id
from workers.dispatcher import TASK
from workers.garbage import ASIDE, KEPT, KEPT_BYTES, message_in

pytestmark = pytest.mark.alone
WORD = "解禁前的標題"


@pytest.fixture
def settings(tmp_path: Path, redis_server: RedisServer) -> Settings:
    """Nothing to make clips of: these messages name no job that there is."""
    folders = {f"ANCHOR_{name.upper()}": str(tmp_path / name) for name in ("shelves", "cache", "data", "models")}
    return settings_from({**folders, "ANCHOR_REDIS": redis_server.url})


@pytest.fixture
def broker(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A look into it."""
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def send(settings: Settings, unit: Unit) -> None:
    app = make_app(settings)
    app.send_task(TASK, args=("none", unit.stage, unit.index), task_id=message_id("none", unit), queue="cpu")


def right(settings: Settings, broker: redis.Redis) -> dict[str, Any]:
    """A message as it is sent."""
    send(settings, Unit("speak", 0))
    line = broker.rpop("cpu")
    assert message_in(line).rpartition(":")[0] == "anchor:sent:none:speak:0"
    found: dict[str, Any] = json.loads(line)
    return found


def garbage(of: dict[str, Any]) -> list[bytes]:
    def body(*what: object) -> str:
        return base64.b64encode(json.dumps(what).encode()).decode()

    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    headers, properties = of["headers"], of["properties"]
    wrong = [
        *([], 5, None, {}, {**of, "headers": None}, {**of, "headers": {}}, {**of, "properties": {}}),
        {name: value for name, value in of.items() if name != "headers"},
        {**of, "headers": {**headers, "task": "celery.backend_cleanup"}},
        {**of, "headers": {**headers, "task": [WORD]}},
        {**of, "headers": {**headers, "eta": WORD}},
        {**of, "headers": {**headers, "timelimit": ["long", None]}},
        {**of, "properties": {**properties, "body_encoding": WORD}},
        {**of, "body": WORD},
        {**of, "body": base64.b64encode(WORD.encode()).decode()},
        {**of, "body": body(["none"], {}, embed)},
        {**of, "body": body(["none", "speak", -1], {}, embed)},
        {**of, "body": body(["none", "speak", "0"], {}, embed)},
        {**of, "body": body(["none", "speak", 0], {"more": WORD}, embed)},
        {**of, "body": body(["none", "speak", 0], {}, {**embed, "chain": [{"task": WORD}]})},
    ]
    return [b"", b"\xff\x00", WORD.encode(), b"[" * 5000, *(json.dumps(one).encode() for one in wrong)]


def test_garbage_is_put_aside_and_the_worker_goes_on(settings: Settings, farm: Farm, broker: redis.Redis) -> None:
    lines = garbage(right(settings, broker))
    for line in lines:
        broker.lpush("cpu", line)
    send(settings, Unit("speak", 1))
    worker = farm.start("--queues", "cpu")
    wait_for(lambda: not broker.exists("cpu", "unacked"))
    assert worker.poll() is None
    wait_for(lambda: broker.llen(ASIDE) >= len(lines), 10)
    assert sorted(broker.lrange(ASIDE, 0, -1)) == sorted(lines)
    text = farm.log(0).read_text()
    assert WORD not in text and json.dumps(WORD)[1:-1] not in text
    told = [json.loads(line) for line in text.splitlines()]
    assert {line["sha256"] for line in told if "sha256" in line} == {hashlib.sha256(one).hexdigest() for one in lines}
    # It is as it was: one more comes, and there is room for no more than so many and so much.
    broker.lpush("cpu", b"x" * (KEPT_BYTES + 1), *(str(n) for n in range(KEPT)))
    broker.lpush("cpu", b"y" * (KEPT_BYTES + 1))
    wait_for(lambda: broker.lindex(ASIDE, 0) == b"y" * KEPT_BYTES)
    send(settings, Unit("speak", 2))
    wait_for(lambda: not broker.exists("cpu", "unacked"))
    assert worker.poll() is None and broker.llen(ASIDE) == KEPT


def test_a_sweep_looks_past_garbage(settings: Settings, broker: redis.Redis) -> None:
    marks, here, lost = Marks(settings.redis), ("none", Unit("speak", 0)), ("none", Unit("speak", 1))
    for line in garbage(right(settings, broker)):
        broker.lpush("cpu", line)
    send(settings, here[1])
    for unit in (here, lost):
        assert marks.take(*unit)
    for name in broker.keys("anchor:sent:*"):
        broker.pexpire(name, int((MARK_S - GRACE_S - 1) * 1000))
    assert marks.drop_lost([here, lost], QUEUES, STEPS) == 1
    assert broker.keys("anchor:sent:*") == [b"anchor:sent:none:speak:0"]


def test_a_killed_worker_leaves_no_folder_and_every_line_of_its_log_is_json(
    settings: Settings, farm: Farm, broker: redis.Redis, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    worker = farm.start(program=rig("noisy"), TMPDIR=str(temporary))
    for index in range(2):
        wait_for(lambda: len(family(worker)) > 0)
        send(settings, Unit("speak", index))
        wait_for(lambda: not broker.exists("cpu", "unacked"))
        for one in family(worker):
            os.kill(one.pid, 9)
        time.sleep(1)
    farm.kill(worker)
    assert not list(temporary.iterdir())
    told = [json.loads(line) for line in farm.log(0).read_text().splitlines()]
    stray = [line["what"] for line in told if "library" in line["what"]]
    assert {"a C library's line", "a Python library's line"} <= set(stray)
