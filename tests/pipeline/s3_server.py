"""An S3-compatible server for tests: moto's, in a thread, reached by HTTP on the loopback."""

from __future__ import annotations

import itertools
import json
from types import TracebackType
from typing import Self

import pytest


class Bucket:
    """A server with one bucket; use as a context manager."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        server = pytest.importorskip("moto.server")
        pytest.importorskip("s3fs")
        import boto3

        self._server = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
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
        """A prefix that nobody has used."""
        return f"s3://clips/test-{next(self._numbers)}"

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Options of the store that reach this server."""
        given = {"endpoint_url": self.endpoint, "key": "tests", "secret": "tests"}
        return tuple((name, json.dumps(value)) for name, value in given.items())
