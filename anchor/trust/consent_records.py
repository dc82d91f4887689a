"""Consent records in packs: taken in from a form, taken back, and asked before anything is made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from anchor.core.artifact import file_digest
from anchor.core.errors import ConsentError, Place
from anchor.core.files import write_text_whole
from anchor.messages import Message, message
from anchor.packs import Pack, Shelf
from anchor.packs.paths import is_inside
from anchor.trust.consent import (
    FILE,
    Consent,
    ConsentAsset,
    ConsentMark,
    Purpose,
    check_consent,
    check_evidence,
    load_consent,
    refuse_unfilled,
)

EVIDENCE = "evidence"
"""Folder in the pack for the signed paper or recording."""
LARGEST_EVIDENCE = 1 << 30
"""Bytes."""


def record_consent(form: Path, folder: Path) -> Consent:
    """Write a filled-in form into `folder` as its record, with a copy of the evidence; gives the record.

    An empty `sha256` in the form is computed from the evidence, which is looked for beside the form.

    Raises:
        ConsentError: the form is not filled in or of another form, or the evidence is missing, too large or another.
    """
    place = Place(file=str(form))
    try:
        document = tomlkit.parse(form.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConsentError(message("trust.no-such-record"), hint=message("trust.check-path"), place=place) from None
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        what = message("trust.cannot-read-record", reason=str(error))
        raise ConsentError(what, hint=message("trust.mend-toml"), place=place) from error
    refuse_unfilled(document, form)
    evidence = document.get("evidence")
    if isinstance(evidence, dict) and isinstance(evidence.get("file"), str) and evidence["file"]:
        paper = form.parent / str(evidence["file"])
        in_pack = evidence.get("kept", "in-pack") == "in-pack"
        if in_pack and not is_inside(str(evidence["file"])):
            place = Place(file=str(form), field="evidence.file")
            raise ConsentError(
                message("trust.evidence-beside"), hint=message("trust.evidence-beside-hint"), place=place
            )
        if in_pack or not evidence.get("sha256"):
            digest = _digest_of_evidence(paper)
            evidence["sha256"] = evidence.get("sha256") or digest
            if in_pack:
                evidence["file"] = f"{EVIDENCE}/{paper.name}"
                (folder / EVIDENCE).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(paper, folder / EVIDENCE / paper.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(tomlkit.dumps(document), encoding="utf-8")
    try:
        consent = load_consent(folder / FILE)
    except ConsentError as error:
        # The place that helps is the form, not the copy of it.
        raise ConsentError(
            error.message, hint=error.hint, place=Place(file=str(form), field=error.place.field if error.place else "")
        ) from error
    check_evidence(consent, folder)
    return consent


def _digest_of_evidence(paper: Path) -> str:
    place = Place(file=str(paper), field="evidence.file")
    if not paper.is_file():
        raise ConsentError(message("trust.no-evidence"), hint=message("trust.evidence-path"), place=place)
    if paper.stat().st_size > LARGEST_EVIDENCE:
        raise ConsentError(message("trust.evidence-too-large"), hint=message("trust.keep-elsewhere"), place=place)
    return file_digest(paper)


def revoke(folder: Path, on: date, reason: str) -> None:
    """Write into a pack's record that the consent was taken back.

    Raises:
        ConsentError: there is no record, or it cannot be read.
        StorageError: it cannot be written.
    """
    path = folder / FILE
    load_consent(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    table = tomlkit.table()
    table["on"], table["reason"] = on, reason
    document["revoked"] = table
    write_text_whole(path, tomlkit.dumps(document))


def names_consent(manifest: Mapping[str, object]) -> bool:
    """Whether a pack of this manifest may be used only under a consent."""
    # A voice may name a signed paper without a record; its hash stands in [files] and is checked with the others.
    return str(manifest.get("consent", "")).endswith(".toml") or manifest.get("kind") == "person"


def record_of(pack: Pack) -> Path | None:
    """Where the pack's consent record is; None: it needs none.

    Raises:
        ConsentError: it shows or lets hear a person and names no record.
    """
    if not names_consent(pack.manifest):
        return None
    named = str(pack.manifest.get("consent", ""))
    if named.endswith(".toml"):
        return pack.path / named
    raise ConsentError(
        message("trust.person-without-record", noun=pack.shelf.called, name=pack.name),
        hint=_record_hint(pack),
        place=Place(file=str(pack.path / pack.shelf.manifest), field="consent"),
    )


def _record_hint(pack: Pack) -> Message:
    if pack.shelf is Shelf.AVATARS:
        return message("trust.record-avatar", name=pack.name, file="CONSENT.toml")
    return message("trust.record-in-pack", file=FILE, manifest=pack.shelf.manifest)


def consent_of(pack: Pack) -> Consent | None:
    """The pack's record, held to its seal and to its evidence; None: it needs none.

    Raises:
        ConsentError: missing, changed since it was sealed, not readable, or without its evidence.
    """
    path = record_of(pack)
    if path is None:
        return None
    sealed = pack.manifest["files"].get(path.relative_to(pack.path).as_posix())
    if path.is_file() and file_digest(path) != sealed:
        raise ConsentError(
            message("trust.changed-since-sealed", name=pack.name),
            hint=message("trust.record-anew", how=_record_hint(pack)),
            place=Place(file=str(path)),
        )
    consent = load_consent(path)
    check_evidence(consent, path.parent)
    return consent


def allow(pack: Pack, asset: ConsentAsset, purpose: Purpose, today: date) -> ConsentMark | None:
    """The consent under which a pack may be used for a purpose; None: it needs none.

    Raises:
        ConsentError: there is none, or it does not cover this.
    """
    consent = consent_of(pack)
    if consent is None:
        return None
    try:
        check_consent(consent, asset, purpose, today, recorded_by=_record_hint(pack))
    except ConsentError as error:
        raise ConsentError(
            message("trust.of-pack", noun=pack.shelf.called, name=pack.name, reason=error.message),
            hint=error.hint,
        ) from error
    return mark_of(pack, consent)


def mark_of(pack: Pack, consent: Consent) -> ConsentMark:
    """What a clip's manifest says of the consent it was made under."""
    path = record_of(pack)
    assert path is not None
    return ConsentMark(consent.id, file_digest(path), consent.until.isoformat())
