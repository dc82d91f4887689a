"""What a job makes, as a stored document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from anchor.core.artifact import digest_of
from anchor.core.errors import JobError
from anchor.core.script import Script
from anchor.messages import message
from anchor.pipeline.plan.casting import Choices
from anchor.store.packs import StoredPack

SPEC_SCHEMA = "JobSpec.2"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A script, the choices over it, and the packs that it is made with."""

    script: Script
    choices: Choices
    packs: tuple[StoredPack, ...] = ()
    """By content. Others are looked for on the shelves by name, as in a job that an older Anchor took in."""

    @property
    def digest(self) -> str:
        """Content address of what was asked for: the same after a pack was edited, and in the first schema."""
        asked = TypeAdapter(JobSpec).dump_python(self, mode="json", exclude={"packs"})
        return digest_of({"schema": "JobSpec.1", "value": asked})


def spec_document(spec: JobSpec) -> dict[str, Any]:
    """A spec as a stored document."""
    return {"schema": SPEC_SCHEMA, "value": TypeAdapter(JobSpec).dump_python(spec, mode="json")}


def spec_from(document: dict[str, Any]) -> JobSpec:
    """The spec of a stored document.

    Raises:
        JobError: of another schema, or damaged.
    """
    try:
        schema, value = document["schema"], document["value"]
        while schema in _UPGRADES:
            schema, upgrade = _UPGRADES[schema]
            value = upgrade(value)
        if schema != SPEC_SCHEMA:
            what = message("pipeline.other-schema", schema=str(schema))
            raise JobError(what, hint=message("pipeline.this-schema", schema=SPEC_SCHEMA))
        return TypeAdapter(JobSpec).validate_python(value)
    except (KeyError, TypeError, ValidationError) as error:
        raise JobError(message("pipeline.job-damaged"), hint=message("pipeline.job-damaged-hint")) from error


def _without_packs(value: dict[str, Any]) -> dict[str, Any]:
    """Of a job that was taken in before packs were: they are looked for on the shelves by name."""
    return {**value, "packs": []}


_UPGRADES: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "JobSpec.1": ("JobSpec.2", _without_packs),
}
"""Schema → the next one, and what makes a value of it."""
