"""What a job is performed with is its own from the submit on; only a consent is asked as it stands now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from anchor.cli.pack_hashes import seal_pack
from anchor.core.errors import ConsentError, PackError
from anchor.core.job import JobState
from anchor.jobs.database import open_database
from anchor.jobs.retention import sweep
from anchor.jobs.rows import JobRow
from anchor.jobs.service import JobService
from anchor.packs import Shelf
from anchor.pipeline.services import Services
from anchor.pipeline.spec import JobSpec, spec_document, spec_from
from anchor.settings import Settings
from anchor.trust.consent_records import revoke
from tests.jobs.work import NobodyWorks, spec_of, work_off
from tests.pipeline.toys import SIGNED, agreed_shelf
from tests.workers.reference import digests_of, own_cache

pytestmark = pytest.mark.media


def _spec_in(settings: Settings, job: str) -> JobSpec:
    with open_database(settings).reading() as session:
        row = session.get(JobRow, job)
        assert row is not None
        return spec_from(json.loads(row.spec))


def _outputs(service: JobService, job: str) -> dict[str, str]:
    found = service.get(job)
    assert found.state is JobState.REVIEW, found.fault
    return {o.kind: o.artifact.digest for o in found.outputs}


@pytest.fixture
def own(local: Settings, toy_shelf: Path, tmp_path: Path) -> Settings:
    """A machine whose shelves may be changed, and which has no others."""
    shelf = tmp_path / "own"
    shutil.copytree(toy_shelf, shelf)
    return replace(local, shelves=(shelf,))


def test_packs_may_be_edited_replaced_and_deleted_after_the_submit(own: Settings, plates: Path, tmp_path: Path) -> None:
    service, (shelf,) = JobService(own, NobodyWorks()), own.shelves
    wanted = digests_of(spec_of(), own, own_cache(tmp_path / "before", plates))
    job = service.submit(spec_of(), key="one").id
    stored = _spec_in(own, job).packs
    assert [(p.shelf, p.name) for p in stored] == [
        (Shelf.LOOKS, "forum"),
        (Shelf.AVATARS, "doll"),
        (Shelf.VOICES, "hum"),
    ]
    look, voice = shelf / "templates" / "forum" / "template.toml", shelf / "voices" / "hum" / "voice.toml"
    look.write_text(look.read_text(encoding="utf-8").replace("title_frames = 90", "title_frames = 30"), "utf-8")
    voice.write_text(voice.read_text(encoding="utf-8").replace('engine = "tone"', 'engine = "none"'), "utf-8")
    assert service.submit(spec_of(), key="one").id == job, "the same key is the same job, whatever became of its packs"
    edited = _spec_in(own, service.submit(spec_of()).id).packs
    assert [a.listing == b.listing for a, b in zip(stored, edited, strict=True)] == [False, True, False]
    service.cancel(next(j.id for j in service.list() if j.id != job))
    shutil.rmtree(shelf)
    shelf.mkdir()
    with Services(own) as services:
        work_off(own, services)
    assert _outputs(service, job) == wanted


def test_a_missing_or_damaged_pack_is_refused_at_the_submit(own: Settings) -> None:
    service, (shelf,) = JobService(own, NobodyWorks()), own.shelves
    with pytest.raises(PackError, match=r"no voice 'nobody'.*hum"):
        service.submit(spec_of(choices=replace(spec_of().choices, voice="nobody")))
    (shelf / "templates" / "forum" / "studio.png").write_bytes(b"another")
    with pytest.raises(PackError, match=r"forum/template\.toml.*studio\.png has sha256 .* seal the pack again"):
        service.submit(spec_of())
    assert service.list() == ()


def test_a_job_that_an_older_anchor_took_in_still_runs(own: Settings, plates: Path, tmp_path: Path) -> None:
    service = JobService(own, NobodyWorks())
    job = service.submit(spec_of()).id
    document = spec_document(_spec_in(own, job))
    older = {"schema": "JobSpec.1", "value": {k: v for k, v in document["value"].items() if k != "packs"}}
    with open_database(own).writing() as session:
        row = session.get(JobRow, job)
        assert row is not None
        row.spec = json.dumps(older, ensure_ascii=False)
        assert row.digest == spec_from(older).digest == spec_of().digest, "its key is still known"
    with Services(own) as services:
        work_off(own, services)
    assert _outputs(service, job) == digests_of(spec_of(), own, own_cache(tmp_path / "alone", plates))
    assert service.approve(job, who="chen").state is JobState.APPROVED


def test_gc_takes_packs_off_the_disk_with_the_last_job_that_needs_them(own: Settings) -> None:
    service = JobService(own, NobodyWorks())
    job = service.submit(spec_of()).id
    with Services(own) as services:
        work_off(own, services)
        roots = [services.packs.root(pack) for pack in _spec_in(own, job).packs]
    plate = roots[1] / "avatars" / "doll" / "plate.mp4"
    assert plate.stat().st_nlink == 2, "not a second copy of what the store holds"
    sweep(own, keep_days=0, unused_days=0, grace_s=0)
    assert all(root.is_dir() for root in roots)
    service.approve(job, who="chen")
    freed = sweep(own, keep_days=0, unused_days=0, grace_s=0)
    assert freed.jobs == (job,) and not any(root.exists() for root in roots)


Clock = Callable[[], datetime]


@pytest.fixture
def agreed(local: Settings, toy_shelf: Path, tmp_path: Path) -> Settings:
    """A machine whose voice is a person's, under a consent."""
    return replace(local, shelves=(agreed_shelf(toy_shelf, tmp_path),))


def _noon(day: date) -> Clock:
    return lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _revoke(settings: Settings, day: date) -> None:
    hum = settings.shelves[0] / "voices" / "hum"
    revoke(hum, day, "no longer")
    seal_pack(hum)


def _made(settings: Settings, clock: Clock) -> tuple[JobService, str]:
    """A job under review."""
    service = JobService(settings, NobodyWorks(), clock)
    job = service.submit(spec_of()).id
    with Services(settings, clock) as services:
        work_off(settings, services)
    _outputs(service, job)
    return service, job


def test_a_consent_that_was_taken_back_closes_every_door(agreed: Settings, tmp_path: Path) -> None:
    service, job = _made(agreed, _noon(SIGNED))
    approved = service.submit(spec_of(), key="approved").id
    with Services(agreed, _noon(SIGNED)) as services:
        work_off(agreed, services)
    service.approve(approved, who="chen")
    _revoke(agreed, SIGNED)
    says = (
        r"may not go out: voice .hum.: .*revoked on 2026-11-01 \(no longer\) \(choose another presenter: a new consent"
    )
    for go_out in (
        lambda: service.approve(job, who="chen"),
        lambda: service.result(approved, final=True),
        lambda: service.publish(approved, who="chen", to=str(tmp_path)),
    ):
        with pytest.raises(ConsentError, match=says):
            go_out()
    with pytest.raises(ConsentError, match=r"^voice 'hum': .*revoked"):
        service.submit(spec_of("另一則。"))
    assert service.get(job).state is JobState.REVIEW and service.get(approved).state is JobState.APPROVED
    assert list(tmp_path.glob("*.mp4")) == []
    assert service.reject(job, who="chen", reason="no consent").state is JobState.FAILED


@pytest.mark.parametrize("kept", [True, False], ids=["on the shelf", "off the shelf"])
def test_a_consent_that_ended_meanwhile_closes_every_door(agreed: Settings, kept: bool) -> None:
    service, job = _made(agreed, _noon(SIGNED))
    service.clock = _noon(SIGNED + timedelta(days=365))
    if not kept:
        shutil.rmtree(agreed.shelves[0] / "voices" / "hum")
    with pytest.raises(ConsentError, match="expired on 2027-10-31"):
        service.approve(job, who="chen")
    service.clock = _noon(SIGNED + timedelta(days=364))
    assert service.approve(job, who="chen").state is JobState.APPROVED


def test_a_presenter_of_the_same_name_does_not_lend_its_freedom(agreed: Settings, toy_shelf: Path) -> None:
    service, job = _made(agreed, _noon(SIGNED))
    hum = agreed.shelves[0] / "voices" / "hum"
    shutil.rmtree(hum)
    shutil.copytree(toy_shelf / "voices" / "hum", hum)
    service.clock = _noon(SIGNED + timedelta(days=365))
    with pytest.raises(ConsentError, match="expired on 2027-10-31"):
        service.approve(job, who="chen")


@pytest.mark.parametrize("knows", [True, False], ids=["knows of it", "has no such voice"])
def test_a_worker_asks_the_copy_and_its_own_shelf(agreed: Settings, tmp_path: Path, knows: bool) -> None:
    service = JobService(agreed, NobodyWorks(), _noon(SIGNED))
    job = service.submit(spec_of()).id
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(agreed.shelves[0] / "voices" / "hum", elsewhere / "voices" / ("hum" if knows else "other"))
    worker = replace(agreed, shelves=(elsewhere,))
    if knows:
        _revoke(worker, SIGNED)
    with Services(worker, _noon(SIGNED if knows else SIGNED + timedelta(days=365))) as services:
        work_off(worker, services)
    fault = service.get(job).fault
    assert fault is not None and fault.code == "consent"
    assert ("revoked" if knows else "expired") in fault.message
