"""`anchor preview`: one finished frame without rendering the clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def preview(
    script: ScriptArgument,
    at: Annotated[float, typer.Option("--at", metavar="SECONDS", min=0.0, help="Second of the programme.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="F.png", help="The picture: .png or .jpg.")],
    avatar: AvatarOption = None,
    voice: VoiceOption = None,
    look: LookOption = None,
    rendition: RenditionOption = None,
    narration: NarrationOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw one finished frame."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.cli.paths import check_output
        from anchor.cli.render import sources_of
        from anchor.cli.script_input import narration_pairs, read_script

        read = read_script(script)
        recited = narration_pairs(narration)
        recordings = tuple(Path(path) for _, path in recited)
        check_output(out, (".png", ".jpg", ".jpeg"), (*sources_of(script, read), *recordings))

        from anchor.cli.progress import Bars
        from anchor.pipeline.run import Choices, preview_script
        from anchor.pipeline.services import Services

        choices = Choices(avatar, voice, look, rendition, recited)
        with Bars(quiet=quiet or json) as bars, Services(settings()) as services:
            preview_script(read, choices, at, out, services, bars.emit)
        if json:
            say({"files": [{"kind": "picture", "path": str(out)}], "at_s": at})
        elif not quiet:
            stdout().print(str(out), markup=False)
