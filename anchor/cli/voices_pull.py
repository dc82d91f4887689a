"""`anchor voices pull`: fetch a published voice, after its licence was read and accepted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import ConsentError
from anchor.messages import message

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
            raise ConsentError(message("cli.licence-not-accepted", name=name), hint=message("cli.accept-licence"))
        accepted = Acceptance(by or getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), text)
        here = settings()
        root = into or here.own_shelf or here.models
        pack = pull_voice(recipe, root, accepted, base=source, progress=_progress(stop))
        if json:
            say({"name": pack.name, "path": str(pack.path), "licence": pack.licence, "accepted_by": accepted.by})
        else:
            count = len(pack.manifest["files"])
            line = message("cli.voice-fetched", path=str(pack.path), count=count, who=accepted.by)
            stdout().print(shown(line), markup=False)


def _show_licence(recipe: VoiceDownload, source: str) -> None:
    console = stderr()
    offer = {"label": recipe.label, "by": recipe.by, "what": recipe.what}
    console.print(shown(message("cli.voice-offer", size=recipe.about_mb, **offer)), markup=False)
    console.print(shown(message("cli.licence-in-short", name=recipe.licence_name)), markup=False)
    for line in recipe.summary:
        console.print(f"  · {line}", markup=False)
    url = f"{(source or recipe.base).rstrip('/')}/{recipe.licence_file}"
    console.print(shown(message("cli.licence-text", url=url)), markup=False)


def _asked() -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(shown(message("cli.ask-accept")), default=False, err=True)


def _progress(stop: Stop) -> ProgressCallback:
    """Says every tenth of a file on stderr; stops when somebody asks for it."""
    from anchor.core.errors import JobCancelled

    said: dict[str, int] = {}

    def tell(name: str, done: int, total: int) -> None:
        if stop.asked():
            raise JobCancelled(message("cli.stopped-by-you"))
        tenth = 10 * done // total if total else 0
        if tenth > said.get(name, 0):
            said[name] = tenth
            line = message("cli.megabytes", name=name, done=done / 1e6, total=total / 1e6)
            stderr().print(shown(line), markup=False)

    return tell
