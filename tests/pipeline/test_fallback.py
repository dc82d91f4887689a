"""A voice with a chain: who spoke is told, and the cache never mixes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchor.core.events import Event, Notice
from anchor.core.speech import SpeechTrack
from anchor.intake.script import parse_script
from anchor.pipeline.run import Choices, render_script, speak_text
from anchor.pipeline.services import Services
from anchor.registry import SPEECH
from tests.pipeline.toys import SHORT, settings_for
from tests.workers.reference import own_cache

ABSENT = "tests.speech.toy_engines:Absent"
pytestmark = pytest.mark.media


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A shelf with the voice `chain`: engine `better`, else hao's formant voice."""
    folder = tmp_path / "shelf" / "voices" / "chain"
    folder.mkdir(parents=True)
    (folder / "LICENSE").write_text("CC0-1.0\n")
    (folder / "voice.toml").write_text(
        'schema = 1\nname = "chain"\nlabel = "Chain"\nengine = ["better", "espeak:hao-espeak"]\nlicence = "CC0-1.0"\n'
        '[source]\nby = "tests"\nwhat = "a chain"\ndate = "2026-11-23"\n[engine_options]\n[files]\n',
        encoding="utf-8",
    )
    return tmp_path / "shelf"


def speak(tmp_path: Path, shelf: Path) -> tuple[SpeechTrack, list[Event]]:
    events: list[Event] = []
    with Services(settings_for(tmp_path / "cache", shelf, production=False)) as services:
        _, track, _ = speak_text("今天天氣晴。", "chain", tmp_path / "a.wav", services, events.append)
    return track, events


def test_installed_tomorrow_speaks_anew(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPEECH, "better", ABSENT)
    today, told = speak(tmp_path, shelf)
    assert (today.engine, today.voice) == ("espeak", "hao-espeak")
    (notice,) = [e for e in told if isinstance(e, Notice)]
    assert notice.code == "voice-fallback" and "no such library" in notice.text and "espeak" in notice.text

    monkeypatch.setitem(SPEECH, "better", SPEECH["tone"])
    tomorrow, told = speak(tmp_path, shelf)
    assert (tomorrow.engine, tomorrow.voice) == ("better", "chain")
    assert tomorrow.audio.digest != today.audio.digest
    assert not [e for e in told if isinstance(e, Notice)]

    monkeypatch.setitem(SPEECH, "better", ABSENT)
    again, _ = speak(tmp_path, shelf)
    assert again == today


def test_what_the_chain_spoke_is_what_its_member_speaks(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SPEECH, "better", ABSENT)
    track, _ = speak(tmp_path, shelf)
    with Services(settings_for(tmp_path / "cache", production=True)) as services:
        _, own, _ = speak_text("今天天氣晴。", "hao-espeak", tmp_path / "b.wav", services)
    assert own == track


def test_the_manifest_says_who_spoke(
    tmp_path: Path, shelf: Path, toy_shelf: Path, plates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SPEECH, "better", ABSENT)
    script = parse_script(SHORT, None, tmp_path)
    choices = Choices(avatar="doll", voice="chain", rendition="web-720p")
    cache = own_cache(tmp_path / "cache", plates)
    with Services(settings_for(cache, shelf, toy_shelf, production=False)) as services:
        render_script(script, choices, tmp_path / "clip.mp4", services)
    manifest = json.loads((tmp_path / "clip.json").read_text(encoding="utf-8"))
    assert manifest["presenters"]["doll"]["speech"] == "espeak"
    assert {(s["speech"], s["voice"]) for s in manifest["segments"]} == {("espeak", "hao-espeak")}
    assert "voice-fallback" in {n["code"] for n in manifest["notices"]}
