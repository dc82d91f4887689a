"""Presenters of one's own: made from a source, checked, reported on, and put on the shelf."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from anchor.core.errors import ConsentError, PackError
from anchor.core.events import Event, ProgressCallback, StageProgress
from anchor.core.script import Presenter, Script, Segment, SegmentKind, Story
from anchor.face.avatar import resolve_avatar
from anchor.messages import Language, message
from anchor.packs import Pack, Shelf, load_pack, pack_names
from anchor.packs.own_shelf import own_pack, refuse_standing, settle_pack
from anchor.pipeline.run import Choices, render_script
from anchor.pipeline.services import Services, never
from anchor.trust.consent import FILE, Consent, check_consent, purpose_within
from anchor.trust.consent_records import consent_of, record_consent, record_of, revoke
from anchor.workshop.presenters.archive import archived_name, unpack
from anchor.workshop.presenters.build_report import BuildOptions
from anchor.workshop.presenters.check import PresenterCheck, check_presenter
from anchor.workshop.presenters.creation import Rights, build_presenter, building_place, check_name, source_kind
from anchor.workshop.presenters.facts import load_facts
from anchor.workshop.presenters.prepare import write_hashes
from anchor.workshop.presenters.report_page import write_page
from anchor.workshop.presenters.transcript_alignment import heard_in

READ = "各位觀眾晚安，歡迎收看新聞。今天北部多雲，氣溫二十三度；我把每一個字讀清楚：八百標兵，魚雁往返，衝破風浪。"
"""About ten seconds with every mouth shape: closed, lip on teeth, rounded, spread, tongue up."""
READ_LOOK, READ_RENDITION = "evening-news", "web-720p"


@dataclass(frozen=True, slots=True)
class Added:
    """A presenter that stands on the shelf."""

    pack: Pack
    checked: PresenterCheck
    page: Path
    """The report."""


def add_presenter(
    source: Path,
    options: BuildOptions,
    rights: Rights,
    services: Services,
    progress: ProgressCallback,
    cancelled: Callable[[], bool] = never,
    *,
    consent: Path | None = None,
    replace_old: bool = False,
    language: Language = Language.ENGLISH,
) -> Added:
    """Make a presenter from a video, a photo or a rendered figure: whole, with its report, or not at all.

    Args:
        source: file or folder.
        options: how.
        rights: whose it is; of a person `consent` goes with it.
        services: shelves, ffmpeg, models, clock.
        progress: told of each stage.
        cancelled: asked between units of work.
        consent: a filled-in consent record.
        replace_old: take the place of a presenter of that name.
        language: of the report page.

    Raises:
        AnchorError: any of the tree; nothing was added then.
    """
    root = own_root(services)
    check_name(options.name)
    services.voice(options.voice)
    target = root / Shelf.AVATARS.value / options.name
    if not replace_old:
        refuse_standing(options.name, Shelf.AVATARS, root)
        if options.name in pack_names(Shelf.AVATARS, services.settings.shelves):
            what = message("presenters.comes-with-anchor", name=options.name)
            raise PackError(what, hint=message("presenters.comes-with-anchor-hint"))
    with building_place(root, options.name) as place:
        if rights.kind == "person":
            rights = replace(rights, consent=_taken_in(consent, place, services))
        said = None
        if options.transcript and source_kind(source) == "video":
            progress("listen", 0, 1)
            said = heard_in(source, options.transcript, services, cancelled)
            progress("listen", 1, 1)
        pack, _ = build_presenter(
            source, place, options, rights, services.ffmpeg, services.settings.models, progress, cancelled, said
        )
        page = report_on(pack, services, progress, cancelled, language)
        settle_pack(place, target)
    return Added(load_pack(target, Shelf.AVATARS), page[0], target / page[1].relative_to(place))


def own_root(services: Services) -> Path:
    """The root of one's own shelves.

    Raises:
        PackError: this machine has none.
    """
    if services.settings.own_shelf is None:
        raise PackError(message("presenters.no-own-shelf"), hint=message("presenters.no-own-shelf-hint"))
    return services.settings.own_shelf


def _taken_in(form: Path | None, place: Path, services: Services) -> str:
    """Put the record into the pack; gives its path there.

    Raises:
        ConsentError: there is none, it has ended, or it does not cover a face.
    """
    if form is None:
        raise ConsentError(message("presenters.consent-needed"), hint=message("presenters.consent-needed-hint"))
    consent = record_consent(form, place)
    refuse_ended(consent, services)
    return FILE


def refuse_ended(consent: Consent, services: Services) -> None:
    """Refuse a record that will never allow a render; one that begins later may wait.

    Raises:
        ConsentError: it has ended, was revoked, or does not cover a face.
    """
    check_consent(consent, "face", purpose_within(consent), max(services.clock().date(), consent.begins))


def report_on(
    pack: Pack,
    services: Services,
    progress: ProgressCallback,
    cancelled: Callable[[], bool] = never,
    language: Language = Language.ENGLISH,
) -> tuple[PresenterCheck, Path]:
    """Measure a presenter, let it read a test, and write both into its report page; gives the page's path.

    Raises:
        AnchorError: the pack cannot be read, or the test cannot be rendered.
    """
    progress("measure", 0, 1)
    checked = check_presenter(pack, services.ffmpeg, services.clock().date(), cancelled)
    progress("measure", 1, 1)
    services.settings.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="report-", dir=services.settings.cache) as folder:
        clip: Path | None = Path(folder) / "read.mp4"
        why = ""
        try:
            _read(pack, Path(folder), services, progress, cancelled)
        except ConsentError as error:
            clip, why = None, message("presenters.no-test-read", reason=error.message)
        page = write_page(pack, checked, load_facts(pack.path), clip, why, READ, services.ffmpeg, language)
    return checked, page


def _read(
    pack: Pack, folder: Path, services: Services, progress: ProgressCallback, cancelled: Callable[[], bool]
) -> None:
    purpose = purpose_within(consent_of(pack))
    script = Script(
        slug="test-read",
        title=pack.label,
        date="",
        language="zh-Hant-TW",
        look=READ_LOOK,
        presenters=(Presenter(pack.name, pack.name, ""),),
        stories=(Story("test-read", ""),),
        segments=(Segment("s1.1", 0, SegmentKind.READER, pack.name, READ),),
        use=purpose.use,
        programme=purpose.programme,
        territory=purpose.territory,
    )
    # The pack may not stand on a shelf yet: the folder it is built in is a root of its own.
    # What it caches is of no use to other clips.
    roots = (pack.path.parent.parent, *services.settings.shelves)
    here = replace(services.settings, shelves=roots, cache=folder / "cache", store="")

    def tell(event: Event) -> None:
        if isinstance(event, StageProgress) and event.stage == "render":
            progress("test read", event.done, event.total)

    with Services(here, services.clock) as reading:
        render_script(script, Choices(rendition=READ_RENDITION), folder / "read.mp4", reading, tell, cancelled)


def own_presenter(name: str, services: Services) -> Pack:
    """A presenter on one's own shelf.

    Raises:
        PackError: it does not stand there.
    """
    return load_pack(own_pack(name, Shelf.AVATARS, own_root(services)), Shelf.AVATARS)


def import_presenter(
    file: Path, services: Services, cancelled: Callable[[], bool] = never, *, replace_old: bool = False
) -> Pack:
    """Put an exported presenter on one's own shelf: whole and checked, or not at all.

    Raises:
        PackError: it is damaged, or one of that name stands there.
        ConsentError: its consent record was changed.
        StorageError: the shelf cannot be written.
    """
    root = own_root(services)
    name = archived_name(file)
    check_name(name)
    target = root / Shelf.AVATARS.value / name
    if not replace_old:
        refuse_standing(name, Shelf.AVATARS, root)
    with building_place(root, name) as place:
        pack = unpack(file, place, cancelled)
        resolve_avatar(pack)
        consent_of(pack)
        settle_pack(place, target)
    return load_pack(target, Shelf.AVATARS)


def set_consent(name: str, form: Path, services: Services) -> Consent:
    """Give a person's presenter on one's own shelf a new consent record; gives the record.

    Raises:
        PackError: no such presenter there.
        ConsentError: the form is not filled in, has ended, or does not cover a face.
    """
    pack = own_presenter(name, services)
    with tempfile.TemporaryDirectory(prefix="anchor-consent-") as folder:
        consent = record_consent(form, Path(folder))
        refuse_ended(consent, services)
    if pack.manifest.get("kind") != "person":
        what = message("presenters.synthetic-needs-none", name=name)
        raise ConsentError(what, hint=message("presenters.choose-person"))
    record_consent(form, pack.path)
    _name_record(pack)
    return consent


def revoke_consent(name: str, on: date, reason: str, services: Services) -> None:
    """Note that a person took the consent back: from that day on nothing new is made.

    Raises:
        PackError: no such presenter on one's own shelf.
        ConsentError: it has no record.
    """
    pack = own_presenter(name, services)
    path = record_of(pack)
    if path is None:
        what = message("presenters.synthetic-has-none", name=name)
        raise ConsentError(what, hint=message("presenters.choose-person"))
    revoke(path.parent, on, reason)
    write_hashes(pack.path)


def _name_record(pack: Pack) -> None:
    """Let the manifest name the record, and seal both."""
    path = pack.path / pack.shelf.manifest
    if not pack.manifest.get("consent"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("\n\n[", f'\nconsent = "{FILE}"\n\n[', 1), encoding="utf-8")
    write_hashes(pack.path)
