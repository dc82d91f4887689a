"""The right to use the faces and voices of a script, asked before anything is made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from anchor.core.artifact import canonical
from anchor.core.face import Avatar
from anchor.core.ports import Voice
from anchor.core.script import Script
from anchor.packs import Shelf, load_pack
from anchor.pipeline.services import Services
from anchor.trust.consent import ConsentAsset, Purpose
from anchor.trust.consent_records import allow, consent_of, mark_of


def purpose_of(script: Script) -> Purpose:
    """What a script uses its presenters for."""
    return Purpose(use=script.use, programme=script.programme, territory=script.territory)


def check_rights(avatars: Iterable[Avatar], voices: Iterable[Voice], purpose: Purpose, services: Services) -> None:
    """Whether every face and voice may be used for a purpose today.

    Raises:
        ConsentError: a consent is missing, expired, not yet valid, revoked, of another scope, or was changed.
    """
    today = services.clock().date()
    wanted: dict[tuple[Path, ConsentAsset], Shelf] = {(a.path, "face"): Shelf.AVATARS for a in avatars}
    for voice in voices:
        wanted |= {(v.path, "voice"): Shelf.VOICES for v in (voice, *voice.members)}
    for (path, asset), shelf in wanted.items():
        allow(load_pack(path, shelf), asset, purpose, today)


def consent_document(path: Path, shelf: Shelf) -> object:
    """What a clip's manifest says of the consent of one of its packs; None: it needs none."""
    pack = load_pack(path, shelf)
    consent = consent_of(pack)
    return None if consent is None else canonical(mark_of(pack, consent))
