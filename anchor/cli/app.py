"""The `anchor` command. Heavy libraries are imported by the commands that need them, so that help is quick."""

from __future__ import annotations

from typing import Annotated

import typer

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

app = typer.Typer(
    name="anchor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (render, read, speak, plan, preview, check):
    app.command()(command)
voices.command()(pull)
voices.command()(record)
voices.command()(train)
voices_own.attach(voices)
voices.command("check")(check_voice)
avatars_own.attach(avatars)
avatars_consent.attach(avatars)
looks_own.attach(looks)
app.add_typer(jobs, name="jobs")
app.add_typer(lexicon, name="lexicon")
app.add_typer(voices, name="voices")
app.add_typer(avatars, name="avatars")
app.add_typer(looks, name="looks")
app.command()(doctor)
app.command()(gc)
app.command()(worker)
app.command()(up)
app.add_typer(cache, name="cache")
app.add_typer(models, name="models")
app.add_typer(packs, name="packs")


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
