"""What the making of a presenter found, kept in the pack as `facts.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from anchor.core.errors import PackError, Place
from anchor.core.validation import first_fault
from anchor.messages import Message, message, message_document
from anchor.workshop.presenters.build_report import BuildReport, Weakness

FILE = "facts.json"
REPORT = "report"
"""Folder of the report page and its pictures; not sealed, made again at any time."""


class _Weak(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    text: Message | str


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str
    facts: dict[str, Any]
    weak: tuple[_Weak, ...]
    pictures: tuple[tuple[str, str], ...]
    """(caption, path in the pack)."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    # `schema` is the house's word; BaseModel has an attribute of that name, hence the alias.
    schema_version: Literal["AvatarFacts.1"] = Field(alias="schema")
    value: _Facts


def write_facts(report: BuildReport, pack: Path) -> None:
    """Keep a report in the pack."""
    value = {
        "kind": report.kind,
        "facts": report.facts,
        "weak": [{"code": w.code, "text": message_document(w.text)} for w in report.weak],
        "pictures": [[caption, path.relative_to(pack).as_posix()] for caption, path in report.pictures],
    }
    text = json.dumps({"schema": "AvatarFacts.1", "value": value}, ensure_ascii=False, indent=1)
    (pack / FILE).write_text(text + "\n", encoding="utf-8")


def load_facts(pack: Path) -> BuildReport:
    """The report kept in a pack; of a pack without one, an empty report of a figure.

    Raises:
        PackError: the file is of another form.
    """
    path = pack / FILE
    if not path.is_file():
        return BuildReport("figure")
    try:
        value = _Document.model_validate(json.loads(path.read_text(encoding="utf-8"))).value
    except (OSError, ValueError) as error:
        what, _ = first_fault(error)
        raise PackError(
            message("presenters.facts-unreadable", reason=what),
            hint=message("face.restore"),
            place=Place(file=str(path)),
        ) from error
    return BuildReport(
        kind=value.kind,
        facts=value.facts,
        weak=tuple(Weakness(w.code, w.text) for w in value.weak),
        pictures=tuple((caption, pack / file) for caption, file in value.pictures if (pack / file).is_file()),
    )
