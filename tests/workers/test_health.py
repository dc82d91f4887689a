"""The health server among clients that say nothing."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.settings import settings_from
from workers import health
from workers.health import CONNECTIONS, serve_health

pytestmark = pytest.mark.alone
SILENT = 200


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A health server's port; neither Redis nor a database is there."""
    settings = replace(settings_from({}), data=tmp_path, redis=f"unix://{tmp_path}/none.sock")
    server = serve_health(settings, ("127.0.0.1", 0))
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _health(port: int) -> tuple[int, bytes]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return answer.status, answer.read()


def _wait_for_threads(most: int) -> None:
    end = time.monotonic() + 10
    while threading.active_count() > most:
        assert time.monotonic() < end, f"{threading.active_count()} threads"
        time.sleep(0.05)


def test_silent_connections_neither_hold_threads_nor_keep_others_out(port: int) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 5)) for _ in range(SILENT)]
        assert _health(port) == (200, b"alive\n")
        _wait_for_threads(before + CONNECTIONS)
        silent[0].settimeout(5)
        assert silent[0].recv(1) == b"", "the oldest was ended"
        assert _health(port) == (200, b"alive\n")
    _wait_for_threads(before)


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    assert 0 < health.TIMEOUT_S <= 10
    with socket.create_connection(("127.0.0.1", port), 5) as one:
        one.sendall(b"GET /hea")
        one.settimeout(health.TIMEOUT_S + 5)
        begun = time.monotonic()
        assert one.recv(1) == b""
        assert time.monotonic() - begun < health.TIMEOUT_S + 3
