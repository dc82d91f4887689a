"""`anchor avatars add|remove|export|import|check|report|show|list`: presenters of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli.guard import guarded, say, stderr, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption, QuietOption
from anchor.cli.shelves import list_packs, pack_document, show_document
from anchor.core.errors import ConsentError, PackError, QualityError
from anchor.messages import message

if TYPE_CHECKING:
    from anchor.packs import Pack
    from anchor.workshop.presenters.build_report import Weakness

PresenterArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the presenter.")]
Replace = Annotated[bool, typer.Option("--replace", help="Take the place of a presenter of that name.")]
_LICENCE = "LicenseRef-own"
_LICENCE_TEXT = (
    "This presenter belongs to {by}. It may be used by them, and as its consent record allows; by nobody else.\n"
)


def add(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A video, a photo, or a rendered figure's folder.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="a-z, 0-9 and -: how scripts call it.")],
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="Shown to people: 陳怡.")] = "",
    voice: Annotated[str, typer.Option("--voice", metavar="NAME", help="Voice that belongs to the presenter.")] = "lan",
    transcript: Annotated[
        str, typer.Option("--transcript", metavar="TEXT|FILE", help="What is said in the video; finds mouth shapes.")
    ] = "",
    face: Annotated[
        str, typer.Option("--face", metavar="N|X,Y", help="Which of several faces: 1 is the largest; or a point in it.")
    ] = "",
    background: Annotated[
        str, typer.Option("--background", metavar="keep|remove|green|auto", help="What becomes of the background.")
    ] = "auto",
    consent: Annotated[
        Path | None, typer.Option("--consent", metavar="FILE", help="The person's consent record, filled in.")
    ] = None,
    synthetic: Annotated[str, typer.Option("--synthetic", metavar="HOW", help="Nobody's face: how it was made.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who makes it; else the user of this machine.")] = "",
    licence: Annotated[str, typer.Option("--licence", metavar="SPDX", help="Licence of the pack.")] = _LICENCE,
    replace: Replace = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a presenter from a video, a photo or a rendered figure; ends with a report page."""
    with guarded(as_json=json) as stop:
        import getpass

        from anchor.cli.environment import settings
        from anchor.cli.progress import Bars, stage_teller
        from anchor.pipeline.services import Services, local_time
        from anchor.workshop.presenters.build_report import BuildOptions
        from anchor.workshop.presenters.creation import Rights, source_kind
        from anchor.workshop.presenters.service import add_presenter

        kind = source_kind(source)
        consent, synthetic = _rights(consent, synthetic, ask=not json)
        who = by or getpass.getuser()
        rights = Rights(
            kind="person" if consent else "synthetic",
            by=who,
            what=synthetic or f"made from a {kind}: {source.name}",
            made_on=local_time().date(),
            licence=licence,
            licence_text=_LICENCE_TEXT.format(by=who),
        )
        options = BuildOptions(
            name, label, voice, _face(face), _background(background), transcript=_transcript(transcript)
        )
        with Bars(quiet=quiet or json) as bars, Services(settings()) as services:
            added = add_presenter(
                source, options, rights, services, stage_teller(bars), stop.asked, consent=consent, replace_old=replace
            )
        if json:
            say(_made_document(added.pack, added.page, added.checked.report.passed, added.checked.weak))
            return
        console = stdout()
        console.print(f"{added.pack.name} ({added.pack.label}): {added.pack.path}", markup=False)
        if not quiet:
            _show_weak(added.checked.weak)
        console.print(shown(message("cli.report", page=str(added.page))), markup=False)


def _rights(consent: Path | None, synthetic: str, *, ask: bool) -> tuple[Path | None, str]:
    """The consent record, or how a face that is nobody's was made; asks where a person sits.

    Raises:
        ConsentError: neither was given.
    """
    if consent is not None and synthetic:
        raise ConsentError(message("cli.person-or-nobody"), hint=message("cli.consent-or-synthetic"))
    if consent is not None or synthetic.strip():
        return consent, synthetic.strip()
    if ask and at_terminal():
        if typer.confirm(shown(message("cli.ask-person")), default=True, err=True):
            given = typer.prompt(shown(message("cli.ask-record")), err=True)
            return Path(given).expanduser(), ""
        return None, str(typer.prompt(shown(message("cli.ask-how-made")), err=True)).strip()
    raise ConsentError(message("cli.no-consent-named"), hint=message("cli.name-consent"))


def at_terminal() -> bool:
    """Whether a person sits there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _face(text: str) -> int | tuple[float, float] | None:
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 2:
            return numbers[0], numbers[1]
        return int(text)
    except ValueError:
        raise PackError(message("cli.no-face", text=text), hint=message("cli.face-like")) from None


def _background(text: str) -> str:
    if text not in ("keep", "remove", "green", "auto"):
        raise PackError(message("cli.no-background", text=text), hint=message("cli.backgrounds"))
    return text


def _transcript(text: str) -> str | None:
    path = Path(text)
    if text and len(text) < 250 and path.is_file():
        return path.read_text(encoding="utf-8")
    return text or None


def _made_document(pack: Pack, page: Path, passed: bool, weak: tuple[Weakness, ...]) -> dict[str, object]:
    return {
        "name": pack.name,
        "label": pack.label,
        "path": str(pack.path),
        "report": str(page),
        "passed": passed,
        "weak": _weak_documents(weak),
    }


def _weak_documents(weak: tuple[Weakness, ...]) -> list[dict[str, object]]:
    from anchor.cli.faults import text_document

    return [{"code": weakness.code, **text_document(weakness.text)} for weakness in weak]


def _show_weak(weak: tuple[Weakness, ...]) -> None:
    from rich.text import Text

    for weakness in weak:
        head = (shown(message("cli.weak")), "yellow")
        stderr().print(Text.assemble(head, f" ({weakness.code}) {shown(weakness.text)}"))


def remove(name: PresenterArgument, json: JsonOption = False) -> None:
    """Take a presenter off your own shelf; those that come with Anchor stay."""
    with guarded(as_json=json):
        from anchor.cli.voices_own import own_shelf
        from anchor.packs import Shelf
        from anchor.packs.own_shelf import remove_pack

        path = remove_pack(name, Shelf.AVATARS, own_shelf())
        if json:
            say({"removed": str(path)})
        else:
            stdout().print(shown(message("cli.removed", path=str(path))), markup=False)


def export(
    name: PresenterArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.zip", help="The file; NAME.avatar.zip if not given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a presenter into one file, with consent record and licence."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.cli.paths import check_output
        from anchor.packs import Shelf, find_pack
        from anchor.workshop.presenters.archive import ENDING, export_pack

        pack = find_pack(Shelf.AVATARS, name, settings().shelves)
        target = check_output(out or Path(f"{name}{ENDING}"), (".zip",))
        export_pack(pack, target, stop.asked)
        if json:
            say({"files": [{"kind": "avatar", "path": str(target)}]})
        else:
            stdout().print(str(target), markup=False)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="A presenter as anchor avatars export wrote it.")],
    replace: Replace = False,
    json: JsonOption = False,
) -> None:
    """Put an exported presenter on your own shelf: whole and checked, or not at all."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.pipeline.services import Services
        from anchor.workshop.presenters.service import import_presenter

        with Services(settings()) as services:
            pack = import_presenter(file, services, stop.asked, replace_old=replace)
        if json:
            say({"name": pack.name, "label": pack.label, "path": str(pack.path)})
        else:
            stdout().print(f"{pack.name} ({pack.label}): {pack.path}", markup=False)


def check(name: PresenterArgument, json: JsonOption = False) -> None:
    """Measure a presenter anew: hashes, consent, loop, sharpness, mouth; exit 7 when it misses a limit."""
    with guarded(as_json=json) as stop:
        from anchor.cli.check import report_document, show_report
        from anchor.cli.environment import settings
        from anchor.packs import Shelf, find_pack
        from anchor.pipeline.services import Services
        from anchor.workshop.presenters.check import check_presenter

        with Services(settings()) as services:
            pack = find_pack(Shelf.AVATARS, name, services.settings.shelves)
            found = check_presenter(pack, services.ffmpeg, services.clock().date(), stop.asked)
        if json:
            say({**report_document(found.report), "weak": _weak_documents(found.weak)})
        else:
            show_report(found.report)
            _show_weak(found.weak)
        if not found.report.passed:
            raise typer.Exit(QualityError.exit_status)


def report(name: PresenterArgument, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Make the report page of a presenter on your own shelf again, and print its path."""
    with guarded(as_json=json) as stop:
        from anchor.cli.environment import settings
        from anchor.cli.progress import Bars, stage_teller
        from anchor.pipeline.services import Services
        from anchor.workshop.presenters.service import own_presenter, report_on

        with Bars(quiet=quiet or json) as bars, Services(settings()) as services:
            pack = own_presenter(name, services)
            checked, page = report_on(pack, services, stage_teller(bars), stop.asked)
        if json:
            say(_made_document(pack, page, checked.report.passed, checked.weak))
        else:
            stdout().print(str(page), markup=False)


def show(
    name: PresenterArgument,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print; do not open the still picture.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what is known of a presenter, and open its still picture where there is a desktop."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.packs import Shelf, find_pack
        from anchor.pipeline.services import local_time
        from anchor.workshop.presenters.check import consent_state
        from anchor.workshop.presenters.facts import REPORT, load_facts

        pack = find_pack(Shelf.AVATARS, name, settings().shelves)
        made = load_facts(pack.path)
        page = pack.path / REPORT / "report.html"
        document = pack_document(pack)
        document["consent"] = consent_state(pack, local_time().date())[0]
        document["facts"] = made.facts
        document["weak"] = [w.text for w in made.weak]
        document["still"] = str(pack.path / "still.png")
        document["report"] = str(page) if page.is_file() else ""
        if json:
            say(document)
            return
        show_document(document)
        if not no_open:
            _open(pack.path / "still.png")


def _open(picture: Path) -> None:
    """Open a picture for the person at this desktop, if there is one."""
    from anchor.cli.environment import picture_viewer

    viewer = picture_viewer()
    if viewer is None or not picture.is_file() or not sys.stdout.isatty():
        return
    import subprocess

    subprocess.Popen(
        [viewer, str(picture)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def list_(json: JsonOption = False) -> None:
    """List the presenters, and whose consent they stand on."""
    with guarded(as_json=json):
        from anchor.cli.faults import text_document
        from anchor.core.errors import AnchorError
        from anchor.pipeline.services import local_time

        def more(pack: Pack) -> dict[str, object]:
            from anchor.workshop.presenters.check import consent_state

            try:
                said, valid = consent_state(pack, local_time().date())
            except AnchorError as error:
                said, valid = error.message, False
            kind = str(pack.manifest.get("kind", ""))
            return {"kind": kind, **text_document(said, "consent"), "allowed": valid}

        list_packs("AVATARS", json, more)


def attach(avatars: typer.Typer) -> None:
    """Give `anchor avatars` these commands."""
    avatars.command("list")(list_)
    for command in (show, add, check, report, export):
        avatars.command()(command)
    avatars.command("import")(import_)
    avatars.command()(remove)
