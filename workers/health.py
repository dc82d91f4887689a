"""A worker's own small web server: is it alive, can it work, what are the figures."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.database import between_forks, open_database
from anchor.settings import Settings
from workers.broker import open_redis
from workers.metrics import registry_of


def parse_address(text: str) -> tuple[str, int]:
    """`[HOST:]PORT`; without a host this machine alone can ask.

    Raises:
        ValueError: not an address.
    """
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


def serve_health(settings: Settings, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Start answering `/health`, `/ready` and `/metrics` in a thread."""
    registry = registry_of(settings)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
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

    server = ThreadingHTTPServer(address, Answers)
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
