"""Workers with one thing wrong, as programs: `python -m tests.workers.rigged WHAT ARGUMENTS… -- WORKER'S ARGUMENTS`.

Everything else of them is the worker that goes on air.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.media import encode, process
from anchor.pipeline.graph import STAGES
from anchor.pipeline.programme import Made, Programme, function_of
from anchor.pipeline.services import Context
from anchor.store.store import Store
from workers import __main__ as worker
from workers import dispatcher, tasks

NEWER = 1000
"""Version of `render` in the newer Anchor."""
COARSE_CRF = "31"


def hold(folder: str) -> None:
    """Stop for ever just before the first result of each stage is kept; the file of the stage's name says who."""
    keep = Store.keep

    def held(store: Store, stage: str, key: str, value: object) -> None:
        if _first(Path(folder) / stage):
            signal.pause()
        keep(store, stage, key, value)

    Store.keep = held  # type: ignore[method-assign]


def poison(stage: str) -> None:
    """Die of every unit of a stage."""

    def die(*_: object) -> Made[object]:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    _replace_work(stage, die)


def stuck(stage: str, limit_s: str) -> None:
    """Never come back from a unit of a stage, which may take so long, and hear nothing."""
    STAGES[stage] = replace(STAGES[stage], limit_s=float(limit_s))

    def sleep(*_: object) -> Made[object]:
        while True:
            time.sleep(1)

    _replace_work(stage, sleep)


def broken(stage: str, folder: str) -> None:
    """The first unit of a stage finds its engine away once, then broken for good."""

    def fail(*_: object) -> Made[object]:
        if _first(Path(folder) / "away"):
            raise EngineUnavailable("the engine is away", hint="wait")
        raise EngineError("the engine says no to this text", hint="change the text")

    _replace_work(stage, fail)


def away(stage: str, folder: str) -> None:
    """A stage's engine is away at the first attempt."""
    work = function_of(STAGES[stage])

    def fail_once(of: Programme, index: int, context: Context) -> Made[object]:
        if _first(Path(folder) / "away"):
            raise EngineUnavailable("the engine is away", hint="wait")
        return work(of, index, context)

    _replace_work(stage, fail_once)


def killed(folder: str) -> None:
    """The system kills the first encoder that is fed pictures, as when memory runs out."""
    enter = process.Process.__enter__

    def entered(of: process.Process) -> process.Process:
        enter(of)
        if of._feed and _first(Path(folder) / "killed"):
            os.kill(of.pid, signal.SIGKILL)
        return of

    process.Process.__enter__ = entered  # type: ignore[method-assign]


def twins(folder: str) -> None:
    """Send every unit twice, and begin none before two workers have it."""
    send, execute_unit = dispatcher.CeleryDispatcher._send, tasks.execute_unit

    def twice(of: dispatcher.CeleryDispatcher, *what: Any) -> None:
        send(of, *what)
        send(of, *what)

    def together(job: str, stage: str, index: int, *rest: Any, **more: Any) -> Any:
        place = Path(folder) / f"{job}-{stage}-{index}"
        place.mkdir(exist_ok=True)
        (place / str(os.getpid())).touch()
        end = time.monotonic() + 5
        while len(list(place.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.001)
        return execute_unit(job, stage, index, *rest, **more)

    dispatcher.CeleryDispatcher._send = twice  # type: ignore[method-assign]
    tasks.execute_unit = together


def busy(folder: str) -> None:
    """Sweep all the time, with a lock that no child may inherit locked; the first unit of each stage dies at once."""
    lock = threading.Lock()
    sweep, execute_unit = dispatcher.CeleryDispatcher.sweep, tasks.execute_unit

    def sweep_long(of: dispatcher.CeleryDispatcher) -> int:
        with lock:
            time.sleep(0.3)
            return sweep(of)

    def lock_first(job: str, stage: str, index: int, *rest: Any, **more: Any) -> Any:
        if lock.acquire(timeout=3):
            lock.release()
        else:
            (Path(folder) / "locked").touch()
        if _first(Path(folder) / stage):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute_unit(job, stage, index, *rest, **more)

    worker.SWEEP_S = 0.001
    dispatcher.CeleryDispatcher.sweep = sweep_long  # type: ignore[method-assign]
    tasks.execute_unit = lock_first


def noisy() -> None:
    """Libraries write past the log, in every unit."""
    execute_unit = tasks.execute_unit

    def speak_up(*given: Any, **more: Any) -> Any:
        os.write(2, b"a C library's line\n")
        sys.stderr.write("a Python library's line\n")
        return execute_unit(*given, **more)

    tasks.execute_unit = speak_up


def newer() -> None:
    """An Anchor of which one stage has another version and makes other files."""
    STAGES["render"] = replace(STAGES["render"], version=NEWER)
    encode_args = encode.encode_args

    def coarser(*given: Any, **more: Any) -> Any:
        argv = list(encode_args(*given, **more))
        argv[argv.index("-crf") + 1] = COARSE_CRF
        return argv

    encode.encode_args = coarser


def _replace_work(stage: str, work: Callable[..., Made[object]]) -> None:
    globals()["rigged_work"] = work
    STAGES[stage] = replace(STAGES[stage], function=f"{__name__}:rigged_work")


def _first(path: Path) -> bool:
    """Whether nobody has been here; leaves the process id."""
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.write_text(str(os.getpid()))
    try:
        path.hardlink_to(mine)
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    return True


RIGS: dict[str, Callable[..., None]] = {
    rig.__name__: rig for rig in (hold, poison, stuck, broken, away, killed, twins, busy, noisy, newer)
}

if __name__ == "__main__":
    what, *given = sys.argv[1 : sys.argv.index("--")]
    RIGS[what](*given)
    sys.exit(worker.main(sys.argv[sys.argv.index("--") + 1 :]))
