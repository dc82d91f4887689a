"""Whether a presenter can go on air: hashes, rights, and what is measured on plate, track and bank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from anchor.core.errors import ConsentError
from anchor.core.face import Avatar
from anchor.core.quality import CheckItem, CheckReport
from anchor.face.avatar import resolve_avatar
from anchor.media.tool import FFmpeg
from anchor.messages import message
from anchor.packs import Pack, verify_pack
from anchor.trust.consent import check_consent, purpose_within
from anchor.trust.consent_records import consent_of
from anchor.workshop.presenters.build_report import Weakness
from anchor.workshop.presenters.facts import load_facts
from anchor.workshop.presenters.pack_measurements import PresenterMeasurements, measure_pack


@dataclass(frozen=True)
class PresenterCheck:
    """A presenter's pack as found."""

    avatar: Avatar
    measured: PresenterMeasurements
    report: CheckReport
    weak: tuple[Weakness, ...]
    """Found when it was made, then what was measured now."""
    consent: str
    """State of the consent in words."""


def check_presenter(pack: Pack, ffmpeg: FFmpeg, today: date, cancelled: Callable[[], bool]) -> PresenterCheck:
    """Measure a presenter's pack anew.

    Raises:
        PackError: a file is missing or differs from its hash.
        MediaError: the plate cannot be decoded.
        JobCancelled: `cancelled` said so.
    """
    verify_pack(pack)
    said, allowed = consent_state(pack, today)
    measured = measure_pack(pack, ffmpeg, cancelled)
    items = (
        CheckItem(
            "files",
            message("presenters.files-match", count=len(pack.manifest["files"])),
            message("presenters.hashes"),
            True,
        ),
        CheckItem("licence", pack.licence, message("presenters.licence-named"), bool(pack.licence)),
        CheckItem("consent", said, message("presenters.consent-valid"), allowed),
        *measured.items,
    )
    made = load_facts(pack.path)
    known = {w.code for w in made.weak}
    weak = (*made.weak, *(w for w in measured.weak if w.code not in known))
    return PresenterCheck(resolve_avatar(pack), measured, CheckReport(items), weak, said)


def consent_state(pack: Pack, today: date) -> tuple[str, bool]:
    """The consent of a pack in words, and whether its face may be used today within its scope."""
    try:
        consent = consent_of(pack)
        if consent is None:
            return message("presenters.consent-none"), True
        check_consent(consent, "face", purpose_within(consent), today)
    except ConsentError as error:
        return error.message, False
    said = message("presenters.consent-until", id=consent.id, subject=consent.subject, until=str(consent.until))
    return said, True
