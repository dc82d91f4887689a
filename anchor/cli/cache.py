"""`anchor cache show|clear`: stage results that need not be made again."""

from __future__ import annotations

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.options import JsonOption

cache = typer.Typer(no_args_is_help=True, help="Stage results that need not be made again.")


@cache.command()
def show(json: JsonOption = False) -> None:
    """Say where the cache is and how much it holds."""
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.environment import settings
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
            console.print(f"  {part.name:10} {part.files:6} files  {size_text(part.bytes):>10}", markup=False)


@cache.command()
def clear(json: JsonOption = False) -> None:
    """Delete what the cache holds; everything in it can be made again."""
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.environment import settings
        from anchor.store.store import Store

        store = Store(settings().cache)
        freed = store.clear()
        if json:
            say({"path": str(store.root), "freed_bytes": freed})
        else:
            stdout().print(f"{store.root}: {size_text(freed)} freed", markup=False)
