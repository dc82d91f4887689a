"""`anchor gc`: old jobs and files that nobody needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.messages import message


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would go, and delete nothing.")] = False,
    keep_days: Annotated[
        float | None, typer.Option("--keep-days", min=0, help="Keep finished jobs for so many days; 30 if not given.")
    ] = None,
    keep_gb: Annotated[
        float | None, typer.Option("--keep-gb", min=0, help="Finished jobs may hold so many GB; the oldest go first.")
    ] = None,
    unused_days: Annotated[
        float | None,
        typer.Option("--unused-days", min=0, help="Files that no job needs go after so many days; as --keep-days."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Delete old finished jobs, and files that no job needs.

    Jobs that wait, run or are under review stay with all their files, whatever their age. What went can be made
    again from the script. Files of the last hour stay: somebody may be using them.
    """
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.environment import settings
        from anchor.jobs.retention import sweep

        freed = sweep(settings(), keep_days=keep_days, keep_gb=keep_gb, unused_days=unused_days, dry=dry_run)
        if json:
            say(
                {
                    "dry_run": dry_run,
                    "jobs": list(freed.jobs),
                    "files": freed.files,
                    "freed_bytes": freed.bytes,
                    "kept_files": freed.kept_files,
                    "kept_bytes": freed.kept_bytes,
                }
            )
            return
        gone = "cli.gc-would" if dry_run else "cli.gc-gone"
        console = stdout()
        line = message(gone, jobs=len(freed.jobs), files=freed.files, size=size_text(freed.bytes))
        console.print(shown(line), markup=False)
        line = message("cli.gc-stay", files=freed.kept_files, size=size_text(freed.kept_bytes))
        console.print(shown(line), markup=False)
