"""`anchor check`: the quality report of a finished file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.options import JsonOption
from anchor.core.errors import MediaError, Place, QualityError
from anchor.core.quality import CheckReport

if TYPE_CHECKING:
    from rich.text import Text


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.mp4", help="A finished clip.")],
    json: JsonOption = False,
) -> None:
    """Measure a finished file: frames, sync, loudness, black, freeze, silence, captions.

    With the clip's own manifest beside it, the clip is held to what was planned; else to general limits.
    """
    with guarded(as_json=json):
        if not file.is_file():
            raise MediaError("no such file", hint="check the path", place=Place(file=str(file)))
        from anchor.cli.environment import settings
        from anchor.media.check import check_file
        from anchor.media.tool import find_ffmpeg
        from anchor.pipeline.deliver.expectation import expectation_of

        report = check_file(find_ffmpeg(settings().ffmpeg), file, expectation_of(file))
        if json:
            say(report_document(report))
        else:
            show_report(report)
        if not report.passed:
            raise typer.Exit(QualityError.exit_status)


def report_document(report: CheckReport) -> dict[str, object]:
    """A quality report as JSON types."""
    items = [{"name": i.name, "measured": i.measured, "allowed": i.allowed, "passed": i.passed} for i in report.items]
    return {"passed": report.passed, "items": items}


def quality_line(report: CheckReport) -> Text:
    """The report in one line: what failed, or that nothing did."""
    from rich.text import Text

    failed = [item for item in report.items if not item.passed]
    if not failed:
        return Text.assemble("quality: ", ("passed", "green"), f", {len(report.items)} of {len(report.items)} checks")
    what = "; ".join(f"{item.name} {item.measured}, allowed {item.allowed}" for item in failed)
    return Text.assemble("quality: ", ("failed", "bold red"), f", {what}")


def show_report(report: CheckReport) -> None:
    """A quality report for a person."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("", "check", "measured", "allowed"):
        table.add_column(column)
    for item in report.items:
        sign = Text("✓", style="green") if item.passed else Text("✗", style="bold red")
        table.add_row(sign, Text(item.name), Text(item.measured), Text(item.allowed))
    console = stdout()
    console.print(table)
    console.print(quality_line(report))
