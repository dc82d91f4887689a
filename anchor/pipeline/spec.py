"""What a job makes, as a stored document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from anchor.core.artifact import digest_of
from anchor.core.errors import JobError
from anchor.core.script import Script
from anchor.messages import message
from anchor.pipeline.plan.casting import Choices

SPEC_SCHEMA = "JobSpec.1"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A script and the choices over it: what a result depends on beside packs and engines."""

    script: Script
    choices: Choices

    @property
    def digest(self) -> str:
        """Content address of the document."""
        return digest_of(spec_document(self))


def spec_document(spec: JobSpec) -> dict[str, Any]:
    """A spec as a stored document."""
    return {"schema": SPEC_SCHEMA, "value": TypeAdapter(JobSpec).dump_python(spec, mode="json")}


def spec_from(document: dict[str, Any]) -> JobSpec:
    """The spec of a stored document.

    Raises:
        JobError: of another schema, or damaged.
    """
    try:
        if document["schema"] != SPEC_SCHEMA:
            what = message("pipeline.other-schema", schema=str(document["schema"]))
            raise JobError(what, hint=message("pipeline.this-schema", schema=SPEC_SCHEMA))
        return TypeAdapter(JobSpec).validate_python(document["value"])
    except (KeyError, TypeError, ValidationError) as error:
        raise JobError(message("pipeline.job-damaged"), hint=message("pipeline.job-damaged-hint")) from error
