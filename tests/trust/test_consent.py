"""Consent records: read, taken in, taken back, and what they allow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from anchor.core.errors import ConsentError
from anchor.packs import Pack, Shelf, load_pack
from anchor.trust.consent import FILE, Purpose, check_consent, load_consent
from anchor.trust.consent_form import consent_form
from anchor.trust.consent_records import allow, consent_of, mark_of, record_consent, revoke

DAY = date(2026, 11, 24)
PAPER = b"I agree. Wang Hsiao-ming"
RECORD = f"""\
schema = 1
id = "wang-2026"
subject = "王小明"
licensee = "安克電視"
covers = ["face", "voice"]
uses = ["news", "events"]
programmes = ["晚間新聞"]
territories = ["TW"]
signed_on = 2026-10-30
from = 2026-11-01
until = 2027-10-31

[evidence]
file = "signed.pdf"
sha256 = "{hashlib.sha256(PAPER).hexdigest()}"
"""
FITS = Purpose("news", "晚間新聞", "TW")


def written(folder: Path, text: str = RECORD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "signed.pdf").write_bytes(PAPER)
    path = folder / "wang.toml"
    path.write_text(text, encoding="utf-8")
    return path


def pack(folder: Path, kind: str = "person", consent: str = FILE, shelf: Shelf = Shelf.AVATARS) -> Pack:
    """A pack with a record in it, as far as consent goes."""
    directory = folder / "ming"
    record_consent(written(folder / "form"), directory)
    listed = {p: (directory / p).read_bytes() for p in (FILE, "evidence/signed.pdf")}
    head = f'schema = 1\nname = "ming"\nlabel = "明"\nengine = "bank"\nlicence = "CC0-1.0"\nkind = "{kind}"\n'
    head += f'consent = "{consent}"\n' if consent else ""
    rows = "".join(f'"{name}" = "{hashlib.sha256(content).hexdigest()}"\n' for name, content in listed.items())
    text = f'{head}[source]\nby = "t"\nwhat = "t"\ndate = "2026-11-24"\n[files]\n{rows}'
    (directory / shelf.manifest).write_text(text, encoding="utf-8")
    return load_pack(directory, shelf)


def test_a_record_says_who_what_and_how_long(tmp_path: Path) -> None:
    consent = load_consent(written(tmp_path))
    assert (consent.subject, consent.covers, consent.uses) == ("王小明", ("face", "voice"), ("news", "events"))
    assert (consent.begins, consent.until) == (date(2026, 11, 1), date(2027, 10, 31))
    for day in (consent.begins, DAY, consent.until):
        check_consent(consent, "face", FITS, day)
        check_consent(consent, "voice", Purpose("events", "晚間新聞", "TW"), day)


@pytest.mark.parametrize(
    ("purpose", "day", "says"),
    [
        (FITS, date(2026, 10, 31), "valid from 2026-11-01"),
        (FITS, date(2027, 11, 1), "expired on 2027-10-31"),
        (Purpose("advertising", "晚間新聞", "TW"), DAY, "limited to use news, events"),
        (Purpose("news", "早安新聞", "TW"), DAY, "limited to programme 晚間新聞"),
        (Purpose("news", "", "TW"), DAY, "no programme named"),
        (Purpose("news", "晚間新聞", "JP"), DAY, "limited to territory TW"),
    ],
)
def test_what_a_record_does_not_cover(tmp_path: Path, purpose: Purpose, day: date, says: str) -> None:
    with pytest.raises(ConsentError, match=says) as caught:
        check_consent(load_consent(written(tmp_path)), "face", purpose, day)
    assert "wang-2026" in caught.value.message and caught.value.hint and caught.value.exit_status == 9


def test_a_face_is_no_voice(tmp_path: Path) -> None:
    consent = load_consent(written(tmp_path, RECORD.replace('["face", "voice"]', '["face"]')))
    check_consent(consent, "face", FITS, DAY)
    with pytest.raises(ConsentError, match="covers face, not the voice"):
        check_consent(consent, "voice", FITS, DAY)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "wang-2026"\n', "", "Field required"),
        ('covers = ["face", "voice"]', "covers = []", "at least 1"),
        ("until = 2027-10-31", "until = 2026-10-31", "lies before from"),
        ("schema = 1", "schema = 2", "Input should be 1"),
        ('licensee = "安克電視"', 'licensee = "FILL-IN"', "not filled in"),
        ('["face", "voice"]', '["face", "body"]', "Input should be"),
        ('id = "wang', 'id = wang"', "cannot read"),
        ("until", "untill", "Field required"),
    ],
)
def test_a_broken_record_names_its_field(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in RECORD
    with pytest.raises(ConsentError, match=says) as caught:
        load_consent(written(tmp_path, RECORD.replace(old, new)))
    assert caught.value.place is not None and caught.value.place.file == str(tmp_path / "wang.toml")


def test_the_form_can_be_filled_in(tmp_path: Path) -> None:
    form = tmp_path / "form.toml"
    form.write_text(consent_form("ming", DAY), encoding="utf-8")
    with pytest.raises(ConsentError, match="not filled in"):
        record_consent(form, tmp_path / "pack")
    (tmp_path / "signed.pdf").write_bytes(PAPER)
    filled = consent_form("ming", DAY).split("schema = 1")[1]
    for answer in ("王小明", "安克電視", "signed.pdf"):
        filled = filled.replace('"FILL-IN"', f'"{answer}"', 1)
    form.write_text("schema = 1" + filled, encoding="utf-8")
    consent = record_consent(form, tmp_path / "pack")
    assert consent.evidence.sha256 == hashlib.sha256(PAPER).hexdigest()
    assert (tmp_path / "pack" / consent.evidence.file).read_bytes() == PAPER
    assert (consent.until - consent.begins).days == 364
    check_consent(consent, "face", Purpose(), DAY)


def test_evidence_kept_elsewhere_stays_there(tmp_path: Path) -> None:
    form = written(tmp_path / "form", RECORD + 'kept = "elsewhere"\nwhere = "legal archive 12"\n')
    (tmp_path / "form" / "signed.pdf").unlink()
    consent = record_consent(form, tmp_path / "pack")
    assert consent.evidence.where == "legal archive 12"
    assert [p.name for p in (tmp_path / "pack").iterdir()] == [FILE]


def test_another_paper_than_the_signed_one_is_refused(tmp_path: Path) -> None:
    form = written(tmp_path / "form")
    (tmp_path / "form" / "signed.pdf").write_bytes(b"something else")
    with pytest.raises(ConsentError, match="sha256 differs"):
        record_consent(form, tmp_path / "pack")


def test_a_persons_pack_is_allowed_under_its_record(tmp_path: Path) -> None:
    ming = pack(tmp_path)
    mark = allow(ming, "face", FITS, DAY)
    consent = consent_of(ming)
    assert consent is not None and mark == mark_of(ming, consent)
    assert (mark.id, mark.until) == ("wang-2026", "2027-10-31")
    assert mark.digest == hashlib.sha256((ming.path / FILE).read_bytes()).hexdigest()


def test_a_synthetic_pack_needs_none(tmp_path: Path) -> None:
    assert allow(pack(tmp_path, "synthetic", ""), "face", FITS, DAY) is None


def _prolonged(ming: Pack) -> None:
    path = ming.path / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("2027-10-31", "2099-10-31"), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_prolonged, "changed after it was sealed"),
        (lambda ming: (ming.path / FILE).unlink(), "there is no consent record"),
        (lambda ming: (ming.path / "evidence/signed.pdf").write_bytes(b"forged"), "sha256 differs"),
        (lambda ming: (ming.path / "evidence/signed.pdf").unlink(), "evidence of consent 'wang-2026' is missing"),
    ],
)
def test_a_touched_record_allows_nothing(tmp_path: Path, change: Callable[[Pack], object], says: str) -> None:
    ming = pack(tmp_path)
    change(ming)
    with pytest.raises(ConsentError, match=says):
        allow(ming, "face", FITS, DAY)


@pytest.mark.parametrize("shelf", [Shelf.AVATARS, Shelf.VOICES])
def test_a_persons_pack_without_a_record_is_refused(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(ConsentError, match="has no consent record") as caught:
        allow(pack(tmp_path, consent="", shelf=shelf), "face", FITS, DAY)
    assert ("anchor avatars consent ming" if shelf is Shelf.AVATARS else "voice.toml") in caught.value.hint


def test_a_revoked_consent_ends_on_its_day(tmp_path: Path) -> None:
    record_consent(written(tmp_path / "form"), tmp_path / "pack")
    revoke(tmp_path / "pack", DAY, "left the station")
    consent = load_consent(tmp_path / "pack" / FILE)
    check_consent(consent, "face", FITS, date(2026, 11, 23))
    with pytest.raises(ConsentError, match=r"revoked on 2026-11-24 \(left the station\)"):
        check_consent(consent, "face", FITS, DAY)
