"""`anchor check`: the quality report of a finished file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import in_a_row, shown
from anchor.cli.options import JsonOption
from anchor.core.errors import MediaError, Place, QualityError
from anchor.core.quality import CheckItem, CheckReport
from anchor.messages import Language, Message, message, text_in

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
            hint = message("cli.check-path")
            raise MediaError(message("cli.no-such-file"), hint=hint, place=Place(file=str(file)))
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
    return {"passed": report.passed, "items": [_item_document(item) for item in report.items]}


def _item_document(item: CheckItem) -> dict[str, object]:
    texts = {
        language.value: {"measured": text_in(item.measured, language), "allowed": text_in(item.allowed, language)}
        for language in Language
    }
    return {
        "name": item.name,
        "measured": item.measured,
        "allowed": item.allowed,
        "passed": item.passed,
        "texts": texts,
    }


def quality_line(report: CheckReport) -> Text:
    """The report in one line: what failed, or that nothing did."""
    from rich.text import Text

    failed = [item for item in report.items if not item.passed]
    verdict = message("cli.not-passed" if failed else "cli.passed")
    if failed:
        line = message("cli.quality-failed", verdict=verdict, faults=in_a_row(map(_failed, failed)))
    else:
        line = message("cli.quality-passed", verdict=verdict, count=len(report.items))
    text = Text(shown(line))
    start = text.plain.index(shown(verdict))
    text.stylize("bold red" if failed else "green", start, start + len(shown(verdict)))
    return text


def _failed(item: CheckItem) -> Message:
    return message("cli.failed-check", name=item.name, measured=item.measured, allowed=item.allowed)


def show_report(report: CheckReport) -> None:
    """A quality report for a person."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column()
    for column in ("cli.column-check", "cli.column-measured", "cli.column-allowed"):
        table.add_column(shown(message(column)))
    for item in report.items:
        sign = Text("✓", style="green") if item.passed else Text("✗", style="bold red")
        table.add_row(sign, Text(item.name), Text(shown(item.measured)), Text(shown(item.allowed)))
    console = stdout()
    console.print(table)
    console.print(quality_line(report))
