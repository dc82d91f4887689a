"""`anchor render`: a script becomes a finished clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
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
from anchor.core.embargo import embargo_text
from anchor.core.errors import QualityError
from anchor.messages import Message, message

if TYPE_CHECKING:
    from anchor.core.script import Script
    from anchor.pipeline.run import RenderResult
    from anchor.pipeline.stage_record import StageRecord


def render(
    script: ScriptArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT.mp4", help="The clip; SCRIPT's name and .mp4 if not given."),
    ] = None,
    avatar: AvatarOption = None,
    voice: VoiceOption = None,
    look: LookOption = None,
    rendition: RenditionOption = None,
    narration: NarrationOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a finished clip: video, captions, poster and a manifest beside it."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.cli.paths import check_output
        from anchor.cli.progress import Bars
        from anchor.cli.script_input import narration_pairs, read_script

        read = read_script(script)
        recited = narration_pairs(narration)
        recordings = tuple(Path(path) for _, path in recited)
        name = "out" if script == "-" else Path(script).stem
        target = check_output(
            out or Path(f"{name}.mp4"), (".mp4",), (*sources_of(script, read), *recordings), beside=True
        )

        from anchor.pipeline.run import Choices, render_script
        from anchor.pipeline.services import Services

        choices = Choices(avatar, voice, look, rendition, recited)
        with Bars(quiet=quiet or json) as bars, Services(settings()) as services:
            result = render_script(read, choices, target, services, bars.emit, stop.asked)
        if json:
            say(result_document(result) | {"embargo": read.embargo or None})
        elif not quiet:
            _show(result, read.embargo)
        if not result.check.passed:
            if not json and quiet:
                stderr().print(shown(message("cli.misses-limit")), style="red", markup=False)
            raise typer.Exit(QualityError.exit_status)


def sources_of(argument: str, script: Script) -> tuple[Path, ...]:
    """Files that the clip must not overwrite: the script and its pictures."""
    pictures = {c.field("picture") for s in script.segments for c in s.cues} - {""}
    return (*([] if argument == "-" else [Path(argument)]), *(Path(p) for p in sorted(pictures)))


def result_document(result: RenderResult) -> dict[str, object]:
    """What `--json` says of a render."""
    from anchor.cli.check import report_document
    from anchor.cli.faults import notice_document

    return {
        "files": [{"kind": f.kind, "path": str(f.path)} for f in result.files],
        "duration_s": result.duration_s,
        "frames": result.frames,
        "seconds": round(result.seconds, 3),
        "stages": {s.name: {"seconds": round(s.seconds, 3), "cached": s.cached} for s in result.stages},
        "check": report_document(result.check),
        "voices": [{"voice": voice, "engine": engine} for voice, engine in result.voices],
        "notices": [notice_document(notice) for notice in result.notices],
    }


def _show(result: RenderResult, embargo: str) -> None:
    from rich import box
    from rich.table import Table

    from anchor.cli.amounts import size_text
    from anchor.cli.check import quality_line

    console = stdout()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(shown(message("cli.column-file")))
    table.add_column(shown(message("cli.column-what")), style="dim")
    table.add_column(shown(message("cli.column-size")), justify="right")
    for made in result.files:
        table.add_row(str(made.path), made.kind, size_text(made.path.stat().st_size))
    console.print(table)
    for line in _lines(result):
        console.print(shown(line), markup=False)
    console.print(quality_line(result.check))
    if embargo:
        console.print(shown(message("cli.embargo", when=embargo_text(embargo))), markup=False)


def _lines(result: RenderResult) -> Iterator[Message]:
    stages = "  ".join(shown(_took(stage)) for stage in result.stages)
    yield message("cli.stages", stages=stages, seconds=result.seconds)
    speed = result.duration_s / result.seconds
    yield message("cli.clip", length=result.duration_s, frames=result.frames, speed=speed)
    yield message("cli.spoken-by", voices=tuple(f"{voice} ({engine})" for voice, engine in result.voices))


def _took(stage: StageRecord) -> Message:
    from anchor.cli.progress import stage_name

    if stage.cached:
        return message("cli.stage-cached", stage=stage_name(stage.name))
    return message("cli.stage-took", stage=stage_name(stage.name), seconds=stage.seconds)
