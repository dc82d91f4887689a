"""`anchor cache show|clear`: stage results that need not be made again."""

from __future__ import annotations

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.messages import message

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
            line = message("cli.cache-part", name=part.name, files=part.files, size=size_text(part.bytes))
            console.print(shown(line), markup=False)


@cache.command()
def clear(json: JsonOption = False) -> None:
    """Delete what the cache holds and can be made again; what jobs need stays (anchor gc deletes old jobs)."""
    with guarded(as_json=json):
        from anchor.cli.amounts import size_text
        from anchor.cli.environment import settings
        from anchor.cli.language import shown
        from anchor.jobs.retention import clear as clear_cache
        from anchor.messages import message

        root = settings().cache
        cleared = clear_cache(settings())
        if json:
            kept = {"kept_bytes": cleared.kept_bytes, "jobs": cleared.jobs}
            say({"path": str(root), "freed_bytes": cleared.bytes, **kept})
            return
        freed = size_text(cleared.bytes)
        said = message("cli.cache-cleared", path=str(root), freed=freed)
        if cleared.kept_bytes:
            kept_text = size_text(cleared.kept_bytes)
            said = message("cli.cache-kept", path=str(root), freed=freed, kept=kept_text, jobs=cleared.jobs)
        stdout().print(shown(said), markup=False)
