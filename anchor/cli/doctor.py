"""`anchor doctor`: what this machine has, what it lacks, what each piece would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from anchor.cli import guard
from anchor.cli.language import shown
from anchor.messages import Language, message, text_in

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anchor.workshop.doctor import Finding


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is there and what each missing piece would give; exit 4 when something needed is missing."""
    from anchor.cli.environment import settings
    from anchor.core.errors import EngineUnavailable
    from anchor.workshop.doctor import State, examine

    with guard.guarded(as_json=as_json):
        findings = examine(settings())
        missing = [finding.name for finding in findings if finding.state is State.MISSING]
        if as_json:
            guard.say(doctor_document(findings))
        else:
            console = guard.stdout()
            console.print(doctor_table(findings))
            verdict = message("cli.doctor-missing", names=tuple(missing)) if missing else message("cli.doctor-ready")
            console.print(shown(verdict), style="bold red" if missing else "bold green", markup=False)
        if missing:
            raise typer.Exit(EngineUnavailable.exit_status)


def doctor_document(findings: tuple[Finding, ...]) -> dict[str, object]:
    """The findings as JSON types."""
    from anchor.workshop.doctor import State

    return {
        "ready": all(finding.state is not State.MISSING for finding in findings),
        "findings": [
            {
                "name": finding.name,
                "state": finding.state.value,
                "found": finding.found,
                "gives": finding.gives,
                "install": finding.install,
                "texts": {
                    language.value: {
                        "found": text_in(finding.found, language),
                        "gives": text_in(finding.gives, language),
                        "install": text_in(finding.install, language),
                    }
                    for language in Language
                },
            }
            for finding in findings
        ],
    }


def doctor_table(findings: tuple[Finding, ...]) -> RenderableType:
    """The findings for a person."""
    from rich.table import Table
    from rich.text import Text

    from anchor.workshop.doctor import State

    looks = {State.OK: ("✔", "green"), State.MISSING: ("✘", "bold red"), State.OPTIONAL: ("–", "dim")}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column()
    for heading in ("cli.column-piece", "cli.column-found", "cli.column-gives"):
        table.add_column(shown(message(heading)), overflow="fold")
    for finding in findings:
        sign, style = looks[finding.state]
        found, install = shown(finding.found), shown(finding.install)
        what = found if not install else f"{found}\n→ {install}".lstrip()
        table.add_row(Text(sign, style), finding.name, Text(what), Text(shown(finding.gives), "dim"))
    return table
