"""Jobs as JSON types, as lines for people, and as a bar that follows one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from anchor.cli.guard import stderr
from anchor.core.embargo import embargo_text, is_held, wait_text
from anchor.core.errors import JobCancelled
from anchor.jobs.states import ACTIVE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from anchor.core.job import AuditEntry, Job, JobEvent
    from anchor.jobs.service import JobService

LOOK_S = 0.25
"""How often a followed job is asked for its events."""
WAKE_S = 5.0
"""How often somebody who waits makes sure that somebody works."""


def job_document(job: Job) -> dict[str, object]:
    """A job as JSON types."""
    fault = job.fault
    return {
        "id": job.id,
        "key": job.key or None,
        "digest": job.digest,
        "title": job.title,
        "state": job.state.value,
        "priority": job.priority.value,
        "created": time_text(job.created_ms),
        "started": time_text(job.started_ms),
        "finished": time_text(job.finished_ms),
        "embargo": job.embargo or None,
        "percent": job.percent,
        "done": job.done,
        "total": job.total,
        "fault": {
            "code": fault.code,
            "message": fault.message,
            "hint": fault.hint,
            "retryable": fault.retryable,
            "stage": fault.stage or None,
            "index": fault.index,
        }
        if fault
        else None,
        "files": [{"kind": o.kind, "sha256": o.artifact.digest, "bytes": o.artifact.size} for o in job.outputs],
    }


def event_document(event: JobEvent) -> dict[str, object]:
    """An event as JSON types."""
    return {"number": event.number, "at": time_text(event.at_ms), "kind": event.kind, **dict(event.facts)}


def audit_document(entry: AuditEntry) -> dict[str, object]:
    """An audit line as JSON types."""
    return {
        "job": entry.job,
        "at": time_text(entry.at_ms),
        "who": entry.who,
        "action": entry.action,
        "reason": entry.reason,
    }


def time_text(at_ms: int) -> str | None:
    """ISO 8601 in UTC, or None where it has not happened."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds") if at_ms else None


def show_jobs(console: Console, jobs: Sequence[Job]) -> None:
    """A table, one line a job."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not jobs:
        console.print("no jobs; anchor jobs submit SCRIPT makes one")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("job", "state", "%", "priority", "submitted", "title"):
        table.add_column(name, justify="right" if name == "%" else "left", no_wrap=name != "title")
    for job in jobs:
        when = datetime.fromtimestamp(job.created_ms / 1000, UTC).astimezone().strftime("%m-%d %H:%M:%S")
        state = Text(job.state.value, style="red" if job.fault else "")
        table.add_row(job.id, state, str(job.percent), job.priority.value, when, Text(job.title))
    console.print(table)


def show_job(console: Console, job: Job, events: Sequence[JobEvent], audit: Sequence[AuditEntry]) -> None:
    """All that a person wants to know of one job."""
    show_jobs(console, [job])
    if job.fault:
        where = f" in {job.fault.stage} {job.fault.index}" if job.fault.stage else ""
        console.print(f"{job.fault.code}{where}: {job.fault.message}", style="red", markup=False)
        console.print(f"  what to do: {job.fault.hint}", markup=False)
    if job.embargo:
        now = datetime.now(UTC)
        left = f"for {wait_text(job.embargo, now)} more" if is_held(job.embargo, now) else "passed"
        console.print(f"embargo: {embargo_text(job.embargo)}, {left}", markup=False)
    units = [dict(e.facts) for e in events if e.kind == "unit"]
    made = [u for u in units if u.get("state") == "done"]
    cached = sum(bool(u.get("cached")) for u in made)
    seconds = sum(float(u.get("seconds") or 0) for u in made)
    console.print(f"units:   {job.done} of {job.total} done, {cached} from the store, {seconds:.1f} s of work")
    for output in job.outputs:
        console.print(f"  {output.kind:13} {output.artifact.size:>12,} bytes", markup=False)
    for event in events:
        if event.kind == "notice":
            facts = dict(event.facts)
            console.print(f"notice ({facts['code']}) {facts.get('place') or ''} {facts['text']}", markup=False)
    for entry in reversed(audit):
        why = f": {entry.reason}" if entry.reason else ""
        console.print(f"  {time_text(entry.at_ms)}  {entry.action} by {entry.who or '?'}{why}", markup=False)


def follow(service: JobService, job: Job, *, quiet: bool, stopped: Callable[[], bool]) -> Job:
    """Wait until nothing of a job goes on any more, with a bar where a person watches.

    Raises:
        JobCancelled: Ctrl-C; the job goes on.
    """
    console = stderr()
    bar = None if quiet or not console.is_terminal else _bar(console)
    seen, woke = 0, time.monotonic()
    with bar or nullcontext():
        task = bar.add_task(job.state.value, total=100, note="") if bar else None
        while True:
            job = service.get(job.id)
            for event in service.events(job.id, seen):
                seen = event.number
                facts = dict(event.facts)
                if bar and task is not None and event.kind in ("unit", "retry"):
                    note = f"{facts['stage']} {facts['index']} {facts.get('state', 'again')}"
                    bar.update(task, note=note)
            if bar and task is not None:
                bar.update(task, description=job.state.value, completed=job.percent)
            if job.state not in ACTIVE:
                return job
            if time.monotonic() - woke > WAKE_S:
                woke = time.monotonic()
                service.dispatcher.wake()
            if stopped():
                raise JobCancelled("no longer waiting; the job goes on")
            time.sleep(LOOK_S)


def _bar(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:10}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console,
    )
