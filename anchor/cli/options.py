"""Arguments and options that several commands share, each with one wording."""

from __future__ import annotations

from typing import Annotated

import typer

ScriptArgument = Annotated[str, typer.Argument(metavar="SCRIPT", help="Script file; - reads standard input.")]
TextArgument = Annotated[
    str, typer.Argument(metavar="TEXT|FILE", help="Text, or a script or text file; - reads standard input.")
]
AvatarOption = Annotated[str | None, typer.Option("--avatar", metavar="NAME", help="Presenter, over the script's.")]
VoiceOption = Annotated[str | None, typer.Option("--voice", metavar="NAME", help="Voice, over the script's.")]
LookOption = Annotated[str | None, typer.Option("--look", metavar="NAME", help="Look, over the script's.")]
RenditionOption = Annotated[
    str | None,
    typer.Option("--rendition", metavar="NAME", help="Kind of file: web-1080p, web-720p, vertical-1080p, air-1080p."),
]
NarrationOption = Annotated[
    list[str] | None,
    typer.Option(
        "--narration",
        metavar="[SEGMENT=]FILE",
        help="A recording that reads the script instead of a voice, whole or one segment (s1.2=b.wav); repeatable.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notices, no report.")]
