"""What a job was given: taken into the store at the submit, held while the job is kept, asked about at every door."""

from __future__ import annotations

from datetime import date

from anchor.core.errors import ConsentError
from anchor.messages import message
from anchor.pipeline.assets import assets_of, store_assets, take_in_packs
from anchor.pipeline.plan.casting import packs_used
from anchor.pipeline.plan.rights import check_shelved, check_taken_in, purpose_of
from anchor.pipeline.spec import JobSpec
from anchor.settings import Settings
from anchor.store.packs import PackStore
from anchor.store.store import open_store


def take_in_job(spec: JobSpec, settings: Settings, today: date) -> tuple[JobSpec, dict[str, int]]:
    """The same job with all that it names in the store, and what it holds there: path → bytes.

    Raises:
        ScriptError, MediaError: a picture or recording is gone.
        PackError: a presenter, voice or look is missing or damaged.
        ConsentError: a person's face or voice may not be used for this, or not today.
        StorageError: the store cannot be written.
    """
    store = open_store(settings)
    packs = PackStore(store)
    spec = take_in_packs(store_assets(spec, store), settings.shelves, packs, today)
    held = {asset.file.path: asset.file.size for asset in assets_of(spec)}
    for stored in spec.packs:
        for file in (stored.listing, *packs.files(stored).values()):
            held.setdefault(file.path, 0)  # every job has them: they fill no one's share
    return spec, held


def check_leave(job: str, spec: JobSpec, settings: Settings, today: date) -> None:
    """Whether those whom a job shows and lets speak still agree to it, as the shelves of this machine have it now.

    Raises:
        ConsentError: a consent was taken back, has ended or is gone.
        PackError: the pack of that name on the shelf cannot be read.
        StorageError: the shelf has none of that name, and the job's copy is gone.
    """
    purpose, shelves = purpose_of(spec.script), settings.shelves
    try:
        if spec.packs:
            check_taken_in(spec.packs, PackStore(open_store(settings)), shelves, purpose, today)
        else:
            check_shelved(packs_used(spec.script, spec.choices, shelves), purpose, today)
    except ConsentError as error:
        raise ConsentError(
            message("jobs.no-leave", job=job, reason=error.message),
            hint=message("jobs.no-leave-hint", hint=error.hint),
            place=error.place,
        ) from error
