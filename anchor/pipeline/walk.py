"""A walk over the graph in one process: units side by side in threads, told stage by stage."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from anchor.core.errors import AnchorError
from anchor.core.events import Emit, Event, Notice, StageFailed, StageFinished, StageProgress, StageStarted
from anchor.pipeline.graph import STAGES, Per, Unit, startable, units_of, up_to
from anchor.pipeline.programme import Made, Programme
from anchor.pipeline.stage_record import StageRecord


@dataclass
class _Told:
    """What has been told of one stage."""

    sizes: tuple[int, ...]
    """Of each unit: frames of a chunk, else 1."""
    unit: str
    begun: float
    done: list[float] = field(default_factory=list)
    said: int = 0
    finished: int = 0
    made: int = 0

    @property
    def total(self) -> int:
        return sum(self.sizes)


class Ledger:
    """One run's stages and notices, in front of the caller's event sink."""

    def __init__(self, sink: Emit) -> None:
        self.notices: list[Notice] = []
        self.stages: list[StageRecord] = []
        self._sink, self._lock = sink, threading.RLock()
        self._told: dict[str, _Told] = {}

    def emit(self, event: Event) -> None:
        """Hand an event on; a notice that was told of another segment already is not told again."""
        with self._lock:
            if isinstance(event, Notice):
                if event in self.notices:
                    return
                self.notices.append(event)
            self._sink(event)

    def begin(self, unit: Unit, programme: Programme) -> None:
        """A unit is being made."""
        per = STAGES[unit.stage].per
        with self._lock:
            if unit.stage in self._told:
                return
            sizes = tuple(map(len, programme.chunks)) if per is Per.CHUNK else (1,) * programme.sizes.of(per)
            told = _Told(sizes, "frame" if per is Per.CHUNK else per.value, time.perf_counter(), [0.0] * len(sizes))
            self._told[unit.stage] = told
            self.emit(StageStarted(unit.stage, told.total, told.unit))

    def hear(self, unit: Unit, event: Event) -> None:
        """What a running unit says of itself."""
        if not isinstance(event, StageProgress):
            self.emit(event)
        elif event.total:
            self._move(unit, event.done / event.total)

    def end(self, unit: Unit, cached: bool) -> None:
        """A unit is made, or was there."""
        told = self._told[unit.stage]
        self._move(unit, 1.0)
        told.finished, told.made = told.finished + 1, told.made + (not cached)
        if told.finished == len(told.sizes):
            record = StageRecord(unit.stage, time.perf_counter() - told.begun, not told.made)
            self.stages.append(record)
            self.emit(StageFinished(unit.stage, record.seconds, record.cached))

    def fail(self, unit: Unit, error: AnchorError) -> None:
        """A unit ends the run."""
        self.emit(StageFailed(unit.stage, error.code, error.message))

    def _move(self, unit: Unit, fraction: float) -> None:
        with self._lock:
            told = self._told[unit.stage]
            told.done[unit.index] = max(told.done[unit.index], min(fraction, 1.0))
            done = round(sum(part * size for part, size in zip(told.done, told.sizes, strict=True)))
            if done > told.said:
                told.said = done
                self._sink(StageProgress(unit.stage, done, told.total, told.unit))


class Walk:
    """Makes a programme's units as soon as they can start, in the order of the table."""

    def __init__(self, programme: Programme, ledger: Ledger) -> None:
        self.programme, self._ledger = programme, ledger
        self._done: set[Unit] = set()
        self._running: dict[Future[Made[Any]], Unit] = {}

    def to(self, *goals: str) -> None:
        """Make these stages and all that they need.

        The first error ends what runs beside it and is raised when nothing of the walk goes on any more.

        Raises:
            AnchorError: any of the tree.
        """
        stages = up_to(*goals)
        with ThreadPoolExecutor(1, "alone") as alone:
            try:
                while self._start(stages, alone):
                    finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                    for future in [f for f in self._running if f in finished]:  # in the order of the table
                        self._take(future, stages)
            except BaseException:
                self.programme.context.stopped.set()
                raise
            finally:
                for future in self._running:
                    future.cancel()
                wait(self._running)
                self._running.clear()

    def _start(self, stages: tuple[str, ...], alone: ThreadPoolExecutor) -> bool:
        """Begin what can begin; whether anything runs."""
        begun = set(self._running.values())
        for unit in startable(self._done, self.programme.sizes, stages):
            if unit not in begun:
                pool = alone if STAGES[unit.stage].alone else self.programme.services.pool
                self._running[pool.submit(self._make, unit)] = unit
        return bool(self._running)

    def _make(self, unit: Unit) -> Made[Any]:
        context = self.programme.context
        context.check_cancelled()
        self._ledger.begin(unit, self.programme)
        return self.programme.make(unit, replace(context, emit=lambda event: self._ledger.hear(unit, event)))

    def _take(self, future: Future[Made[Any]], stages: tuple[str, ...]) -> None:
        unit = self._running.pop(future)
        try:
            made = future.result()
        except AnchorError as error:
            self._ledger.fail(unit, error)
            raise
        self._done.add(unit)
        self._ledger.end(unit, made.cached)
        if STAGES[unit.stage].speaks and self._has_spoken(stages):
            self.programme.services.close_speech()  # what follows needs the memory

    def _has_spoken(self, stages: tuple[str, ...]) -> bool:
        speaking = [name for name in stages if STAGES[name].speaks]
        return all(unit in self._done for unit in units_of(self.programme.sizes, speaking))
