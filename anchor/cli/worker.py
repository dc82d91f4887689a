"""`anchor worker`: this process becomes a worker of a farm."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from anchor.cli.guard import guarded
from anchor.core.errors import EngineUnavailable, SettingsError
from anchor.messages import message


def worker(
    queues: Annotated[
        str, typer.Option("--queues", metavar="NAMES", help="Which queues, joined by commas: cpu, gpu, render.")
    ] = "cpu,gpu,render",
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, help="Units of work side by side.")] = 1,
    health: Annotated[
        str,
        typer.Option("--health", metavar="[HOST:]PORT", help="Answer /health, /ready and /metrics there."),
    ] = "",
) -> None:
    """Work on jobs from the Redis that ANCHOR_REDIS or `farm.redis` names, until SIGTERM or Ctrl-C.

    The log goes to stderr as JSON lines: ids and codes, no script text. A unit that is being made when the worker is
    told to stop is given back for others.
    """
    with guarded():
        from anchor.cli.environment import settings

        require_farm()
        if not settings().redis:
            raise SettingsError(message("cli.no-broker"), hint=message("cli.name-broker"))
    os.execv(sys.executable, worker_argv(queues, concurrency, health))


def worker_argv(queues: str, concurrency: int, health: str = "") -> list[str]:
    """The program of one worker."""
    more = [f"--health={health}"] if health else []
    return [sys.executable, "-m", "workers", f"--queues={queues}", f"--concurrency={concurrency}", *more]


def require_farm() -> None:
    """The packages of a farm.

    Raises:
        EngineUnavailable: they are not installed.
    """
    missing = [name for name in ("celery", "redis", "prometheus_client") if find_spec(name) is None]
    if missing:
        what = message("cli.farm-needs", packages=tuple(missing))
        raise EngineUnavailable(what, hint=message("cli.install-farm"))
