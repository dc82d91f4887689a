"""Chains of engines: who speaks when somebody cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import EngineError, EngineUnavailable, PackError
from anchor.core.ports import Voice
from anchor.core.speech import Utterance
from anchor.packs import Shelf, load_pack
from anchor.registry import SPEECH
from anchor.speech.engines.fallback import FallbackEngine
from anchor.speech.engines.tone import ToneEngine
from anchor.speech.voice import resolve_voice
from tests.speech.toy_engines import Refusing

Say = Callable[[str], Utterance]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Absent", "Dying", "Refusing"):
        monkeypatch.setitem(SPEECH, name.lower(), f"tests.speech.toy_engines:{name}")


def voices(*engines: str) -> tuple[Voice, ...]:
    return tuple(Voice(f"v-{e}", e, ROOT, e, e, (), "CC0-1.0") for e in engines)


def test_the_first_that_can_speaks(say: Say) -> None:
    members = voices("absent", "dying", "tone", "refusing")
    told: list[tuple[str, str, str]] = []
    said = say("tai2bei3 ， AI")
    with FallbackEngine(members, passed=lambda a, b, e: told.append((a.engine, b.engine, e.message))) as chain:
        spoken = chain.speak(said, members[0])
    assert told == [("absent", "dying", "no such library"), ("dying", "tone", "the process died")]
    assert np.array_equal(spoken.pcm, ToneEngine().speak(said, members[2]).pcm)


def test_a_refused_text_is_refused_and_engines_are_left(say: Say) -> None:
    before = Refusing.left
    members = voices("absent", "refusing", "tone")
    with FallbackEngine(members) as chain, pytest.raises(EngineError, match="not this text") as caught:
        chain.speak(say("ma1"), members[0])
    assert not isinstance(caught.value, EngineUnavailable)
    assert Refusing.left == before + 1


def test_when_none_can_the_last_reason_is_given(say: Say) -> None:
    members = voices("absent", "dying")
    with FallbackEngine(members) as chain, pytest.raises(EngineUnavailable, match="process died"):
        chain.speak(say("ma1"), members[0])
    with FallbackEngine(voices("absent")) as chain, pytest.raises(EngineUnavailable, match="no such library"):
        _ = chain.capabilities


def test_capabilities_are_what_all_that_can_have_in_common() -> None:
    with FallbackEngine(voices("absent", "espeak")) as chain:
        assert chain.capabilities.exact_timing and chain.capabilities.on_air
    with FallbackEngine(voices("espeak", "dying")) as chain:
        assert not chain.capabilities.exact_timing and chain.capabilities.latin
    with FallbackEngine(voices("espeak", "tone")) as chain:
        assert not chain.capabilities.on_air


def pack(shelf: Path, name: str, engine: str) -> Path:
    folder = shelf / "voices" / name
    folder.mkdir(parents=True)
    (folder / "LICENSE").write_text("CC0-1.0\n")
    (folder / "voice.toml").write_text(
        f'schema = 1\nname = "{name}"\nlabel = "{name}"\nengine = {engine}\nlicence = "CC0-1.0"\n'
        '[source]\nby = "tests"\nwhat = "a hum"\ndate = "2026-11-23"\n[engine_options]\npitch = 40\n[files]\n',
        encoding="utf-8",
    )
    return folder


def resolved(folder: Path) -> Voice:
    return resolve_voice(load_pack(folder, Shelf.VOICES))


def test_a_manifest_names_a_chain(tmp_path: Path) -> None:
    hum = resolved(pack(tmp_path, "hum", '"tone"'))
    chain = resolved(pack(tmp_path, "both", '["absent", "tone:hum"]'))
    assert [(m.engine, m.name) for m in chain.members] == [("absent", "both"), ("tone", "hum")]
    assert chain.engine == "absent" and chain.members[0].option("pitch", 0) == 40
    assert chain.members[1] == hum
    assert hum.members == ()
    assert len({chain.digest, hum.digest, chain.members[0].digest}) == 3


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ('["tone:nobody"]', "no voice 'nobody'"),
        ('["espeak:hum"]', "spoken by tone"),
        ('["tone:hum", "tone:chain"]', "spoken by absent, tone:hum"),
        ("[]", "at least 1"),
        ('"Tone!"', "match pattern"),
        ("3", "valid tuple"),
    ],
)
def test_a_wrong_chain_is_refused(tmp_path: Path, engine: str, message: str) -> None:
    pack(tmp_path, "hum", '"tone"')
    pack(tmp_path, "chain", '["absent", "tone:hum"]')
    with pytest.raises(PackError, match=message) as caught:
        resolved(pack(tmp_path, "wrong", engine))
    assert caught.value.place is not None and "voice.toml" in str(caught.value.place)


def test_only_voices_have_chains(tmp_path: Path) -> None:
    folder = pack(tmp_path, "face", '["bank", "flap"]')
    (folder / "voice.toml").rename(folder / "avatar.toml")
    with pytest.raises(PackError, match="only voices have chains, not avatars"):
        load_pack(folder, Shelf.AVATARS)
