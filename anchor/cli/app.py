"""The `anchor` command. Heavy libraries are imported by the commands that need them, so that help is quick."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from anchor import __version__
from anchor.cli import avatars_consent, avatars_own, guard, voices_own
from anchor.cli import looks as looks_own
from anchor.cli.cache import cache
from anchor.cli.check import check
from anchor.cli.doctor import doctor
from anchor.cli.gc import gc
from anchor.cli.jobs import jobs
from anchor.cli.lexicon import lexicon
from anchor.cli.models import models
from anchor.cli.packs import packs
from anchor.cli.plan import plan
from anchor.cli.preview import preview
from anchor.cli.read import read
from anchor.cli.render import render
from anchor.cli.shelves import avatars, looks, voices
from anchor.cli.speak import speak
from anchor.cli.up import up
from anchor.cli.voices_check import check as check_voice
from anchor.cli.voices_pull import pull
from anchor.cli.voices_record import record
from anchor.cli.voices_train import train
from anchor.cli.worker import worker

PANELS = {
    "製作 Make": ("render", "preview", "speak", "plan", "check"),
    "文字 Words": ("read", "lexicon"),
    "片庫 Library": ("voices", "avatars", "looks", "packs"),
    "工作 Jobs": ("jobs", "worker", "up"),
    "機器 Machine": ("models", "doctor", "gc", "cache"),
}
"""Panels of the help, and the commands in each; a command that stands in none cannot be added."""


class InPanels(TyperGroup):
    """Commands in the order of the panels."""

    def list_commands(self, context: object) -> list[str]:
        """The names of all commands."""
        return [name for names in PANELS.values() for name in names]


app = typer.Typer(
    name="anchor",
    cls=InPanels,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

voices.command()(pull)
voices.command()(record)
voices.command()(train)
voices_own.attach(voices)
voices.command("check")(check_voice)
avatars_own.attach(avatars)
avatars_consent.attach(avatars)
looks_own.attach(looks)


def _panel(name: str) -> str:
    return next(panel for panel, names in PANELS.items() if name in names)


for command in (render, preview, speak, plan, check, read, worker, up, doctor, gc):
    app.command(command.__name__, rich_help_panel=_panel(command.__name__))(command)
for name, group in {
    "lexicon": lexicon,
    "voices": voices,
    "avatars": avatars,
    "looks": looks,
    "packs": packs,
    "jobs": jobs,
    "models": models,
    "cache": cache,
}.items():
    app.add_typer(group, name=name, rich_help_panel=_panel(name))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"anchor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """A script in Traditional Chinese goes in, a finished news clip comes out."""
    guard.show_tracebacks(debug)


def main() -> None:
    """The `anchor` program."""
    app()


if __name__ == "__main__":
    main()
