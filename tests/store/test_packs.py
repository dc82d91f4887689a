"""A pack in a store: what is laid out on another machine is the pack, or nothing is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anchor.core.errors import PackError, StorageError
from anchor.packs import Pack, Shelf, load_pack, verify_pack
from anchor.store.packs import PackStore, StoredPack
from anchor.store.remote import Remote
from anchor.store.store import Store
from tests.conftest import ROOT


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A look on somebody's desk."""
    desk = tmp_path / "desk" / "forum"
    shutil.copytree(ROOT / "templates" / "forum", desk)
    return load_pack(desk, Shelf.LOOKS)


def _machine(folder: Path, name: str) -> PackStore:
    return PackStore(Store(folder / name, Remote(f"file://{folder}/shared")))


def _studio(packs: PackStore, stored: StoredPack) -> Path:
    return packs.root(stored) / "templates" / "forum" / "studio.png"


def test_it_is_the_same_pack_on_another_machine(pack: Pack, tmp_path: Path) -> None:
    stored = _machine(tmp_path, "a").put(pack)
    assert _machine(tmp_path, "b").put(pack) == stored, "put once, by content"
    shutil.rmtree(pack.path)
    there = load_pack(_machine(tmp_path, "c").root(stored) / "templates" / "forum", Shelf.LOOKS)
    verify_pack(there)
    assert (there.digest, there.manifest) == (pack.digest, pack.manifest)


@pytest.mark.parametrize("how", ["another", "torn", "gone"])
def test_a_damaged_file_is_fetched_again(pack: Pack, tmp_path: Path, how: str) -> None:
    whole = (pack.path / "studio.png").read_bytes()
    stored = _machine(tmp_path, "a").put(pack)
    packs = _machine(tmp_path, "b")
    studio = _studio(packs, stored)
    assert studio.read_bytes() == whole
    studio.write_bytes(whole[::-1] if how == "another" else whole[:100])
    if how == "gone":
        studio.unlink()
    for later in (packs, _machine(tmp_path, "b")):
        assert _studio(later, stored).read_bytes() == whole
    assert _machine(tmp_path, "b").root(stored) == packs.root(stored)


def test_a_copy_that_nobody_else_has_is_refused_until_it_is_put_again(pack: Pack, tmp_path: Path) -> None:
    packs = PackStore(Store(tmp_path / "alone"))
    stored = packs.put(pack)
    _studio(packs, stored).write_bytes(b"torn")
    with pytest.raises(StorageError, match=r"\.png is damaged"):
        packs.root(stored)
    assert packs.put(pack) == stored
    assert _studio(packs, stored).read_bytes() == (pack.path / "studio.png").read_bytes()


def test_an_edit_in_place_does_not_reach_the_store(pack: Pack, tmp_path: Path) -> None:
    packs = PackStore(Store(tmp_path / "alone"))
    stored = packs.put(pack)
    whole = (pack.path / "studio.png").read_bytes()
    (pack.path / "studio.png").write_bytes(b"another")
    assert _studio(packs, stored).read_bytes() == whole
    with pytest.raises(PackError, match=r"studio\.png has sha256"):
        packs.put(pack)


def test_nothing_is_read_or_written_outside_of_a_pack(pack: Pack, tmp_path: Path) -> None:
    manifest = pack.path / "template.toml"
    outside = tmp_path / "desk" / "secret"
    outside.write_bytes((pack.path / "studio.png").read_bytes())
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(
        text.replace('"studio.png" =', f'"../secret" = "{pack.manifest["files"]["studio.png"]}"\n"studio.png" =')
    )
    with pytest.raises(PackError, match=r"\.\./secret leads out of the pack"):
        PackStore(Store(tmp_path / "alone")).put(load_pack(pack.path, Shelf.LOOKS))
