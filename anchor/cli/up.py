"""`anchor up`: broker and workers of one machine, in one command."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, stdout
from anchor.cli.language import shown
from anchor.cli.supervision import PATIENCE_S, POLL_S, Kept, keep
from anchor.cli.worker import require_farm, worker_argv
from anchor.core.errors import EngineUnavailable
from anchor.core.urls import public
from anchor.messages import message
from anchor.settings import Settings

if TYPE_CHECKING:
    from anchor.jobs.local_broker import UpLock


def up(
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=0, help="Units of work side by side; 0: one for each two cores.")
    ] = 0,
    health: Annotated[
        str,
        typer.Option("--health", metavar="[HOST:]PORT", help="Answer /health, /ready and /metrics there."),
    ] = "",
) -> None:
    """Work on jobs on this machine until Ctrl-C: a Redis of its own where ANCHOR_REDIS names none, and a worker.

    While it runs, `anchor jobs` on this machine uses it. What is unfinished when it stops goes on with the next start.
    """
    with guarded() as stop:
        from anchor.cli.environment import settings as read_settings
        from anchor.jobs.database import data_folder
        from anchor.jobs.local_broker import broker_url, lock_up

        require_farm()
        settings = read_settings()
        console = stdout()
        with ExitStack() as stack:
            lock = stack.enter_context(lock_up(settings))
            kept: dict[str, Kept] = {}
            if not settings.redis:
                kept["redis"] = stack.enter_context(_broker(settings, lock))
            url = settings.redis or broker_url(settings)
            console.print(f"redis:   {public(url)}", markup=False)
            log = data_folder(settings) / "worker.log"
            side_by_side = concurrency or max(1, (os.cpu_count() or 2) // 2)
            argv = worker_argv("cpu,gpu,render", side_by_side, health)
            console.print(shown(message("cli.up-worker", units=side_by_side, log=str(log))), markup=False)
            console.print(shown(message("cli.up-ready")), markup=False)
            kept["worker"] = stack.enter_context(Kept(tuple(argv), {**os.environ, "ANCHOR_REDIS": url}, log, lock))
            keep(kept, stop.asked, lambda name: console.print(shown(_ended(name)), style="yellow", markup=False))
        console.print(shown(message("cli.up-stopped")), markup=False)


def _ended(name: str) -> str:
    return message("cli.up-redis-ended") if name == "redis" else message("cli.up-worker-ended")


@contextmanager
def _broker(settings: Settings, lock: UpLock) -> Iterator[Kept]:
    """A Redis on a socket in the data folder, with an append-only file; answers when it is given."""
    from anchor.jobs.local_broker import broker_folder, broker_url

    program = shutil.which("redis-server")
    if program is None:
        raise EngineUnavailable(message("cli.no-redis"), hint=message("cli.install-redis"))
    url, folder = broker_url(settings), broker_folder(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = (
        *(program, "--port", "0", "--unixsocket", url.removeprefix("unix://"), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", "", "--loglevel", "warning"),
    )
    Path(url.removeprefix("unix://")).unlink(missing_ok=True)
    with Kept(argv, os.environ, folder / "redis.log", lock) as redis:
        _wait_for_socket(Path(url.removeprefix("unix://")), redis)
        yield redis


def _wait_for_socket(path: Path, redis: Kept) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.is_socket():
        if redis.has_ended() or time.monotonic() > end:
            hint = message("cli.last-words", log=str(redis.log))
            raise EngineUnavailable(message("cli.redis-does-not-start"), hint=hint)
        time.sleep(POLL_S)
