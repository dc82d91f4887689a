"""A person's consent to the use of their face or voice: the record in a pack, and whether it covers a use.

The record is `consent.toml` (schema 1). Whoever signed, for what, from when until when; where the signed paper is, and
its sha256; and, when it was taken back, since when and why. Dates are days, both ends included.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from anchor.core.artifact import file_digest
from anchor.core.errors import ConsentError, Place
from anchor.core.validation import first_fault
from anchor.messages import Field as MessageField
from anchor.messages import Message, message

FILE = "consent.toml"
"""The record's name in a pack."""
FORM_MARK = "FILL-IN"
"""Stands in a form for what nobody has filled in yet."""

ConsentAsset = Literal["face", "voice"]
ConsentId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
_CLOSED = ConfigDict(extra="forbid", frozen=True)


class Evidence(BaseModel):
    """The signed paper or recording."""

    model_config = _CLOSED
    file: str = Field(min_length=1)
    """Path in the pack, or the name under which it is kept elsewhere."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kept: Literal["in-pack", "elsewhere"] = "in-pack"
    where: str = ""
    """Which archive, when kept elsewhere."""


class Revocation(BaseModel):
    """Consent taken back."""

    model_config = _CLOSED
    on: date
    """From this day on nothing new is made."""
    reason: str = ""


class Consent(BaseModel):
    """One record of consent."""

    model_config = _CLOSED
    # `schema` is the house's word; BaseModel has an attribute of that name, hence the alias.
    schema_version: Literal[1] = Field(alias="schema")
    id: str = Field(min_length=1)
    """How contracts and clips name this consent."""
    subject: str = Field(min_length=1)
    """Whose face or voice it is."""
    licensee: str = Field(min_length=1)
    """Who may use it."""
    covers: Annotated[tuple[ConsentAsset, ...], Field(min_length=1)]
    uses: Annotated[tuple[ConsentId, ...], Field(min_length=1)]
    """`news`, `events`, `education` …: a script's `use` must be among them."""
    programmes: tuple[str, ...] = ()
    """Programmes for which it holds; empty: all."""
    territories: tuple[str, ...] = ()
    """Where it may be shown; empty: everywhere."""
    signed_on: date
    # The record says `from`, which Python keeps for itself.
    begins: date = Field(alias="from")
    until: date
    note: str = ""
    evidence: Evidence
    revoked: Revocation | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Consent:
        if self.until < self.begins:
            raise ValueError(f"until {self.until} lies before from {self.begins}")
        return self


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a face or voice is about to be used for."""

    use: str = "news"
    programme: str = ""
    territory: str = ""


@dataclass(frozen=True, slots=True)
class ConsentMark:
    """Which consent a clip was made under."""

    id: str
    digest: str
    """sha256 of the record."""
    until: str
    """ISO 8601 day."""


def load_consent(path: Path) -> Consent:
    """Read a record.

    Raises:
        ConsentError: it is missing, not TOML, not filled in, or a key is of another form; names file and field.
    """
    place = Place(file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise ConsentError(message("trust.no-record-file"), hint=message("trust.form"), place=place) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        what = message("trust.cannot-read-record", reason=str(error))
        raise ConsentError(what, hint=message("trust.form"), place=place) from error
    refuse_unfilled(raw, path)
    try:
        return Consent.model_validate(raw)
    except ValidationError as error:
        fault, field = first_fault(error)
        place = Place(file=str(path), field=field or None)
        raise ConsentError(
            message("trust.record-fault", what=fault), hint=message("trust.form"), place=place
        ) from error


def refuse_unfilled(raw: Mapping[str, object], path: Path) -> None:
    """Refuse a form that still has its marks.

    Raises:
        ConsentError: it names the key.
    """
    for key, value in raw.items():
        if FORM_MARK in str(value):
            place = Place(file=str(path), field=key)
            hint = message("trust.fill-in", mark=FORM_MARK)
            raise ConsentError(message("trust.not-filled-in"), hint=hint, place=place)


def check_evidence(consent: Consent, folder: Path) -> None:
    """Hold the evidence that lies beside the record to its sha256; what is kept elsewhere cannot be checked.

    Raises:
        ConsentError: it is missing, leads out of the folder, or is another file than the one that was signed.
    """
    evidence = consent.evidence
    if evidence.kept == "elsewhere":
        return
    path = folder / evidence.file
    place = Place(file=str(path))
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        what = message("trust.evidence-missing", id=consent.id)
        raise ConsentError(what, hint=message("trust.restore-file"), place=place)
    if file_digest(path) != evidence.sha256:
        raise ConsentError(
            message("trust.evidence-differs", id=consent.id),
            hint=message("trust.restore-signed"),
            place=place,
        )


def purpose_within(consent: Consent | None) -> Purpose:
    """A purpose that lies within a record's scope: tests and checks are made for it."""
    if consent is None:
        return Purpose()
    programme, territory = (names[0] if names else "" for names in (consent.programmes, consent.territories))
    return Purpose(consent.uses[0], programme, territory)


def check_consent(
    consent: Consent, asset: ConsentAsset, purpose: Purpose, today: date, *, recorded_by: Message | None = None
) -> None:
    """Whether a record covers one use on one day.

    Args:
        consent: the record.
        asset: what is about to be used.
        purpose: for what.
        today: when.
        recorded_by: how a new record takes the place of this one; None: as for an avatar.

    Raises:
        ConsentError: revoked, expired, not yet valid, or of another scope.
    """
    command = recorded_by or message("trust.record-avatar", name="NAME", file="NEW.toml")
    renew = message("trust.renew", command=command)
    fault = _fault(consent, asset, today, renew) or _scope_fault(consent, purpose)
    if fault is not None:
        what, hint = fault
        raise ConsentError(what, hint=hint)


def _fault(consent: Consent, asset: ConsentAsset, today: date, renew: Message) -> tuple[Message, Message] | None:
    who = {"id": consent.id, "subject": consent.subject}
    if consent.revoked is not None and consent.revoked.on <= today:
        return _revoked(consent, consent.revoked), message("trust.choose-another")
    if today > consent.until:
        return message("trust.expired", day=str(consent.until), **who), renew
    if today < consent.begins:
        return message("trust.not-yet", day=str(consent.begins), **who), message("trust.wait-or-choose")
    if asset not in consent.covers:
        covered = tuple(message(_ASSETS[one]) for one in dict.fromkeys(consent.covers))
        return message("trust.not-covered", covered=covered, asset=message(_ASSETS[asset]), **who), renew
    return None


_ASSETS: dict[ConsentAsset, str] = {"face": "trust.face", "voice": "trust.voice"}


def _revoked(consent: Consent, revocation: Revocation) -> Message:
    who = {"id": consent.id, "subject": consent.subject, "day": str(revocation.on)}
    if revocation.reason:
        return message("trust.revoked-because", reason=revocation.reason, **who)
    return message("trust.revoked", **who)


def _scope_fault(consent: Consent, purpose: Purpose) -> tuple[Message, Message] | None:
    rows = (
        ("use", purpose.use, consent.uses),
        ("programme", purpose.programme, consent.programmes),
        ("territory", purpose.territory, consent.territories),
    )
    for key, value, allowed in rows:
        if allowed and value not in allowed:
            named: dict[str, MessageField] = {
                "id": consent.id,
                "subject": consent.subject,
                "key": key,
                "allowed": allowed,
            }
            what = message("trust.other-scope", value=value, **named) if value else message("trust.no-scope", **named)
            return what, message("trust.write-scope", key=key, value=allowed[0])
    return None
