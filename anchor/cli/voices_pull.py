"""`anchor voices pull`: fetch a published voice, after its licence was read and accepted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.options import JsonOption
from anchor.core.errors import ConsentError

if TYPE_CHECKING:
    from anchor.cli.stop import Stop
    from anchor.core.events import ProgressCallback
    from anchor.workshop.voices.pull import VoiceDownload


def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which voice: xtts-v2.")],
    accept: Annotated[
        bool, typer.Option("--accept-licence", help="I have read the licence and accept it for my station.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="PERSON", help="Who accepts; the user of this machine if not given.")
    ] = "",
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="Another address that holds the same files.")
    ] = "",
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Folder that holds voices/; else your own shelf.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fetch a published voice: shows its licence, asks, downloads, and records who accepted."""
    with guarded(as_json=json) as stop:
        import getpass
        from datetime import UTC, datetime

        from anchor.cli.environment import settings
        from anchor.workshop.voices.pull import Acceptance, fetch_licence, load_recipe, pull_voice

        recipe = load_recipe(name)
        text = fetch_licence(recipe, source)
        _show_licence(recipe, source)
        if not accept and not _asked():
            raise ConsentError(
                f"the licence of {name} was not accepted; nothing was fetched",
                hint="read it, then run the same with --accept-licence",
            )
        accepted = Acceptance(by or getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), text)
        here = settings()
        root = into or here.own_shelf or here.models
        pack = pull_voice(recipe, root, accepted, base=source, progress=_progress(stop))
        if json:
            say({"name": pack.name, "path": str(pack.path), "licence": pack.licence, "accepted_by": accepted.by})
        else:
            stdout().print(f"{pack.path}: {len(pack.manifest['files'])} files, accepted by {accepted.by}", markup=False)


def _show_licence(recipe: VoiceDownload, source: str) -> None:
    console = stderr()
    console.print(f"{recipe.label}, {recipe.by}: {recipe.what}, about {recipe.about_mb} MB", markup=False)
    console.print(f"Licence: {recipe.licence_name}. In short (the text rules):", markup=False)
    for line in recipe.summary:
        console.print(f"  · {line}", markup=False)
    console.print(f"Text: {(source or recipe.base).rstrip('/')}/{recipe.licence_file}", markup=False)


def _asked() -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Accept it?", default=False, err=True)


def _progress(stop: Stop) -> ProgressCallback:
    """Says every tenth of a file on stderr; stops when somebody asks for it."""
    from anchor.core.errors import JobCancelled

    said: dict[str, int] = {}

    def tell(name: str, done: int, total: int) -> None:
        if stop.asked():
            raise JobCancelled("stopped")
        tenth = 10 * done // total if total else 0
        if tenth > said.get(name, 0):
            said[name] = tenth
            stderr().print(f"{name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB", markup=False)

    return tell
