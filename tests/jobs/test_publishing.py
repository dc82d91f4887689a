"""Clips that go out: to a folder and to a place under a URL, whole or not at all; and those that may not yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anchor.core.errors import JobConflict, SettingsError, StorageError
from anchor.core.job import JobState
from anchor.core.urls import public
from anchor.intake.script import parse_script
from anchor.jobs.publishing import Elsewhere, Folder, destination, send_out
from anchor.jobs.service import JobService
from anchor.pipeline.services import Services
from anchor.pipeline.units import JobSpec
from anchor.settings import Settings
from anchor.store.remote import Remote
from tests.jobs.work import TOYS, NobodyWorks, work_off
from tests.pipeline.toys import ROOT
from tests.store.s3_server import Bucket

Place = tuple[Folder | Elsewhere, Callable[[], dict[str, bytes]]]
ENDINGS = ("mp4", "srt", "vtt", "jpg", "json")


@pytest.fixture(params=["folder", "file-url", "s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Somewhere to send to, and all that is there, partial files as well."""
    if request.param in ("folder", "file-url"):
        folder = tmp_path / "空中 air"
        folder.mkdir()
        to = str(folder) if request.param == "folder" else f"file://{folder}"
        found = destination(to, Settings((), tmp_path, tmp_path))
        return found, lambda: {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    if request.param == "memory":
        remote = Remote(f"memory://air-{tmp_path.name}")
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        settings = Settings((), tmp_path, tmp_path, store="s3://clips/cache", store_options=bucket.options)
        found = destination(bucket.fresh_url(), settings)
        assert isinstance(found, Elsewhere)
        remote = found.remote
    return Elsewhere(remote), lambda: {f.path: remote.read(f.path) or b"" for f in remote.files("")}


def clip(folder: Path, text: str = "abc") -> tuple[tuple[str, Path], ...]:
    """Files such as a job has."""
    folder.mkdir(exist_ok=True)
    for ending in ENDINGS:
        (folder / f"clip.{ending}").write_text(f"{ending} {text}")
    return tuple(
        zip(("video", "srt", "vtt", "poster", "manifest"), (folder / f"clip.{e}" for e in ENDINGS), strict=True)
    )


def test_all_files_go_out_and_once_more_is_harmless(tmp_path: Path, place: Place) -> None:
    to, there = place
    for _ in range(2):
        sent = send_out(clip(tmp_path / "made"), to, "晚報")
        assert [kind for kind, _ in sent] == ["video", "srt", "vtt", "poster", "manifest"]
        assert there() == {f"晚報.{e}": f"{e} abc".encode() for e in ENDINGS}


def test_another_clip_of_the_name_gives_way_only_when_told(tmp_path: Path, place: Place) -> None:
    to, there = place
    send_out(clip(tmp_path / "made"), to, "a")
    with pytest.raises(JobConflict, match=r"another clip at .*a\.mp4.*--replace"):
        send_out(clip(tmp_path / "other", "longer"), to, "a")
    assert there()["a.json"] == b"json abc"
    send_out(clip(tmp_path / "other", "longer"), to, "a", replace=True)
    assert there() == {f"a.{e}": f"{e} longer".encode() for e in ENDINGS}


@pytest.mark.parametrize("lost", ENDINGS)
def test_what_breaks_on_the_way_shows_nothing(tmp_path: Path, place: Place, lost: str) -> None:
    to, there = place
    files = clip(tmp_path / "made")
    (tmp_path / "made" / f"clip.{lost}").unlink()
    with pytest.raises((StorageError, FileNotFoundError)):
        send_out(files, to, "a", replace=True)
    assert there() == {}


def test_places_that_are_none(tmp_path: Path) -> None:
    settings = Settings((), tmp_path, tmp_path)
    with pytest.raises(StorageError, match=r"there is no folder .*mounted"):
        destination(str(tmp_path / "air"), settings)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is a file"):
        destination(str(tmp_path / "file"), settings)
    with pytest.raises(SettingsError, match=r"no file system.*nowhere"):
        send_out(clip(tmp_path / "made"), destination("nowhere://air", settings), "a")
    for name in ("a/b", "..", "", "a\\b"):
        with pytest.raises(StorageError, match="is no file name"):
            send_out(clip(tmp_path / "made"), Folder(tmp_path), name)


def test_passwords_are_not_written_down() -> None:
    assert public("sftp://chen:secret@air.example/in") == "sftp://air.example/in"
    assert public("s3://clips/a@b") == "s3://clips/a@b" and public("/mnt/a@b") == "/mnt/a@b"


HELD = "---\ntitle: 測試\nembargo: 2026-11-23T18:00+08:00\n---\n\n[字幕: 甲]大家好。\n"
BEFORE, AFTER = datetime(2026, 11, 23, 6, 40, tzinfo=UTC), datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.media
def test_an_embargo_holds_until_its_time(settings: Settings, services: Services, tmp_path: Path) -> None:
    now = [BEFORE]
    service = JobService(settings, NobodyWorks(), lambda: now[0])
    job = service.submit(JobSpec(parse_script(HELD, None, ROOT), TOYS))
    assert job.embargo == "2026-11-23T18:00:00+08:00"
    work_off(settings, services)
    manifest = json.loads(dict(service.result(job.id))["manifest"].read_text(encoding="utf-8"))
    assert manifest["embargo"] == job.embargo
    assert [n["code"] for n in manifest["notices"]] == ["former-mark"]
    with pytest.raises(JobConflict, match="review and may not go out"):
        service.result(job.id, final=True)
    service.approve(job.id, who="chen")
    for go_out in (
        lambda: service.result(job.id, final=True),
        lambda: service.publish(job.id, who="chen", to=str(tmp_path)),
    ):
        with pytest.raises(JobConflict, match=r"until 2026-11-23 18:00 \(UTC\+08:00\).*in 3 h 20 min"):
            go_out()
    assert service.get(job.id).state is JobState.APPROVED and list(tmp_path.glob("*.mp4")) == []
    now[0] = AFTER
    assert service.result(job.id, final=True) == service.result(job.id)
    assert service.publish(job.id, who="chen", to=str(tmp_path))[0].state is JobState.PUBLISHED


@pytest.mark.media
def test_the_same_clip_with_another_embargo_has_a_manifest_of_its_own(local: Settings) -> None:
    service = JobService(local, NobodyWorks())
    with Services(local) as services:
        jobs = [
            service.submit(JobSpec(parse_script(t, None, ROOT), TOYS)) for t in (HELD, HELD.replace("18:00", "19:00"))
        ]
        work_off(local, services)
    manifests = [json.loads(dict(service.result(j.id))["manifest"].read_text(encoding="utf-8")) for j in jobs]
    assert [m["embargo"][11:16] for m in manifests] == ["18:00", "19:00"]
    # The second one's text was prepared before; its editor is told all the same.
    for job in jobs:
        codes = [dict(e.facts)["code"] for e in service.events(job.id) if e.kind == "notice"]
        assert codes == ["former-mark"]
    made = [dict(e.facts) for e in service.events(jobs[1].id) if e.kind == "unit" and dict(e.facts)["state"] == "done"]
    assert all(unit["cached"] for unit in made if unit["stage"] in ("speak", "sync", "render", "join"))


@pytest.mark.media
def test_publishing_is_told_and_may_be_repeated(settings: Settings, services: Services, tmp_path: Path) -> None:
    service = JobService(settings, NobodyWorks())
    job = service.submit(JobSpec(parse_script("大家好。", None, ROOT), TOYS))
    work_off(settings, services)
    (tmp_path / "air").mkdir()
    with pytest.raises(JobConflict, match="review and may not go out"):
        service.publish(job.id, who="chen", to=str(tmp_path / "air"))
    service.approve(job.id, who="chen")
    with pytest.raises(JobConflict, match="nobody is named"):
        service.publish(job.id, who=" ", to=str(tmp_path / "air"))
    with pytest.raises(StorageError, match="no folder"):
        service.publish(job.id, who="chen", to=str(tmp_path / "none"))
    assert service.get(job.id).state is JobState.APPROVED and list((tmp_path / "air").iterdir()) == []
    published, sent = service.publish(job.id, who="chen", to=str(tmp_path / "air"), reason="六點")
    assert published.state is JobState.PUBLISHED and Path(dict(sent)["video"]).name == f"{job.id}.mp4"
    again, _ = service.publish(job.id, who="lin", to=f"file://{tmp_path / 'web'}", name="evening")
    assert again == published and (tmp_path / "web" / "evening.mp4").is_file()
    told = [(a.who, a.reason) for a in service.audit(job.id) if a.action == "publish"]
    assert told == [("lin", f"to file://{tmp_path / 'web'}"), ("chen", f"to {tmp_path / 'air'}; 六點")]
    clip = dict(service.result(job.id))["video"]
    whole = clip.read_bytes()
    clip.write_bytes(b"torn")
    if settings.store:  # the shared store has it whole
        service.publish(job.id, who="chen", to=str(tmp_path / "air"))
        assert clip.read_bytes() == Path(dict(sent)["video"]).read_bytes() == whole
        return
    with pytest.raises(StorageError, match=r"\.mp4 is damaged"):
        service.publish(job.id, who="chen", to=str(tmp_path / "air"))


def test_a_job_of_a_spec_without_embargo_reads_none(local: Settings) -> None:
    service = JobService(local, NobodyWorks())
    quoted = 'title "embargo": "" 2026'
    spec = JobSpec(parse_script(f"---\ntitle: '{quoted}'\n---\n{quoted}。", None, ROOT), TOYS)
    assert service.submit(spec).embargo == ""
    held = replace(spec, script=replace(spec.script, embargo="2026-11-23T18:00:00+08:00"))
    assert service.submit(held).embargo == "2026-11-23T18:00:00+08:00"
    assert [job.embargo for job in service.list()] == ["2026-11-23T18:00:00+08:00", ""]
