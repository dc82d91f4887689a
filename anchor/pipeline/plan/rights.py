"""The right to use the faces and voices of a script, asked before anything is made and before it goes out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from anchor.core.artifact import canonical
from anchor.core.face import Avatar
from anchor.core.ports import Voice
from anchor.core.script import Script
from anchor.packs import Pack, Shelf, load_pack, pack_directory
from anchor.pipeline.services import Services
from anchor.store.packs import PackStore, StoredPack
from anchor.trust.consent import ConsentAsset, Purpose
from anchor.trust.consent_records import allow, consent_of, mark_of, names_consent

_USED_AS: dict[Shelf, ConsentAsset] = {Shelf.AVATARS: "face", Shelf.VOICES: "voice"}


def purpose_of(script: Script) -> Purpose:
    """What a script uses its presenters for."""
    return Purpose(use=script.use, programme=script.programme, territory=script.territory)


def check_rights(avatars: Iterable[Avatar], voices: Iterable[Voice], purpose: Purpose, services: Services) -> None:
    """Whether every face and voice may be used for a purpose today.

    Of a pack that was taken in, one of its name on the machine's own shelves is asked first: a consent that was copied
    does not know that it was taken back.

    Raises:
        ConsentError: a consent is missing, expired, not yet valid, revoked, of another scope, or was changed.
    """
    today = services.clock().date()
    used = [(Shelf.AVATARS, a.name, a.path) for a in avatars]
    used += [(Shelf.VOICES, v.name, v.path) for voice in voices for v in (voice, *voice.members)]
    for shelf, name, path in dict.fromkeys(used):
        own = pack_directory(shelf, name, services.settings.shelves)
        if own is not None and own.resolve() != path.resolve():
            allow(load_pack(own, shelf), _USED_AS[shelf], purpose, today)
        allow(load_pack(path, shelf), _USED_AS[shelf], purpose, today)


def check_shelved(packs: Iterable[Pack], purpose: Purpose, today: date) -> None:
    """Whether packs of a shelf may be used for a purpose today.

    Raises:
        ConsentError: as `check_rights`.
    """
    for pack in packs:
        if pack.shelf in _USED_AS:
            allow(pack, _USED_AS[pack.shelf], purpose, today)


def check_taken_in(
    packs: Iterable[StoredPack], store: PackStore, shelves: tuple[Path, ...], purpose: Purpose, today: date
) -> None:
    """Whether packs that were taken in may still be used for a purpose today, as the shelves have it now.

    A consent on the shelf stands for the one that was copied, which is asked where the shelf has none of that name.

    Raises:
        ConsentError: as `check_rights`.
        StorageError: nothing on the shelf, and the copy is gone.
    """
    for stored in packs:
        if stored.shelf not in _USED_AS:
            continue
        directory = pack_directory(stored.shelf, stored.name, shelves)
        asset = _USED_AS[stored.shelf]
        if directory is not None and allow(load_pack(directory, stored.shelf), asset, purpose, today) is not None:
            continue
        if names_consent(tomllib.loads(store.text(stored, stored.shelf.manifest))):
            copy = store.root(stored) / stored.shelf.value / stored.name
            allow(load_pack(copy, stored.shelf), asset, purpose, today)


def consent_document(path: Path, shelf: Shelf) -> object:
    """What a clip's manifest says of the consent of one of its packs; None: it needs none."""
    pack = load_pack(path, shelf)
    consent = consent_of(pack)
    return None if consent is None else canonical(mark_of(pack, consent))
