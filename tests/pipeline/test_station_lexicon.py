"""The station's lexicon on the line: it is heard, told, and makes only what it changes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import PackError
from anchor.core.speech import SpeechTrack
from anchor.intake.script import parse_script
from anchor.mandarin.station import load_station
from anchor.pipeline.run import Choices, render_script, speak_text
from anchor.pipeline.services import Services
from anchor.settings import Settings
from tests.pipeline.toys import SHORT, settings_for
from tests.workers.reference import own_cache

pytestmark = pytest.mark.media


def speak(text: str, settings: Settings, folder: Path) -> tuple[list[str | None], SpeechTrack]:
    with Services(settings) as services:
        utterance, track, _ = speak_text(text, "hao", folder / "a.wav", services)
    return [s.pinyin for s in utterance.syllables], track


def test_a_new_row_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    settings = replace(settings_for(tmp_path / "cache", production=True), lexicon=path)
    before, old = speak("企業很好。", settings, tmp_path)
    other = speak("天氣很好。", settings, tmp_path)
    path.write_text("企業\tㄑㄧˇ ㄧㄝˋ\n", encoding="utf-8")
    after, new = speak("企業很好。", settings, tmp_path)
    assert (before[:2], after[:2]) == (["qi4", "ye4"], ["qi3", "ye4"])
    assert new.audio.digest != old.audio.digest
    assert speak("天氣很好。", settings, tmp_path) == other


def test_a_broken_row_stops_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_text("企業\tㄑㄧˇ\n", encoding="utf-8")
    settings = replace(settings_for(tmp_path / "cache", production=True), lexicon=path)
    with pytest.raises(PackError, match="2 characters") as caught:
        speak("天氣很好。", settings, tmp_path)
    assert caught.value.place and (caught.value.place.file, caught.value.place.line) == (str(path), 1)
    assert not (tmp_path / "a.wav").exists()


def test_the_manifest_names_the_layers(tmp_path: Path, toy_shelf: Path, plates: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_text("測試\tㄘㄜˋ ㄕˋ\n", encoding="utf-8")
    cache = own_cache(tmp_path / "cache", plates)
    settings = replace(settings_for(cache, toy_shelf, production=False), lexicon=path)
    script = parse_script(SHORT, None, tmp_path)
    with Services(settings) as services:
        render_script(script, Choices(avatar="doll", rendition="web-720p"), tmp_path / "clip.mp4", services)
    manifest = json.loads((tmp_path / "clip.json").read_text(encoding="utf-8"))
    assert manifest["reading_layers"] == {"station": load_station(path).digest}
