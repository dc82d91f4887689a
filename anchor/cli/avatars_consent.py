"""`anchor avatars consent|consent-form`: a person's leave to use their face."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from anchor.cli.guard import guarded, say, stdout
from anchor.cli.language import shown
from anchor.cli.options import JsonOption
from anchor.core.errors import ConsentError
from anchor.messages import message


def consent(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the presenter.")],
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A new record, filled in, in place of the old one.")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Note that the consent was taken back.")] = False,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help="From which day; else today.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it was taken back.")] = "",
    json: JsonOption = False,
) -> None:
    """Show a presenter's consent, renew it or take it back; exit 9 when it does not allow a render today."""
    with guarded(as_json=json):
        from anchor.cli.environment import settings
        from anchor.cli.faults import text_document
        from anchor.packs import Shelf, find_pack
        from anchor.pipeline.services import Services
        from anchor.workshop.presenters.check import consent_state
        from anchor.workshop.presenters.service import revoke_consent, set_consent

        if file is not None and revoke:
            raise ConsentError(message("cli.renew-or-revoke"), hint=message("cli.file-or-revoke"))
        with Services(settings()) as services:
            today = services.clock().date()
            if file is not None:
                set_consent(name, file, services)
            if revoke:
                revoke_consent(name, on.date() if on else today, reason, services)
            pack = find_pack(Shelf.AVATARS, name, services.settings.shelves)
            said, allowed = consent_state(pack, today)
        if json:
            kind = pack.manifest.get("kind")
            say({"name": pack.name, "kind": kind, **text_document(said, "consent"), "allowed": allowed})
        else:
            stdout().print(f"{pack.name}: {shown(said)}", markup=False)
        if not allowed and not revoke:
            raise typer.Exit(ConsentError.exit_status)


def consent_form(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name that the presenter will have.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.toml", help="The form; NAME-consent.toml if not given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a consent record to be filled in, explained in English and Traditional Chinese."""
    with guarded(as_json=json):
        from anchor.cli.paths import check_output
        from anchor.core.errors import Place, StorageError
        from anchor.pipeline.services import local_time
        from anchor.trust.consent_form import consent_form as form
        from anchor.workshop.presenters.creation import check_name

        check_name(name)
        target = check_output(out or Path(f"{name}-consent.toml"), (".toml",))
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(form(name, local_time().date()))
        except FileExistsError:
            hint = message("cli.choose-another-name")
            raise StorageError(message("cli.there-already"), hint=hint, place=Place(file=str(target))) from None
        if json:
            say({"files": [{"kind": "consent-form", "path": str(target)}]})
        else:
            stdout().print(str(target), markup=False)


def attach(avatars: typer.Typer) -> None:
    """Give `anchor avatars` these commands."""
    avatars.command()(consent)
    avatars.command("consent-form")(consent_form)
