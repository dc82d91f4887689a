"""The Redis between front doors and workers: its addresses, and marks of what waits in its queues."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import redis

from anchor.core.errors import SettingsError
from anchor.core.urls import public
from anchor.messages import message
from anchor.pipeline.graph import Unit
from workers.garbage import message_in

ANSWER_S = 2.0
"""A Redis that has not answered by then is away."""
MARK_S = 24 * 3600
GRACE_S = 2.0
"""A marked unit that still waits after so long is looked for in the queues: a worker may have died with its message."""


def celery_url(url: str) -> str:
    """The broker's address as Celery writes it.

    Raises:
        SettingsError: not an address of a Redis.
    """
    parts = urlsplit(url)
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return url
    if parts.scheme == "unix" and parts.path:
        return f"redis+socket://{parts.path}?virtual_host={parse_qs(parts.query).get('db', ['0'])[0]}"
    raise SettingsError(message("workers.no-redis", url=public(url)), hint=message("workers.no-redis-hint"))


def open_redis(url: str) -> redis.Redis:
    """A client that gives up soon; nothing is sent before its first use."""
    celery_url(url)
    return redis.Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)


class Marks:
    """Which units have a message under way, so that nobody sends a second one beside it."""

    def __init__(self, url: str) -> None:
        self._redis = open_redis(url)

    def take(self, job: str, unit: Unit) -> bool:
        """Mark a unit as sent; False: it was."""
        return bool(self._redis.set(_name(job, unit), 1, nx=True, ex=MARK_S))

    def drop(self, job: str, unit: Unit) -> None:
        """Its message has arrived, or was not sent after all."""
        self._redis.delete(_name(job, unit))

    def drop_lost(self, units: Sequence[tuple[str, Unit]], queues: tuple[str, ...], steps: tuple[int, ...]) -> int:
        """Unmark waiting units that have no message: it went down with a worker before anything was done about it."""
        with self._redis.pipeline(transaction=False) as asked:
            for job, unit in units:
                asked.pttl(_name(job, unit))
            left_ms = asked.execute()
        old = [_name(*unit) for unit, left in zip(units, left_ms, strict=True) if 0 < left < (MARK_S - GRACE_S) * 1000]
        if not old:
            return 0
        there = self._names_in(queues, steps)
        lost = [name for name in old if name not in there]
        return int(self._redis.delete(*lost)) if lost else 0

    def _names_in(self, queues: tuple[str, ...], steps: tuple[int, ...]) -> set[str]:
        """Marks of all messages that wait."""
        found = set()
        for queue in queues:
            for step in steps:
                for waiting in self._redis.lrange(_list(queue, step), 0, -1):
                    found.add((message_in(waiting) or "").rpartition(":")[0])
        return found

    def alone(self, what: str, for_s: float) -> bool:
        """Whether this process may do something that one at a time should do."""
        return bool(self._redis.set(f"anchor:alone:{what}", 1, nx=True, px=int(for_s * 1000)))

    def waiting(self, queues: tuple[str, ...], steps: tuple[int, ...]) -> dict[str, int]:
        """Messages in each queue."""
        return {q: sum(int(self._redis.llen(_list(q, s))) for s in steps) for q in queues}


def _list(queue: str, step: int) -> str:
    """The list that holds one priority of a queue, as kombu names it."""
    return f"{queue}\x06\x16{step}" if step else queue


def message_id(job: str, unit: Unit) -> str:
    """An id for one message, which says what of."""
    return f"{_name(job, unit)}:{secrets.token_hex(4)}"


def _name(job: str, unit: Unit) -> str:
    return f"anchor:sent:{job}:{unit.stage}:{unit.index}"
