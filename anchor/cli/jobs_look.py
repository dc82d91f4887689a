"""`anchor jobs list|show|watch|result`: how far jobs are, and what they made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.options import JsonOption, QuietOption
from anchor.core.errors import AnchorError, JobError
from anchor.core.job import JobState

if TYPE_CHECKING:
    from anchor.core.job import Job

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, or its beginning.")]


def attach(jobs: typer.Typer) -> None:
    """Add these commands to `anchor jobs`."""
    for command in (list_jobs, show, watch, result):
        jobs.command("list" if command is list_jobs else None)(command)


def list_jobs(
    state: Annotated[
        list[JobState] | None, typer.Option("--state", help="Only jobs in this state; repeatable.")
    ] = None,
    text: Annotated[str, typer.Option("--find", metavar="TEXT", help="Only jobs with this in title, key or id.")] = "",
    most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many at most.")] = 50,
    skip: Annotated[int, typer.Option("--skip", min=0, help="Leave out so many of the newest.")] = 0,
    json: JsonOption = False,
) -> None:
    """Jobs, newest first."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.cli.jobs_show import job_document, show_jobs
        from anchor.jobs.open_service import open_service

        service = open_service(settings())
        service.dispatcher.wake()
        found = service.list(states=state or (), text=text, skip=skip, most=most)
        if json:
            counts = {s.value: n for s, n in service.counts().items()}
            say({"jobs": [job_document(job) for job in found], "counts": counts})
        else:
            show_jobs(stdout(), found)


def show(job: JobArgument, json: JsonOption = False) -> None:
    """One job: state, how far it is, why it failed, what it made, who decided what."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.cli.jobs_show import audit_document, event_document, job_document, show_job
        from anchor.jobs.open_service import open_service

        service = open_service(settings())
        service.dispatcher.wake()
        found = service.get(job)
        events, audit = service.events(found.id), service.audit(found.id)
        if json:
            say(
                {
                    "job": job_document(found),
                    "events": [event_document(e) for e in events],
                    "audit": [audit_document(a) for a in audit],
                }
            )
        else:
            show_job(stdout(), found, events, audit)


def watch(job: JobArgument, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Follow a job until it is finished; Ctrl-C stops watching, not the job."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.cli.jobs_show import follow, job_document
        from anchor.jobs.open_service import open_service

        service = open_service(settings())
        service.dispatcher.wake()
        found = follow(service, service.get(job), quiet=quiet or json, stopped=stop.asked)
        if json:
            say({"job": job_document(found)})
        elif not quiet:
            stdout().print(f"{found.id}  {found.state}", markup=False)
        exit_as(found, waited=True, json=json)


def result(
    job: JobArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Copy the files into this folder; else say paths.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Call them NAME.mp4, NAME.srt …; the job's id if not given.")
    ] = "",
    final: Annotated[
        bool, typer.Option("--final", help="Only a clip that may go out: approved, its embargo passed; else exit 8.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """The finished clip with captions, poster and manifest."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.core.files import storage_errors
        from anchor.jobs.open_service import open_service
        from anchor.jobs.publishing import Folder, send_out

        service = open_service(settings())
        found = service.get(job)
        files = service.result(found.id, final=final)
        if out is not None:
            with storage_errors(out):
                out.mkdir(parents=True, exist_ok=True)
            files = tuple((k, Path(p)) for k, p in send_out(files, Folder(out), name or found.id, replace=True))
        if json:
            say({"job": found.id, "files": [{"kind": kind, "path": str(path)} for kind, path in files]})
        else:
            for kind, path in files:
                stdout().print(f"{kind:13} {path}", markup=False)


def exit_as(job: Job, *, waited: bool, json: bool) -> None:
    """End the program as the job ended, when somebody waited for it."""
    if not waited or job.state not in (JobState.FAILED, JobState.CANCELLED):
        return
    if not json and job.fault is not None:
        from anchor.cli.jobs_show import show_fault

        show_fault(stderr(), replace(job.fault, stage=""))
    raise typer.Exit(_exit_status(job.fault.code if job.fault else ""))


def _exit_status(code: str) -> int:
    waiting: list[type[AnchorError]] = [AnchorError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code and kind is not AnchorError:
            return kind.exit_status
        waiting += kind.__subclasses__()
    return JobError.exit_status
