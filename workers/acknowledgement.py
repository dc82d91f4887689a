"""Acknowledging a message while Redis is away.

kombu keeps a message that it could not acknowledge in the count of what the worker is busy with, and the client
reconnects without telling it. After an outage the worker would stay busy with what it has long done and take nothing
more. Here it lets go: the message is delivered again one day, finds its unit done, and ends.
"""

from __future__ import annotations

from kombu.transport import redis as transport
from kombu.transport.virtual import QoS
from redis.exceptions import RedisError


class LettingGo(transport.QoS):
    """Redis's account of unacknowledged messages, without those that an outage left in it."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, or at least no longer count."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


def let_go() -> None:
    """Have every Redis connection of this process account so."""
    transport.Channel.QoS = LettingGo
