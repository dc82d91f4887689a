"""Voice packs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.packs import Shelf, load_pack, pack_names
from anchor.speech.voice import resolve_voice

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", pack_names(Shelf.VOICES, (ROOT,)))
def test_every_voice_of_the_shelf_resolves(name: str) -> None:
    voice = resolve_voice(load_pack(ROOT / "voices" / name, Shelf.VOICES))
    assert voice.path.is_absolute() and voice.licence and voice.label
    for member in voice.members or (voice,):
        named = {"espeak": "voice_file", "kokoro": "style"}[member.engine]
        assert (member.path / str(member.option(named, ""))).is_file()


def copied(tmp_path: Path, old: str, new: str) -> Path:
    pack = tmp_path / "lan-espeak"
    shutil.copytree(ROOT / "voices" / "lan-espeak", pack)
    manifest = pack / "voice.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    return pack


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    pack = copied(tmp_path, "pitch = 50", "pitch = 51")
    resolve_voice(load_pack(pack, Shelf.VOICES))  # the manifest is no hashed file
    (pack / "espeak-voice").write_text("name other\n", encoding="utf-8")
    with pytest.raises(PackError, match="sha256"):
        resolve_voice(load_pack(pack, Shelf.VOICES))


def test_an_option_must_be_a_string_or_a_number(tmp_path: Path) -> None:
    pack = copied(tmp_path, "pitch = 50", "pitch = [50]")
    with pytest.raises(PackError, match=r"engine_options\.pitch"):
        resolve_voice(load_pack(pack, Shelf.VOICES))


def test_the_digest_follows_the_manifest(tmp_path: Path) -> None:
    pack = copied(tmp_path, "pitch = 50", "pitch = 51")
    changed = resolve_voice(load_pack(pack, Shelf.VOICES))
    assert changed.digest != resolve_voice(load_pack(ROOT / "voices" / "lan-espeak", Shelf.VOICES)).digest
