"""Consent holds for voices as for faces, by the clock of the services."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from anchor.core.errors import ConsentError
from anchor.core.script import Script
from anchor.packs import Shelf
from anchor.pipeline.plan.casting import Choices, resolve
from anchor.pipeline.plan.rights import consent_document
from anchor.pipeline.run import speak_text
from anchor.pipeline.services import Services
from anchor.trust.consent import FILE
from tests.pipeline.toys import SIGNED, agreed_shelf, settings_for


@pytest.fixture
def shelf(toy_shelf: Path, tmp_path: Path) -> Path:
    """The toy shelf with a voice that is a person's, under a consent of one year."""
    return agreed_shelf(toy_shelf, tmp_path)


def services_on(shelf: Path, cache: Path, day: date) -> Services:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Services(settings_for(cache, shelf, production=False), clock=lambda: noon)


DOLL = Choices(avatar="doll", voice="hum")


@pytest.mark.parametrize("day", [SIGNED, date(2027, 10, 31)])
def test_a_voice_speaks_while_its_consent_lasts(shelf: Path, tmp_path: Path, short: Script, day: date) -> None:
    with services_on(shelf, tmp_path / "cache", day) as services:
        (cast,) = resolve(short, DOLL, services).cast.values()
    said = consent_document(cast.voice.path, Shelf.VOICES)
    assert isinstance(said, dict) and said["id"] == "hum-2026" and said["until"] == "2027-10-31"
    assert consent_document(cast.avatar.path, Shelf.AVATARS) is None


@pytest.mark.parametrize(
    ("day", "says"), [(date(2026, 10, 31), "valid from 2026-11-01"), (date(2027, 11, 1), "expired on 2027-10-31")]
)
def test_a_voice_is_silent_outside_its_term(shelf: Path, tmp_path: Path, short: Script, day: date, says: str) -> None:
    with services_on(shelf, tmp_path / "cache", day) as services:
        with pytest.raises(ConsentError, match=f"voice 'hum': .*{says}"):
            resolve(short, DOLL, services)
        with pytest.raises(ConsentError, match=says):
            speak_text("你好。", "hum", tmp_path / "said.wav", services)
    assert not (tmp_path / "said.wav").exists()


def test_a_persons_voice_without_a_record_is_silent(shelf: Path, tmp_path: Path, short: Script) -> None:
    path = shelf / "voices" / "hum" / "voice.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(f'consent = "{FILE}"\n', ""), encoding="utf-8")
    with (
        services_on(shelf, tmp_path / "cache", SIGNED) as services,
        pytest.raises(ConsentError, match="no consent record"),
    ):
        resolve(short, DOLL, services)
