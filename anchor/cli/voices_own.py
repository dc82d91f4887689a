"""`anchor voices add|remove|say`: voices of one's own, and trying a voice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption, QuietOption
from anchor.cli.speak import speak
from anchor.core.errors import PackError
from anchor.messages import message

VoiceArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the voice.")]


def own_shelf() -> Path:
    """The root of one's own shelves."""
    from anchor.cli.environment import settings

    shelf = settings().own_shelf
    if shelf is None:
        raise PackError(message("cli.no-own-shelf"), hint=message("cli.set-home"))
    return shelf


def add(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The voice pack's directory.")],
    json: JsonOption = False,
) -> None:
    """Copy a voice pack onto your own shelf: whole and checked, or not at all."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.workshop.voices.shelf import add_voice

        pack = add_voice(directory, own_shelf(), settings().shelves)
        if json:
            say({"name": pack.name, "label": pack.label, "engine": pack.engine, "path": str(pack.path)})
        else:
            stdout().print(f"{pack.name} ({pack.label}): {pack.path}", markup=False)
            stdout().print(shown(message("cli.try-check", name=pack.name)), markup=False)


def remove(name: VoiceArgument, json: JsonOption = False) -> None:
    """Take a voice off your own shelf; those that come with Anchor stay."""
    with guarded(as_json=json):
        from anchor.workshop.voices.shelf import remove_voice

        path = remove_voice(name, own_shelf())
        if json:
            say({"removed": str(path)})
        else:
            stdout().print(shown(message("cli.removed", path=str(path))), markup=False)


def say_text(
    name: VoiceArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="Text, or a script or text file; - reads stdin.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="A.wav|-", help="The sound; -: to stdout while it is made.")
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Let it be heard here while it is made.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Speak a text with this voice to a WAV file, or aloud."""
    speak(text, out, None, name, play, json, quiet)


def attach(voices: typer.Typer) -> None:
    """Give `anchor voices` these commands."""
    voices.command()(add)
    voices.command()(remove)
    voices.command("say")(say_text)
