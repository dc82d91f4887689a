"""What pydantic says of a document, in our words' form."""

from __future__ import annotations


def first_fault(error: Exception) -> tuple[str, str]:
    """(what is wrong, the field it is wrong in) of the first fault; of another error what it says, and no field."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error), ""
    first = error.errors(include_url=False)[0]
    return first["msg"], ".".join(str(part) for part in first["loc"])
