"""Every pack on every shelf: loads, is whole, says its licence."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.packs import Shelf, find_pack, load_pack, pack_names, verify_pack
from anchor.registry import GRAPHICS, LIP_SYNC, SPEECH

ROOT = Path(__file__).resolve().parents[1]
ENGINES = {Shelf.VOICES: SPEECH, Shelf.AVATARS: LIP_SYNC, Shelf.LOOKS: GRAPHICS}
DIRECTORIES = [(shelf, path) for shelf in Shelf for path in sorted((ROOT / shelf.value).iterdir()) if path.is_dir()]


def test_no_shelf_is_empty() -> None:
    for shelf in Shelf:
        assert pack_names(shelf, (ROOT,))


@pytest.mark.parametrize(("shelf", "directory"), DIRECTORIES, ids=lambda v: getattr(v, "name", str(v)))
def test_every_directory_is_a_whole_pack(shelf: Shelf, directory: Path) -> None:
    pack = load_pack(directory, shelf)
    verify_pack(pack)
    assert pack.label
    assert pack.engine in ENGINES[shelf]
    assert (directory / "LICENSE").read_text(encoding="utf-8").strip()
    assert pack.manifest["files"]


@pytest.mark.parametrize(("shelf", "directory"), DIRECTORIES, ids=lambda v: getattr(v, "name", str(v)))
def test_every_file_of_a_pack_is_listed_or_explained(shelf: Shelf, directory: Path) -> None:
    listed = set(load_pack(directory, shelf).manifest["files"])
    loose = {
        p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file() and p.name[0] != "."
    } - listed
    assert loose <= {shelf.manifest, "LICENSE", "README.md", "NOTICE"}


@pytest.mark.parametrize("name", pack_names(Shelf.AVATARS, (ROOT,)))
def test_every_avatar_has_its_voice(name: str) -> None:
    avatar = find_pack(Shelf.AVATARS, name, (ROOT,))
    assert find_pack(Shelf.VOICES, avatar.manifest["voice"], (ROOT,))
    assert avatar.manifest["kind"] == "synthetic" or avatar.manifest["consent"]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    shelf, directory = DIRECTORIES[0]
    copy = tmp_path / directory.name
    copy.mkdir()
    for path in directory.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    verify_pack(load_pack(copy, shelf))
    changed = next(iter(load_pack(copy, shelf).manifest["files"]))
    (copy / changed).write_bytes(b"x")
    with pytest.raises(PackError, match="sha256"):
        verify_pack(load_pack(copy, shelf))
