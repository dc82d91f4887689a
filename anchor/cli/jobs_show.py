"""Jobs as JSON types, as lines for people, and as a bar that follows one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from anchor.cli.faults import said_document, text_document
from anchor.cli.guard import stderr
from anchor.cli.language import shown
from anchor.cli.progress import stage_name
from anchor.core.embargo import embargo_text, is_held, wait_text
from anchor.core.errors import JobCancelled
from anchor.jobs.states import ACTIVE
from anchor.messages import message, message_from

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from anchor.core.job import AuditEntry, Job, JobEvent, JobFault
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
        "fault": _fault_document(fault) if fault else None,
        "files": [{"kind": o.kind, "sha256": o.artifact.digest, "bytes": o.artifact.size} for o in job.outputs],
    }


def _fault_document(fault: JobFault) -> dict[str, object]:
    return {
        "code": fault.code,
        **said_document(fault.message, fault.hint),
        "retryable": fault.retryable,
        "stage": fault.stage or None,
        "index": fault.index,
    }


def event_document(event: JobEvent) -> dict[str, object]:
    """An event as JSON types."""
    facts: dict[str, object] = dict(event.facts)
    if event.kind == "notice":
        text, place = _notice_text(facts), _place_text(facts)
        facts = {**facts, **text_document(text), "place": place}
        facts.pop("message", None)
    return {"number": event.number, "at": time_text(event.at_ms), "kind": event.kind, **facts}


def _notice_text(facts: Mapping[str, object]) -> str:
    return message_from(facts.get("message") or facts["text"])


def _place_text(facts: Mapping[str, object]) -> str:
    return message_from(facts.get("place") or "")


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


_COLUMNS = (
    *("cli.column-job", "cli.column-state", "%", "cli.column-priority"),
    *("cli.column-submitted", "cli.column-title"),
)


def show_jobs(console: Console, jobs: Sequence[Job]) -> None:
    """A table, one line a job."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not jobs:
        console.print(shown(message("cli.no-jobs")), markup=False)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        head = shown(message(column)) if column != "%" else column
        table.add_column(head, justify="right" if column == "%" else "left", no_wrap=column != "cli.column-title")
    for job in jobs:
        when = datetime.fromtimestamp(job.created_ms / 1000, UTC).astimezone().strftime("%m-%d %H:%M:%S")
        state = Text(job.state.value, style="red" if job.fault else "")
        table.add_row(job.id, state, str(job.percent), job.priority.value, when, Text(job.title))
    console.print(table)


def show_job(console: Console, job: Job, events: Sequence[JobEvent], audit: Sequence[AuditEntry]) -> None:
    """All that a person wants to know of one job."""
    show_jobs(console, [job])
    if job.fault:
        show_fault(console, job.fault)
    if job.embargo:
        now = datetime.now(UTC)
        when = embargo_text(job.embargo)
        if is_held(job.embargo, now):
            line = message("cli.embargo-left", when=when, wait=wait_text(job.embargo, now))
        else:
            line = message("cli.embargo-passed", when=when)
        console.print(shown(line), markup=False)
    units = [dict(e.facts) for e in events if e.kind == "unit"]
    made = [u for u in units if u.get("state") == "done"]
    cached = sum(bool(u.get("cached")) for u in made)
    seconds = sum(float(u.get("seconds") or 0) for u in made)
    line = message("cli.units", done=job.done, total=job.total, cached=cached, seconds=seconds)
    console.print(shown(line), markup=False)
    for output in job.outputs:
        line = message("cli.output", kind=output.kind, size=output.artifact.size)
        console.print(shown(line), markup=False)
    for event in events:
        if event.kind == "notice":
            facts = dict(event.facts)
            head, place, text = shown(message("cli.notice")), shown(_place_text(facts)), _notice_text(facts)
            console.print(f"{head} ({facts['code']}) {place} {shown(text)}", markup=False)
    for entry in reversed(audit):
        did = {"at": time_text(entry.at_ms) or "", "action": entry.action, "who": entry.who or "?"}
        line = message("cli.audit-why", why=entry.reason, **did) if entry.reason else message("cli.audit", **did)
        console.print(shown(line), markup=False)


def show_fault(console: Console, fault: JobFault) -> None:
    """Why a job failed: where, what, what to do."""
    if fault.stage:
        stage = stage_name(fault.stage)
        line = message("cli.fault-line-in", code=fault.code, stage=stage, index=fault.index, what=fault.message)
    else:
        line = message("cli.fault-line", code=fault.code, what=fault.message)
    console.print(shown(line), style="red", markup=False)
    console.print(f"{shown(message('cli.what-to-do'))}{shown(fault.hint)}", markup=False)


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
                    state = str(facts["state"]) if "state" in facts else message("cli.again")
                    note = f"{shown(stage_name(str(facts['stage'])))} {facts['index']} {shown(state)}"
                    bar.update(task, note=note)
            if bar and task is not None:
                bar.update(task, description=job.state.value, completed=job.percent)
            if job.state not in ACTIVE:
                return job
            if time.monotonic() - woke > WAKE_S:
                woke = time.monotonic()
                service.dispatcher.wake()
            if stopped():
                raise JobCancelled(message("cli.no-longer-waiting"))
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
