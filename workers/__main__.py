"""`python -m workers`: one worker of a farm, until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import time

from celery import signals
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.log import log_to_stderr
from anchor.settings import Settings, settings_from
from workers.app import QUEUES, make_app
from workers.broker import Marks
from workers.dispatcher import CeleryDispatcher
from workers.tasks import Hands, add_task

log = logging.getLogger("anchor.workers")

SWEEP_S = 2.0


def main(argv: list[str]) -> int:
    """Run a worker; gives the exit status."""
    options = _options(argv)
    log_to_stderr()
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
    signals.worker_ready.connect(lambda **_: _begin_sweeping(settings, hands), weak=False)
    log.info("worker starts", extra={"queues": options.queues, "concurrency": options.concurrency})
    app.worker_main(
        [
            "worker",
            f"--queues={options.queues}",
            f"--concurrency={options.concurrency}",
            f"--hostname=anchor-{os.getpid()}@%h",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
        ]
    )
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers", description="One worker of a farm.")
    parser.add_argument("--queues", default=",".join(QUEUES), help="which queues, joined by commas")
    parser.add_argument("--concurrency", type=int, default=1, help="units side by side")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.queues.split(",")) - set(QUEUES))
    if unknown:
        parser.error(f"no queue {', '.join(unknown)}; there are: {', '.join(QUEUES)}")
    if options.concurrency < 1:
        parser.error("--concurrency begins at 1")
    return options


def _keep_log(**_: object) -> None:
    """Celery leaves the log alone when somebody answers this signal."""


def _begin_sweeping(settings: Settings, hands: Hands) -> None:
    def sweep() -> None:
        marks, dispatcher = Marks(settings.redis), CeleryDispatcher(settings)
        while not hands.stopping.is_set():
            try:
                if marks.alone("sweep", SWEEP_S):
                    dispatcher.sweep()
            except (AnchorError, RedisError) as error:
                log.warning("no sweep", extra={"error": type(error).__name__})
            time.sleep(SWEEP_S)

    threading.Thread(target=sweep, name="sweep", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
