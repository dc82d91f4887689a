"""A pack reads its own files and no others, whatever its documents name."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from anchor.core.errors import ConsentError, PackError
from anchor.face.mouthbank import load_bank
from anchor.packs import Shelf, find_pack, load_pack, pack_directory
from anchor.packs.paths import is_inside
from anchor.speech.engines.espeak.engine import speaker_of
from anchor.speech.voice import resolve_voice
from anchor.trust.consent_form import consent_form
from anchor.trust.consent_records import record_consent

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = ["/etc/hostname", "../other/bank/M.png", "a/../../x", "bank\\..\\..\\x", "..", "", ".", "a\0b", "./still.png"]
INSIDE = ["still.png", "bank/j0_neutral.png", "evidence/同意書 1.pdf", "a..b/c...d"]


@pytest.mark.parametrize("relative", OUTSIDE)
def test_outside(relative: str) -> None:
    assert not is_inside(relative)


@pytest.mark.parametrize("relative", INSIDE)
def test_inside(relative: str) -> None:
    assert is_inside(relative)


@pytest.mark.parametrize("relative", ["/etc/hostname", "../forum/studio.png", "a/../../x"])
def test_a_manifest_lists_no_file_of_others(tmp_path: Path, relative: str) -> None:
    look = tmp_path / "evening-news"
    shutil.copytree(ROOT / "templates" / "evening-news", look)
    manifest = look / "template.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("[files]\n", f'[files]\n"{relative}" = "{"0" * 64}"\n'), "utf-8")
    with pytest.raises(PackError, match="leads out of the pack") as caught:
        load_pack(look, Shelf.LOOKS)
    assert caught.value.place is not None and caught.value.place.field == "files"
    manifest.write_text(text.replace("schema = 1", f'schema = 1\nconsent = "{relative}"', 1), "utf-8")
    with pytest.raises(PackError, match="leads out of the pack") as caught:
        load_pack(look, Shelf.LOOKS)
    assert caught.value.place is not None and caught.value.place.field == "consent"


@pytest.mark.parametrize("relative", ["../../other/bank/M.png", "/etc/hostname", "x/../../../y.png"])
def test_a_mouth_bank_shows_no_mouth_of_others(tmp_path: Path, relative: str) -> None:
    shutil.copytree(ROOT / "avatars" / "lan" / "bank", tmp_path / "lan" / "bank")
    shutil.copytree(ROOT / "avatars" / "hao" / "bank", tmp_path / "other" / "bank")
    bank = tmp_path / "lan" / "bank" / "bank.json"
    document = json.loads(bank.read_text("utf-8"))
    document["shapes"]["M"]["file"] = relative
    bank.write_text(json.dumps(document), "utf-8")
    with pytest.raises(PackError, match="leads out of the pack") as caught:
        load_bank(bank)
    assert caught.value.place is not None and "M" in str(caught.value.place.field)


@pytest.mark.parametrize("relative", ["/etc/hostname", "../lan/style.bin", "x/../../y"])
def test_a_voice_reads_no_file_of_others(tmp_path: Path, relative: str) -> None:
    voice = tmp_path / "lan-espeak"
    shutil.copytree(ROOT / "voices" / "lan-espeak", voice)
    manifest = voice / "voice.toml"
    text = manifest.read_text("utf-8")
    assert "[engine_options]" in text
    lines = [line for line in text.splitlines() if not line.startswith("voice_file")]
    lines.insert(lines.index("[engine_options]") + 1, f'voice_file = "{relative}"')
    manifest.write_text("\n".join(lines) + "\n", "utf-8")
    resolved = resolve_voice(load_pack(voice, Shelf.VOICES), (tmp_path, ROOT), tmp_path)
    with pytest.raises(PackError, match="leads out of the pack"):
        speaker_of(resolved, 1.0)


@pytest.mark.parametrize("name", ["../voices/lan", "/etc", "lan/../lan", ".", "", "LAN", "lan\0"])
def test_a_name_is_no_path(name: str) -> None:
    assert pack_directory(Shelf.AVATARS, name, (ROOT,)) is None
    with pytest.raises(PackError, match=r"no (presenter|avatar)"):
        find_pack(Shelf.AVATARS, name, (ROOT,))


@pytest.mark.parametrize("relative", ["/etc/hostname", "../secret.pdf", "x/../../secret.pdf"])
def test_evidence_is_no_file_of_others(tmp_path: Path, relative: str) -> None:
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    desk = tmp_path / "desk"
    desk.mkdir()
    form = desk / "form.toml"
    text = "schema = 1" + consent_form("me", date(2026, 11, 1)).split("schema = 1")[1]
    for answer in ("王小明", "安克電視", relative):
        text = text.replace('"FILL-IN"', f'"{answer}"', 1)
    form.write_text(text, "utf-8")
    with pytest.raises(ConsentError, match="outside the form's folder"):
        record_consent(form, tmp_path / "pack")
    assert not list((tmp_path / "pack").rglob("*"))
