"""`anchor packs seal|check`: the hashes in manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.messages import message

packs = typer.Typer(no_args_is_help=True, help="Hashes and licences of voices, avatars and looks.")


@packs.command()
def seal(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The pack's directory.")],
    add: Annotated[bool, typer.Option("--add", help="Also list files that the manifest does not name yet.")] = False,
    json: JsonOption = False,
) -> None:
    """Write the sha256 of every listed file into the manifest; comments and order stay."""
    with guarded(as_json=json):
        from anchor.cli.pack_hashes import seal_pack

        changed = seal_pack(directory, add=add)
        if json:
            say({"path": str(directory), "changed": list(changed)})
        else:
            line = message("cli.hashes-renewed", path=str(directory), count=len(changed))
            stdout().print(shown(line), markup=False)


@packs.command()
def check(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Packs; all on the shelves if none is named.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check every file of packs against its hash, and that each has its licence."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.cli.pack_hashes import opened_pack
        from anchor.packs import Shelf, find_pack, pack_names, verify_pack

        roots = settings().shelves
        found = [opened_pack(d) for d in directories or ()]
        if not found:
            found = [find_pack(shelf, name, roots) for shelf in Shelf for name in pack_names(shelf, roots)]
        for pack in found:
            verify_pack(pack)
        if json:
            say({"packs": [{"kind": p.shelf.noun, "name": p.name, "path": str(p.path)} for p in found]})
            return
        for pack in found:
            count = len(pack.manifest["files"])
            line = message("cli.files-match", noun=pack.shelf.called, name=pack.name, count=count)
            stdout().print(shown(line), markup=False)
