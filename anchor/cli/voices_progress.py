"""How far the checking of recordings and a training are: a bar where a person watches, else a line a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from anchor.cli.guard import stderr
from anchor.cli.language import shown
from anchor.messages import Field as MessageField
from anchor.messages import Message, message

if TYPE_CHECKING:
    from anchor.workshop.voices.trainer import Tell, TrainingProgress

LINE_S = 60.0
Count = Callable[[int, int, str], None]


@contextmanager
def training_teller() -> Iterator[Tell]:
    """A callback for `train_voice`."""
    with _counting(message("cli.training"), message("cli.steps")) as count:
        yield lambda progress: count(progress.step, progress.steps, _note(progress))


@contextmanager
def checking_teller() -> Iterator[Callable[[int, int], None]]:
    """A callback for `prepare_recordings`."""
    with _counting(message("cli.checking"), message("cli.recordings")) as count:
        yield lambda done, total: count(done, total, "")


@contextmanager
def _counting(what: Message, unit: Message) -> Iterator[Count]:
    """A callback of (done, total, note)."""
    console = stderr()
    if not console.is_terminal:
        yield _Lines(what, unit)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(shown(what)),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn(shown(unit)),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(shown(what), total=None, note="")
        yield lambda done, total, note: bars.update(task, completed=done, total=total, note=shown(note))


class _Lines:
    """A line at once, then one a minute."""

    def __init__(self, what: Message, unit: Message) -> None:
        self._what, self._unit = what, unit
        self._last = -LINE_S

    def __call__(self, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_S:
            self._last = now
            counted: dict[str, MessageField] = {"what": self._what, "done": done, "total": total, "unit": self._unit}
            line = message("cli.counted-note", note=note, **counted) if note else message("cli.counted", **counted)
            stderr().print(shown(line), markup=False)


def _note(progress: TrainingProgress) -> Message:
    if progress.left_s is None:
        return message("cli.mel", loss=progress.loss)
    return message("cli.mel-left", loss=progress.loss, left=str(timedelta(seconds=round(progress.left_s))))
