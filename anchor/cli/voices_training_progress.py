"""How far a training is: a bar where a person watches, else a line a minute."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from anchor.cli.guard import stderr

if TYPE_CHECKING:
    from anchor.speech.training_run import Tell, TrainingProgress

LINE_S = 60.0


@contextmanager
def training_teller() -> Iterator[Tell]:
    """A callback for `train_voice`."""
    console = stderr()
    if not console.is_terminal:
        yield _Lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("training", total=None, note="loading")

        def tell(progress: TrainingProgress) -> None:
            bars.update(task, completed=progress.step, total=progress.steps, note=_note(progress))

        yield tell


class _Lines:
    """A line at once, then one a minute."""

    def __init__(self) -> None:
        self._last = -LINE_S

    def __call__(self, progress: TrainingProgress) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_S:
            self._last = now
            stderr().print(f"step {progress.step} of {progress.steps}, {_note(progress)}", markup=False)


def _note(progress: TrainingProgress) -> str:
    left = "" if progress.left_s is None else f", {timedelta(seconds=round(progress.left_s))} left"
    return f"mel {progress.loss:.1f}{left}"
