"""The trainer's process: started, watched by the curve that it writes, stopped so that it can go on later."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anchor.core.errors import EngineError, JobCancelled, MediaError
from anchor.media.process import Cancelled, Process
from anchor.messages import message

WORKER = "anchor.workshop.voices.train_worker"
CURVE, STOP, LOG = "curve.tsv", "stop", "train.log"
"""Files in the folder of the work."""
PATIENCE_S = 120.0
"""How long a step and the saving after it may take before the process is ended where it is."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far training is."""

    step: int
    steps: int
    loss: float
    """Distance of the made sound from the recording over mel bands, as the toolkit weighs it (45 × L1)."""
    left_s: float | None
    """Until the last step, at the pace of this run; None: not known yet."""


Tell = Callable[[TrainingProgress], None]


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A row of the curve."""

    step: int
    seconds: float
    """Of training, all runs together."""
    loss: float


def read_curve(path: Path) -> tuple[CurveRow, ...]:
    """The curve so far; a row that is only half written is left out."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return ()
    rows = [line.split("\t") for line in lines[1:-1]]
    return tuple(CurveRow(int(row[0]), float(row[1]), float(row[2])) for row in rows)


def run_trainer(job: Path, work: Path, steps: int, cancelled: Cancelled | None, tell: Tell | None) -> None:
    """Run the trainer on a job to its end.

    Raises:
        EngineError: it failed; says where its log is.
        JobCancelled: it was stopped and saved where it was.
    """
    (work / STOP).unlink(missing_ok=True)
    watch = _Watcher(work, steps, cancelled, tell)
    try:
        with Process((sys.executable, "-m", WORKER, str(job))) as process:
            process.wait(watch)
    except MediaError as error:
        if watch.asked_at is not None:
            raise watch.stopped() from error
        last = error.stderr[-1] if error.stderr else message("voices.no-word")
        hint = message("voices.see-the-log", log=str(work / LOG))
        raise EngineError(message("voices.trainer-failed", said=last), hint=hint) from error
    except JobCancelled as error:
        raise watch.stopped() from error
    finally:
        (work / STOP).unlink(missing_ok=True)


class _Watcher:
    """Asked twenty times a second whether the process is to be ended: tells the progress, passes on a wish to stop."""

    def __init__(self, work: Path, steps: int, cancelled: Cancelled | None, tell: Tell | None) -> None:
        self._work, self._steps, self._cancelled, self._tell = work, steps, cancelled, tell
        self._before = len(read_curve(work / CURVE))
        self._looked = 0.0
        self.asked_at: float | None = None

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._tell is not None and now - self._looked >= 1.0:
            self._looked = now
            self._look(self._tell)
        if self.asked_at is None and self._cancelled is not None and self._cancelled():
            self.asked_at = now
            (self._work / STOP).touch()
        return self.asked_at is not None and now - self.asked_at > PATIENCE_S

    def _look(self, tell: Tell) -> None:
        rows = read_curve(self._work / CURVE)[self._before :]
        if not rows:
            return
        first, last = rows[0], rows[-1]
        done = last.step - first.step
        left = (last.seconds - first.seconds) / done * max(0, self._steps - last.step) if done > 0 else None
        tell(TrainingProgress(last.step, self._steps, last.loss, left))

    def stopped(self) -> JobCancelled:
        """What to say when it was stopped."""
        rows = read_curve(self._work / CURVE)
        hint = message("voices.go-on-from-there")
        if not rows:
            return JobCancelled(message("voices.stopped"), hint=hint)
        return JobCancelled(message("voices.stopped-at", step=rows[-1].step, steps=self._steps), hint=hint)
