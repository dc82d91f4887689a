"""`anchor jobs cancel|retry|approve|reject`: what people do to jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.jobs_look import JobArgument
from anchor.cli.options import Json

if TYPE_CHECKING:
    from anchor.core.job import Job
    from anchor.jobs.service import JobService

By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who decides, for the audit trail; the user of this machine if not.")
]


def attach(jobs: typer.Typer) -> None:
    """Add these commands to `anchor jobs`."""
    for command in (cancel, retry, approve, reject):
        jobs.command()(command)


def cancel(
    job: JobArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Stop a job; within two seconds nothing of it runs, and nothing half-made stays."""
    _change(json, by, lambda service, who: service.cancel(job, who=who, reason=reason))


def retry(job: JobArgument, by: By = "", json: Json = False) -> None:
    """Go on with a failed or cancelled job; what is done is not done again."""
    _change(json, by, lambda service, who: service.retry(job, who=who))


def approve(
    job: JobArgument,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark for the audit trail.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Say that a finished clip may go on air."""
    _change(json, by, lambda service, who: service.approve(job, who=who, reason=note))


def reject(
    job: JobArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What has to be corrected.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Say that a finished clip may not go on air, and why."""
    _change(json, by, lambda service, who: service.reject(job, who=who, reason=reason))


def _change(json: bool, by: str, change: Callable[[JobService, str], Job]) -> None:
    with guarded(as_json=json):
        from anchor.cli.jobs_show import job_document
        from anchor.cli.surroundings import settings, user_name
        from anchor.jobs.opening import open_service

        job = change(open_service(settings()), by or user_name())
        if json:
            say({"job": job_document(job)})
        else:
            stdout().print(f"{job.id}  {job.state}", markup=False)
