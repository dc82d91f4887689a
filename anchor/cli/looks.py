"""`anchor looks show|check|kinds`: what a look draws, whether it can go on air, and what there is to draw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import PackError
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.core.layers import LayerKind
    from anchor.graphics.style import Look
    from anchor.packs import Pack

_LEVELS = {"fault": "cli.level-fault", "notice": "cli.level-notice"}

LookArgument = Annotated[str, typer.Argument(metavar="NAME|DIR", help="Name of a look on the shelf, or its directory.")]


def attach(looks: typer.Typer) -> None:
    """Add the commands that only looks have."""
    looks.command()(show)
    looks.command()(check)
    looks.command()(kinds)


def show(given: LookArgument, json: JsonOption = False) -> None:
    """Show one look: its shapes, layers and fields, colours, type, motion and pace."""
    with guarded(as_json=json):
        from anchor.cli.shelves import pack_document
        from anchor.graphics.look import load_look
        from anchor.graphics.sheet import aspects_of

        pack = _opened(given)
        if json:
            say(pack_document(pack))
            return
        shapes = [load_look(pack, aspect) for aspect in aspects_of(pack.manifest)]
        for line in _sections(pack, shapes):
            stdout().print(shown(line), markup=False)


def check(given: LookArgument, json: JsonOption = False) -> None:
    """Check a look with the longest texts it promises to show; exit 3 if it cannot go on air.

    Tables, fields, limits, safe areas, type in its boxes, contrast, the AI label, files and hashes: every fault at
    once, each with the key in the manifest.
    """
    with guarded(as_json=json):
        from anchor.cli.faults import text_document
        from anchor.graphics.check import check_look

        pack = _opened(given)
        found = check_look(pack)
        faults = [finding for finding in found if finding.level == "fault"]
        file = str(pack.path / pack.shelf.manifest)
        if json:
            findings = [{"level": f.level, "key": f.key, **text_document(f.message, "message")} for f in found]
            say({"name": pack.name, "file": file, "passed": not faults, "findings": findings})
        else:
            for finding in sorted(found, key=lambda f: f.level):
                level = shown(message(_LEVELS[finding.level]))
                stdout().print(f"{level:6}  {file}: {finding.key}: {shown(finding.message)}", markup=False)
            ready = message("cli.look-ready", name=pack.name)
            line = message("cli.look-faults", name=pack.name, count=len(faults)) if faults else ready
            stdout().print(shown(line), markup=False)
        if faults:
            raise typer.Exit(PackError.exit_status)


def kinds(json: JsonOption = False) -> None:
    """List the kinds of layer: marks, fields, when they show and how they move."""
    with guarded(as_json=json):
        from dataclasses import asdict

        from anchor.core.layers import LAYERS

        if json:
            say({"kinds": [asdict(kind) for kind in LAYERS.values()]})
            return
        for kind in LAYERS.values():
            for line in _kind_lines(kind):
                stdout().print(line, markup=False)


def kinds_markdown() -> str:
    """The table of layer kinds for the documentation."""
    from anchor.core.layers import LAYERS

    rows = ["| kind | | mark | fields | shows | moves |", "|---|---|---|---|---|---|"]
    for kind in LAYERS.values():
        marks = " ".join(f"`[{word}]`" for word in (*kind.mark[:2], *kind.off[:1])) or "–"
        fields = ", ".join(_field(f.name, f.type, f.max, f.required) for f in kind.fields) or "–"
        rows.append(f"| `{kind.id}` | {kind.label} | {marks} | {fields} | {_shown(kind)} | {kind.moves} |")
    return "\n".join(rows) + "\n"


def _opened(given: str) -> Pack:
    """The look of a directory, or of the shelf."""
    from anchor.cli.environment import settings
    from anchor.packs import Shelf, find_pack, load_pack

    directory = Path(given)
    if directory.is_dir() and (directory / Shelf.LOOKS.manifest).is_file():
        return load_pack(directory.resolve(), Shelf.LOOKS)
    return find_pack(Shelf.LOOKS, given, settings().shelves)


def _sections(pack: Pack, shapes: list[Look]) -> Iterator[str]:
    look = shapes[0]
    yield f"{look.name}  {look.label}"
    yield message("cli.look-engine", engine=look.engine, licence=look.licence, path=str(pack.path))
    for shape in shapes:
        yield ""
        yield from _layout(shape)
    yield from ("", message("cli.look-type", family=look.type.family))
    for name, style in look.type.styles.items():
        yield message("cli.look-style", name=name, weight=style.weight, size=style.size, floor=style.floor)
    yield from ("", message("cli.look-palette"))
    for name, colour in look.palette.items():
        yield f"  {name:12} {colour}"
    timing, motion = look.timing, look.motion
    yield from ("", message("cli.look-motion"))
    yield message("cli.look-enter", enter=motion.enter_frames, exit=motion.exit_frames, title=timing.title_frames)
    yield message("cli.look-pace", lower=timing.lower_third_frames, gap=timing.story_gap_frames)
    yield message("cli.look-tail", tail=timing.tail_frames)
    if look.unknown:
        yield from ("", message("cli.look-unknown", keys=look.unknown))


def _layout(shape: Look) -> Iterator[str]:
    width, height = shape.size
    yield message("cli.look-layout", aspect=shape.aspect, width=width, height=height, studio=shape.background.name)
    for kind, layer in sorted(shape.layers.items(), key=lambda item: item[1].z):
        x, y, width, height = layer.box
        fields = ", ".join(_field(n, f.type, f.max, f.required) for n, f in shape.fields[kind].items()) or "–"
        yield message("cli.look-layer", kind=kind, z=layer.z, x=x, y=y, width=width, height=height, fields=fields)


def _field(name: str, kind: str, most: int, required: bool) -> str:
    limit = f" ≤ {most}" if most else " (picture)" if kind == "picture" else ""
    return f"{name}{'*' if required else ''}{limit}"


def _shown(kind: LayerKind) -> str:
    return f"{kind.shows}, until {kind.until}" if kind.shows in ("story", "cue") else kind.shows


def _kind_lines(kind: LayerKind) -> Iterator[str]:
    yield f"{kind.id}  {kind.label}"
    yield f"  shows {_shown(kind)}; {kind.moves}"
    if kind.mark:
        yield f"  marks [{'] ['.join((*kind.mark, *kind.off))}]"
    for field in kind.fields:
        yield f"  {_field(field.name, field.type, field.max, field.required)}  {field.label}"
