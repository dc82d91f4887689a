"""`anchor jobs …`: work that goes on when the terminal is closed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from anchor.cli import jobs_decide, jobs_look
from anchor.cli.guard import guarded, say, stdout
from anchor.cli.options import (
    AvatarOption,
    JsonOption,
    LookOption,
    NarrationOption,
    QuietOption,
    RenditionOption,
    ScriptArgument,
    VoiceOption,
)

jobs = typer.Typer(
    no_args_is_help=True,
    help="Make clips in the background: submit, watch, take the result, approve, publish.\n\n"
    "`anchor jobs submit a.md` says an id and comes back at once. The clip is made even when the terminal is closed; "
    "after a crash the next `anchor jobs` command goes on where the work stopped. "
    "The beginning of an id is enough wherever JOB stands.",
)


class Urgency(StrEnum):
    """Choices of `--priority`."""

    breaking = "breaking"
    normal = "normal"
    batch = "batch"


@jobs.command()
def submit(
    script: ScriptArgument,
    avatar: AvatarOption = None,
    voice: VoiceOption = None,
    look: LookOption = None,
    rendition: RenditionOption = None,
    narration: NarrationOption = None,
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="Same key, same job: submitting twice makes one clip.")
    ] = "",
    priority: Annotated[
        Urgency, typer.Option("--priority", help="breaking overtakes running jobs at their next unit of work.")
    ] = Urgency.normal,
    wait: Annotated[bool, typer.Option("--wait", help="Come back when it is finished; Ctrl-C only stops waiting.")] = (
        False
    ),
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put a script into the queue and say the job's id."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings, user_name
        from anchor.cli.jobs_show import follow, job_document
        from anchor.cli.script_input import narration_pairs, read_script

        read = read_script(script)
        recited = tuple((segment, str(Path(path).absolute())) for segment, path in narration_pairs(narration))

        from anchor.jobs.open_service import open_service
        from anchor.pipeline.plan.casting import Choices
        from anchor.pipeline.units import JobSpec

        service = open_service(settings())
        spec = JobSpec(read, Choices(avatar, voice, look, rendition, recited))
        job = service.submit(spec, key=key, priority=priority.value, who=user_name())
        if wait:
            job = follow(service, job, quiet=quiet or json, stopped=stop.asked)
        if json:
            say({"job": job_document(job)})
        elif not wait:
            stdout().print(job.id, markup=False)
        elif not quiet:
            stdout().print(f"{job.id}  {job.state}", markup=False)
        jobs_look.exit_as(job, waited=wait, json=json)


jobs_look.attach(jobs)
jobs_decide.attach(jobs)
