"""`anchor jobs cancel|retry|approve|reject|publish`: what people do to jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.jobs_look import JobArgument
from anchor.cli.options import JsonOption

if TYPE_CHECKING:
    from anchor.core.job import Job
    from anchor.jobs.service import JobService

By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who decides, for the audit trail; the user of this machine if not.")
]


def attach(jobs: typer.Typer) -> None:
    """Add these commands to `anchor jobs`."""
    for command in (cancel, retry, approve, reject, publish):
        jobs.command()(command)


def cancel(
    job: JobArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail.")] = "",
    by: By = "",
    json: JsonOption = False,
) -> None:
    """Stop a job; within two seconds nothing of it runs, and nothing half-made stays."""
    _change(json, by, lambda service, who: service.cancel(job, who=who, reason=reason))


def retry(job: JobArgument, by: By = "", json: JsonOption = False) -> None:
    """Go on with a failed or cancelled job; what is done is not done again."""
    _change(json, by, lambda service, who: service.retry(job, who=who))


def approve(
    job: JobArgument,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark for the audit trail.")] = "",
    by: By = "",
    json: JsonOption = False,
) -> None:
    """Say that a finished clip may go on air."""
    _change(json, by, lambda service, who: service.approve(job, who=who, reason=note))


def reject(
    job: JobArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What has to be corrected.")],
    by: By = "",
    json: JsonOption = False,
) -> None:
    """Say that a finished clip may not go on air, and why."""
    _change(json, by, lambda service, who: service.reject(job, who=who, reason=reason))


def publish(
    job: JobArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="DIR|URL",
            help="A folder that is there, or s3://bucket/prefix, file:///mnt/air, sftp://host/path …; "
            "without it nothing is sent, and the job is only marked as gone out.",
        ),
    ] = "",
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="Call the files NAME.mp4, NAME.srt …; the job's id if not given."),
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Let another clip of that name give way.")] = False,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark for the audit trail.")] = "",
    by: By = "",
    json: JsonOption = False,
) -> None:
    """Send an approved clip out: video, captions, poster and manifest.

    The files show at their place only when all of them are there in whole, the video last; when anything fails,
    nothing half-written stays and the job stays approved: publish it again. A clip under embargo (解禁) is refused
    until its time. May be repeated for another place.

    anchor jobs approve 1a20 --by chen

    anchor jobs publish 1a20 --to /mnt/air --name evening
    """
    with guarded(as_json=json):
        from anchor.cli.environment import settings, user_name
        from anchor.cli.jobs_show import job_document
        from anchor.jobs.open_service import open_service

        service = open_service(settings())
        found, sent = service.publish(job, who=by or user_name(), reason=note, to=to, name=name, replace=replace)
        if json:
            say({"job": job_document(found), "files": [{"kind": kind, "path": place} for kind, place in sent]})
            return
        stdout().print(f"{found.id}  {found.state}", markup=False)
        for kind, place in sent:
            stdout().print(f"{kind:13} {place}", markup=False)


def _change(json: bool, by: str, change: Callable[[JobService, str], Job]) -> None:
    with guarded(as_json=json):
        from anchor.cli.environment import settings, user_name
        from anchor.cli.jobs_show import job_document
        from anchor.jobs.open_service import open_service

        job = change(open_service(settings()), by or user_name())
        if json:
            say({"job": job_document(job)})
        else:
            stdout().print(f"{job.id}  {job.state}", markup=False)
