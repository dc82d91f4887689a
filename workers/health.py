"""A worker's own small web server: is it alive, can it work, what are the figures."""

from __future__ import annotations

import socket
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.database import between_forks, open_database
from anchor.settings import Settings
from workers.broker import open_redis
from workers.metrics import registry_of

TIMEOUT_S = 5.0
"""A connection that says nothing for so long, or takes nothing, is closed."""
_Request: TypeAlias = "socket.socket | tuple[bytes, socket.socket]"
CONNECTIONS = 16
"""Open at a time, each with its thread; a newcomer ends the oldest that has not asked anything yet."""


def parse_address(text: str) -> tuple[str, int]:
    """`[HOST:]PORT`; without a host this machine alone can ask.

    Raises:
        ValueError: not an address.
    """
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


class _Server(ThreadingHTTPServer):
    """Few connections at a time, and none for long."""

    request_queue_size = 64

    def __init__(self, address: tuple[str, int], answers: type[BaseHTTPRequestHandler]) -> None:
        self._guard = threading.Lock()
        self._open: OrderedDict[int, tuple[socket.socket, bool]] = OrderedDict()
        """Number → connection, and whether it has asked; oldest first."""
        super().__init__(address, answers)

    def verify_request(self, request: _Request, client_address: object) -> bool:
        """Whether there is room for one more connection; the oldest silent one gives its place up."""
        assert isinstance(request, socket.socket)
        with self._guard:
            if len(self._open) >= CONNECTIONS:
                silent = next((number for number, (_, asked) in self._open.items() if not asked), None)
                if silent is None:
                    return False
                with suppress(OSError):
                    self._open.pop(silent)[0].shutdown(socket.SHUT_RDWR)
            self._open[id(request)] = (request, False)
        return True

    def has_asked(self, request: socket.socket) -> bool:
        """Note that a connection has asked something, so that it is not ended; False: it was already."""
        with self._guard:
            if id(request) not in self._open:
                return False
            self._open[id(request)] = (request, True)
        return True

    def shutdown_request(self, request: _Request) -> None:
        """Forget the connection with its end."""
        assert isinstance(request, socket.socket)
        with self._guard:
            if self._open.get(id(request), (None, False))[0] is request:
                del self._open[id(request)]
        super().shutdown_request(request)

    def handle_error(self, request: _Request, client_address: object) -> None:
        """A connection that breaks off is not worth a line."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def serve_health(settings: Settings, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Start answering `/health`, `/ready` and `/metrics` in a thread."""
    registry = registry_of(settings)

    class Answers(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S

        def do_GET(self) -> None:
            if server.has_asked(self.connection):
                with between_forks():
                    self._answer()

        def _answer(self) -> None:
            match self.path:
                case "/health":
                    self._say(200, b"alive\n")
                case "/ready":
                    missing = _missing(settings)
                    self._say(503 if missing else 200, (", ".join(missing) or "ready").encode() + b"\n")
                case "/metrics":
                    self._say(200, generate_latest(registry), CONTENT_TYPE_LATEST)
                case _:
                    self._say(404, b"there are /health, /ready and /metrics\n")

        def _say(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Questions are not worth a line."""

    server = _Server(address, Answers)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _missing(settings: Settings) -> list[str]:
    """What a worker needs and does not reach."""
    missing = []
    try:
        open_redis(settings.redis).ping()
    except RedisError:
        missing.append("redis is away")
    try:
        with open_database(settings).reading() as session:
            session.connection()
    except AnchorError:
        missing.append("the database is away")
    return missing
