"""`python -m workers`: one worker of a farm, until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from typing import Any

from celery import signals
from celery.apps import worker as celery_worker
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.database import between_forks
from anchor.jobs.log import log_to_stderr
from anchor.jobs.oversight import Oversight
from anchor.messages import Message, language_of, message, text_in
from anchor.settings import Settings, settings_from
from anchor.store.owners import process_space
from workers.app import QUEUES, make_app
from workers.broker import Marks
from workers.dispatcher import CeleryDispatcher
from workers.health import parse_address, serve_health
from workers.tasks import Hands, add_task

log = logging.getLogger("anchor.workers")

SWEEP_S = 2.0
LOOK_S = 0.2
"""How often a worker looks after the processes of its machine."""


def main(argv: list[str]) -> int:
    """Run a worker; gives the exit status."""
    options = _options(argv)
    log_to_stderr(stray=True)
    _make_no_folder()
    try:
        settings = settings_from(os.environ)
        app = make_app(settings)
    except AnchorError as error:
        log.error("%s", error)
        return error.exit_status
    hands = Hands(settings, app)
    add_task(app, hands)
    signals.setup_logging.connect(_keep_log, weak=False)
    signals.worker_shutting_down.connect(lambda **_: hands.stopping.set(), weak=False)
    signals.worker_process_shutdown.connect(lambda **_: hands.close(), weak=False)
    signals.worker_ready.connect(lambda sender, **_: _begin_beside(settings, hands, options.health, sender), weak=False)
    log.info("worker starts", extra={"queues": options.queues, "concurrency": options.concurrency})
    celery_worker.safe_say = _say
    worker = app.Worker(
        hostname=f"anchor-{os.getpid()}@{socket.gethostname()}",
        queues=options.queues.split(","),
        concurrency=options.concurrency,
        pool="prefork",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _options(argv: list[str]) -> argparse.Namespace:
    language = language_of(os.environ)

    def said(text: Message) -> str:
        return text_in(text, language)

    parser = argparse.ArgumentParser(prog="python -m workers", description=said(message("workers.about")))
    parser.add_argument("--queues", default=",".join(QUEUES), help=said(message("workers.queues")))
    parser.add_argument("--concurrency", type=int, default=1, help=said(message("workers.concurrency")))
    parser.add_argument("--health", type=parse_address, help=said(message("workers.health")))
    options = parser.parse_args(argv)
    unknown = sorted(set(options.queues.split(",")) - set(QUEUES))
    if unknown:
        parser.error(said(message("workers.no-queue", unknown=tuple(unknown), known=tuple(QUEUES))))
    if options.concurrency < 1:
        parser.error(said(message("workers.no-concurrency")))
    return options


def _make_no_folder() -> None:
    """Celery's pool has its shared memory in files without a name; the folder that they would be made in stays behind
    whoever is killed, so they are made beside it."""
    multiprocessing.current_process()._config["tempdir"] = tempfile.gettempdir()  # type: ignore[attr-defined]


def _say(words: str, *_: object) -> None:
    """What Celery would write to the terminal when it is told to stop, as a line of the log."""
    log.info(words.strip())


def _keep_log(**_: object) -> None:
    """Celery leaves the log alone when somebody answers this signal."""


def _begin_beside(settings: Settings, hands: Hands, health: tuple[str, int] | None, consumer: Any) -> None:
    """What the worker's first process does while its pool works."""
    # Celery does this every five seconds; so long a dead pool process would keep its place.
    consumer.hub.call_repeatedly(LOOK_S, consumer.pool.maintain_pool)
    if health is not None:
        try:
            serve_health(settings, health)
        except OSError as error:
            log.error("no health endpoint at %s:%s: %s", *health, error.strerror)

    def sweep() -> None:
        marks, dispatcher = Marks(settings.redis), CeleryDispatcher(settings)
        while not hands.stopping.is_set():
            try:
                # A child of the pool must not inherit what this thread holds: the broker's client, a half-done import.
                with between_forks():
                    if marks.alone("sweep", SWEEP_S):
                        dispatcher.sweep()
            except (AnchorError, RedisError) as error:
                log.warning("no sweep", extra={"error": type(error).__name__})
            time.sleep(SWEEP_S)

    def look() -> None:
        oversight, dispatcher = Oversight(settings, process_space()), CeleryDispatcher(settings)
        while not hands.stopping.wait(LOOK_S):
            try:
                with between_forks():
                    for job in oversight.look():
                        dispatcher.dispatch(job)
            except AnchorError as error:
                log.warning("processes not looked after", extra={"error": type(error).__name__})

    for work in (sweep, look):
        threading.Thread(target=work, name=work.__name__, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
