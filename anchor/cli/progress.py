"""Stage events as progress bars on stderr, when a person watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anchor.cli.guard import stderr
from anchor.cli.language import language, shown
from anchor.core.events import Event, Notice, StageFailed, StageFinished, StageProgress, StageStarted
from anchor.messages import Language, message, named

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


STEP = "step"
"""Unit of work that is no stage of a clip: making a presenter, listening to a voice."""


class Bars:
    """One bar per stage; use as a context manager and pass `emit` to the pipeline."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._notices: list[Notice] = []
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        console = stderr()
        if not self._quiet and console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.description:10}"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TextColumn("{task.fields[unit]}"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}", style="dim"),
                console=console,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
        if not self._quiet:
            show_notices(self._notices)

    def emit(self, event: Event) -> None:
        """The pipeline's event sink."""
        if isinstance(event, Notice):
            self._notices.append(event)
        elif self._progress is not None:
            self._draw(self._progress, event)

    def _draw(self, bars: Progress, event: StageStarted | StageProgress | StageFinished | StageFailed) -> None:
        if isinstance(event, StageStarted):
            total = event.total or None
            self._tasks[event.stage] = bars.add_task(shown(_name(event)), total=total, unit=_units(event), note="")
        elif isinstance(event, StageProgress):
            bars.update(self._tasks[event.stage], completed=event.done, total=event.total or None)
        elif isinstance(event, StageFinished):
            note = shown(message("cli.from-the-cache")) if event.cached else ""
            bars.update(self._tasks[event.stage], note=note)
            bars.stop_task(self._tasks[event.stage])
        else:
            bars.update(self._tasks[event.stage], note=shown(message("cli.failed")))


def stage_teller(bars: Bars) -> Callable[[str, int, int], None]:
    """A callback of (stage, done, total) that draws one bar a stage."""
    begun: dict[str, float] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in begun:
            begun[stage] = time.monotonic()
            bars.emit(StageStarted(stage, total, STEP))
        bars.emit(StageProgress(stage, done, total, "step"))
        if total and done >= total:
            bars.emit(StageFinished(stage, time.monotonic() - begun[stage], False))

    return tell


def _name(event: StageStarted) -> str:
    return named("step", event.stage) if event.unit == STEP else stage_name(event.stage)


def stage_name(stage: str) -> str:
    """A stage of a clip for people."""
    return named("stage", stage)


def _units(event: StageStarted) -> str:
    if language() is Language.CHINESE:
        return shown(named("unit", event.unit))
    return event.unit if event.total == 1 else f"{event.unit}s"


def show_notices(notices: list[Notice]) -> None:
    """Notices for a person, one line each."""
    from rich.text import Text

    console = stderr()
    for notice in notices:
        where = shown(notice.place.message) if notice.place is not None else ""
        head = (shown(message("cli.notice")), "yellow")
        console.print(Text.assemble(head, f" ({notice.code}){where and f' {where}:'} {shown(notice.text)}"))
