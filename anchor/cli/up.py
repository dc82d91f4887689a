"""`anchor up`: broker and workers of one machine, in one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from anchor.cli.guard import guarded, stdout
from anchor.cli.language import shown
from anchor.cli.worker import require_farm, worker_argv
from anchor.core.errors import EngineUnavailable
from anchor.core.urls import public
from anchor.messages import message
from anchor.settings import Settings

POLL_S = 0.1
PATIENCE_S = 30.0
"""How long a worker may take to give back its units, and Redis to write its file."""
PAUSE_S = 2.0
"""Before a worker that ended by itself is started again."""


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
    with guarded() as stop, ExitStack() as stack:
        from anchor.cli.environment import settings as read_settings
        from anchor.jobs.database import data_folder
        from anchor.jobs.local_broker import lock_up

        require_farm()
        settings = read_settings()
        stack.enter_context(lock_up(settings))
        console = stdout()
        url = settings.redis or stack.enter_context(_broker(settings))
        console.print(f"redis:   {public(url)}", markup=False)
        log = data_folder(settings) / "worker.log"
        side_by_side = concurrency or max(1, (os.cpu_count() or 2) // 2)
        argv = worker_argv("cpu,gpu,render", side_by_side, health)
        console.print(shown(message("cli.up-worker", units=side_by_side, log=str(log))), markup=False)
        console.print(shown(message("cli.up-ready")), markup=False)
        while not stop.asked():
            with _started(argv, {**os.environ, "ANCHOR_REDIS": url}, log) as process:
                while process.poll() is None and not stop.asked():
                    time.sleep(POLL_S)
            if not stop.asked():
                console.print(shown(message("cli.up-worker-ended")), style="yellow", markup=False)
                time.sleep(PAUSE_S)
        console.print(shown(message("cli.up-stopped")), markup=False)


@contextmanager
def _broker(settings: Settings) -> Iterator[str]:
    """A Redis on a socket in the data folder, with an append-only file; gives its address."""
    from anchor.jobs.local_broker import broker_folder, broker_url

    program = shutil.which("redis-server")
    if program is None:
        raise EngineUnavailable(message("cli.no-redis"), hint=message("cli.install-redis"))
    url, folder = broker_url(settings), broker_folder(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = [
        *(program, "--port", "0", "--unixsocket", url.removeprefix("unix://"), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", "", "--loglevel", "warning"),
    ]
    with _started(argv, dict(os.environ), folder / "redis.log") as process:
        _wait_for_socket(Path(url.removeprefix("unix://")), process, folder / "redis.log")
        yield url


def _wait_for_socket(path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.is_socket():
        if process.poll() is not None or time.monotonic() > end:
            hint = message("cli.last-words", log=str(log))
            raise EngineUnavailable(message("cli.redis-does-not-start"), hint=hint)
        time.sleep(POLL_S)


@contextmanager
def _started(argv: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, so that Ctrl-C reaches it through us alone; it ends with the context."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
