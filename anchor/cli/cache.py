"""`anchor cache show|clear`: stage results that need not be made again."""

from __future__ import annotations

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import Json
from anchor.messages import message

cache = typer.Typer(no_args_is_help=True, help="Stage results that need not be made again.")


@cache.command()
def show(json: Json = False) -> None:
    """Say where the cache is and how much it holds."""
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.surroundings import settings
        from anchor.store.store import Store

        store = Store(settings().cache)
        parts = store.use()
        total = sum(part.bytes for part in parts)
        if json:
            rows = [{"name": p.name, "files": p.files, "bytes": p.bytes} for p in parts]
            say({"path": str(store.root), "bytes": total, "parts": rows})
            return
        console = stdout()
        console.print(f"{store.root}: {size_text(total)}", markup=False)
        for part in parts:
            line = message("cli.cache-part", name=part.name, files=part.files, size=size_text(part.bytes))
            console.print(shown(line), markup=False)


@cache.command()
def clear(json: Json = False) -> None:
    """Delete what the cache holds; everything in it can be made again."""
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.surroundings import settings
        from anchor.store.store import Store

        store = Store(settings().cache)
        freed = store.clear()
        if json:
            say({"path": str(store.root), "freed_bytes": freed})
        else:
            line = message("cli.freed", path=str(store.root), size=size_text(freed))
            stdout().print(shown(line), markup=False)
