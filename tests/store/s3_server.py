"""An S3-compatible server for tests: moto's, in a thread, reached by HTTP on the loopback."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import pytest


class Bucket:
    """A server with one bucket; use as a context manager."""

    def __enter__(self) -> Self:
        server = pytest.importorskip("moto.server")
        pytest.importorskip("s3fs")
        import boto3

        self._server = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self._server._server.app = _one_at_a_time(self._server._server.app)
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        access = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=self.endpoint, **access).create_bucket(Bucket="clips")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def fresh_url(self) -> str:
        """A prefix that nobody has used: all of moto's servers in a process serve the same buckets."""
        return f"s3://clips/test-{secrets.token_hex(8)}"

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Options of the store that reach this server."""
        given = {"endpoint_url": self.endpoint, "key": "tests", "secret": "tests"}
        return tuple((name, json.dumps(value)) for name, value in given.items())


def _one_at_a_time(app: Callable[..., Any]) -> Callable[..., Any]:
    """moto answers requests in threads, and two that write the same object take each other's buffer away."""
    lock = threading.Lock()

    def answer(*asked: Any) -> Any:
        with lock:
            return app(*asked)

    return answer
