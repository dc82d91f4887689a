"""`anchor voices|avatars|looks list|show`: what stands on the shelves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import PackError
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.packs import Pack, Shelf

ListedPack: TypeAlias = "Pack | tuple[str, PackError]"
"""A pack, or the name of a broken one and what is wrong with it."""
_COLUMNS = ("cli.column-label", "cli.column-engine", "cli.column-licence")
_MORE_COLUMNS = ("cli.column-kind", "cli.column-consent")

PackArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the pack.")]

voices = typer.Typer(no_args_is_help=True, help="Voices that can speak.")
avatars = typer.Typer(no_args_is_help=True, help="Presenters that can appear.")
looks = typer.Typer(no_args_is_help=True, help="On-air looks: studio, graphics and type.")


@voices.command("list")
def list_voices(json: JsonOption = False) -> None:
    """List the voices."""
    list_packs("VOICES", json)


@voices.command("show")
def show_voice(name: PackArgument, json: JsonOption = False) -> None:
    """Show one voice."""
    _show("VOICES", name, json)


@looks.command("list")
def list_looks(json: JsonOption = False) -> None:
    """List the looks."""
    list_packs("LOOKS", json)


def list_packs(kind: str, as_json: bool, more: Callable[[Pack], dict[str, object]] | None = None) -> None:
    """List a shelf; `more` gives further columns of a pack."""
    with guarded(as_json=as_json):
        from anchor.cli.environment import settings
        from anchor.packs import Shelf, find_pack, pack_names

        shelf, roots = Shelf[kind], settings().shelves
        found: list[ListedPack] = []
        for name in pack_names(shelf, roots):
            try:
                found.append(find_pack(shelf, name, roots))
            except PackError as error:  # one broken pack must not hide the others
                found.append((name, error))
        if as_json:
            say({f"{shelf.noun}s": [_row_document(row, more) for row in found]})
        else:
            _print_list(shelf, found, more)


def _row_document(row: ListedPack, more: Callable[[Pack], dict[str, object]] | None) -> dict[str, object]:
    if isinstance(row, tuple):
        from anchor.cli.faults import error_document

        return {"name": row[0], "error": str(row[1]), "fault": error_document(row[1])}
    return {
        "name": row.name,
        "label": row.label,
        "engine": row.engine,
        "licence": row.licence,
        "path": str(row.path),
        **(more(row) if more else {}),
    }


def _print_list(shelf: Shelf, found: list[ListedPack], more: Callable[[Pack], dict[str, object]] | None) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anchor.cli.faults import error_line

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(shown(shelf.called))
    for column in (*_COLUMNS, *(_MORE_COLUMNS if more else ())):
        table.add_column(shown(message(column)))
    for row in found:
        if isinstance(row, tuple):
            broken = message("cli.broken", error=error_line(row[1]))
            table.add_row(Text(row[0]), Text(shown(broken), style="red"))
        else:
            cells = [row.name, row.label, ", ".join(row.engines), row.licence]
            if more:
                known = more(row)
                cells += [str(known["kind"]), _plain(known["consent"])]
            table.add_row(*map(Text, cells))
    stdout().print(table if found else shown(message("cli.none-on-shelves", noun=shelf.called)))


def _show(kind: str, name: str, as_json: bool) -> None:
    with guarded(as_json=as_json):
        from anchor.cli.environment import settings
        from anchor.packs import Shelf, find_pack

        pack = find_pack(Shelf[kind], name, settings().shelves)
        document = pack_document(pack)
        if as_json:
            say(document)
            return
        show_document(document)


def show_document(document: dict[str, object]) -> None:
    """A pack for a person, one key a line."""
    console = stdout()
    for key, value in document.items():
        console.print(f"{key:8} {_plain(value)}", markup=False)


def pack_document(pack: Pack) -> dict[str, object]:
    """A pack as JSON types: what every pack has, then its own tables."""
    own = {k: v for k, v in pack.manifest.items() if k not in {"schema", "name", "label", "engine", "licence", "files"}}
    return {
        "name": pack.name,
        "label": pack.label,
        "engine": pack.engine,
        "licence": pack.licence,
        "path": str(pack.path),
        "digest": pack.digest,
        "files": len(pack.manifest["files"]),
        **{key: _json_value(value) for key, value in own.items()},
    }


def _json_value(value: object) -> object:
    """TOML has dates and times, which JSON has not."""
    if isinstance(value, dict):
        return {key: _json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {key} = {_plain(item)}" for key, item in value.items())
    return shown(value) if isinstance(value, str) else str(value)
