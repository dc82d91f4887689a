"""What lies in a queue and is no message of ours: put aside before it reaches anything that would break of it.

Every line of a queue is looked at as it comes from Redis, whole: Celery looks at its parts here and there, ends the
worker over some, and writes others into the log.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Annotated, Any, Literal

from kombu.transport import redis as transport
from pydantic import BaseModel, Field, Json, StrictInt, StrictStr, TypeAdapter, ValidationError
from pydantic.types import Base64Bytes
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger("anchor.workers")

ASIDE = "anchor:garbage"
"""The list in Redis, newest first."""
KEPT = 100
"""Lines that it holds."""
KEPT_BYTES = 65_536
"""Of each line."""
LONGEST_S = 1e7

_Text = Annotated[StrictStr, Field(min_length=1)]
_Index = Annotated[StrictInt, Field(ge=0, lt=1 << 31)]
_Seconds = Annotated[float, Field(gt=0, lt=LONGEST_S)]


class _Delivery(BaseModel):
    exchange: str
    routing_key: str


class _Properties(BaseModel):
    delivery_tag: _Text
    delivery_info: _Delivery
    body_encoding: Literal["base64"]


class _Headers(BaseModel):
    task: Literal["anchor.unit"]
    id: _Text
    eta: None = None
    expires: None = None
    timelimit: tuple[_Seconds | None, _Seconds | None] = (None, None)
    retries: Literal[0] = 0
    group: None = None


class _Message(BaseModel):
    """A line as `CeleryDispatcher` has it written."""

    body: Base64Bytes
    headers: _Headers
    properties: _Properties
    content_type: Annotated[Literal["application/json"], Field(alias="content-type")]
    content_encoding: Annotated[Literal["utf-8"], Field(alias="content-encoding")]


_LINE: TypeAdapter[_Message] = TypeAdapter(_Message)
_BODY: TypeAdapter[object] = TypeAdapter(Json[tuple[tuple[_Text, _Text, _Index], dict[str, None], dict[str, None]]])


def message_in(line: bytes | str) -> str | None:
    """The id of the message that a line of a queue holds; None: it is no message of ours."""
    try:
        found = _LINE.validate_json(line)
        _BODY.validate_python(found.body)
    except ValidationError:
        return None
    return found.headers.id


class Sorting(Redis):
    """A client to which a queue gives messages alone."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """The answer; of a line that is no message, the answer that there was none."""
        answer = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        if command_name == "BRPOP" and answer and message_in(answer[1]) is None:
            self._put_aside(*answer)
            return None
        return answer

    def _put_aside(self, queue: bytes, line: bytes) -> None:
        digest = hashlib.sha256(line).hexdigest()
        where = queue.partition(b"\x06")[0].decode(errors="replace")
        log.error("no message of ours in a queue", extra={"queue": where, "sha256": digest, "bytes": len(line)})
        try:
            with Redis(connection_pool=self.connection_pool) as client, client.pipeline() as asked:
                asked.lpush(ASIDE, line[:KEPT_BYTES]).ltrim(ASIDE, 0, KEPT - 1).execute()
        except RedisError as error:
            log.warning("not put aside", extra={"sha256": digest, "error": type(error).__name__})


def sort_out() -> None:
    """Have every Redis connection of this process sort so."""
    transport.Channel._get_client = lambda _: Sorting  # type: ignore[method-assign]
