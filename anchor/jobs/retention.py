"""What goes and what stays: finished jobs by age and size, files by whether a job needs them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from anchor.core.job import JobState
from anchor.jobs.database import Database, has_database, open_database
from anchor.jobs.ledger import now_ms, write_audit
from anchor.jobs.rows import ClaimRow, HeldRow, JobRow
from anchor.jobs.states import EXPIRES
from anchor.settings import Settings
from anchor.store.packs import PackStore, remove_laid_out
from anchor.store.remote import Stored
from anchor.store.store import Store, open_store

GRACE_S = 3600.0
"""A file younger than this may be a running unit's and is never deleted."""
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Freed:
    """What a sweep deleted, or would delete."""

    jobs: tuple[str, ...]
    """Ids of the jobs that are too old or too many."""
    files: int
    """Objects and results that no job needs."""
    bytes: int
    """Of these files, of packs that stand on this machine for no job, and of what killed processes had left."""
    kept_files: int
    kept_bytes: int


def sweep(
    settings: Settings,
    *,
    keep_days: float | None = None,
    keep_gb: float | None = None,
    unused_days: float | None = None,
    dry: bool = False,
    grace_s: float = GRACE_S,
) -> Freed:
    """Delete finished jobs beyond the bounds, then the files that no job needs any more.

    Jobs that wait, run or are under review stay, and so does every file that they need.

    Args:
        settings: for database, store and bounds.
        keep_days: finished jobs are kept for so long; None: as the settings say.
        keep_gb: finished jobs may hold so much, 0 without bound; None: as the settings say.
        unused_days: files that no job needs and nobody used for so long go; None: as `keep_days`.
        dry: say what would go, and delete nothing.
        grace_s: files younger than this stay.

    Raises:
        StorageError: the database or the store does not answer.
    """
    days = settings.jobs.keep_days if keep_days is None else keep_days
    most_bytes = (settings.jobs.keep_gb if keep_gb is None else keep_gb) * 1e9
    database, store = open_database(settings), open_store(settings)
    gone = _expired(database, days, most_bytes)
    # What only these jobs held goes with them; what never belonged to a job is a cache and goes by its own age.
    freed_with = _held(database, gone)
    if not dry:
        for job in gone:
            _delete(database, job)
    held = _held(database, tuple(_kept_jobs(database, gone)))
    unused_s = DAY_S * (days if unused_days is None else unused_days)
    now = time.time()
    packs = tuple(PackStore(store).laid_out())  # before the files go whose bytes they share
    files = kept = freed_bytes = kept_bytes = 0
    for file in sorted(store.files(), key=lambda f: f.path.startswith("objects/")):
        age = now - file.changed_s
        goes = file.path not in held and age >= grace_s and (file.path in freed_with or age >= unused_s)
        if goes and (dry or _remove(database, store, file)):
            files, freed_bytes = files + 1, freed_bytes + file.size
        else:
            kept, kept_bytes = kept + 1, kept_bytes + file.size
    for pack in packs:
        age = now - pack.used_s
        if pack.listing not in held and age >= grace_s and (pack.listing in freed_with or age >= unused_s):
            freed_bytes += pack.bytes
            if not dry:
                remove_laid_out(pack)
    freed_bytes += store.sweep_work(dry=dry)
    if not dry:
        _drop_old_claims(database)
    return Freed(gone, files, freed_bytes, kept, kept_bytes)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What `clear` deleted, and what it left."""

    bytes: int
    kept_bytes: int
    """Of files that jobs hold."""
    jobs: int
    """How many jobs hold files."""


def clear(settings: Settings) -> Cleared:
    """Delete what this machine's folder holds and no job needs, whatever its age.

    With one machine the folder is the store: clips under review, approved or waiting to go on stay, with all that
    their jobs need. `sweep` deletes old jobs.

    Raises:
        StorageError: the database does not answer, or a file cannot be deleted.
    """
    store = Store(settings.cache)
    if not has_database(settings):
        freed, kept = store.clear()
        return Cleared(freed, kept, 0)
    database = open_database(settings)
    jobs = tuple(_kept_jobs(database, ()))
    freed, kept = store.clear(_held(database, jobs))
    return Cleared(freed, kept, len(jobs))


def references(settings: Settings) -> dict[str, int]:
    """Path in the store → how many jobs need it."""
    with open_database(settings).reading() as session:
        rows = session.execute(select(HeldRow.path, func.count()).group_by(HeldRow.path))
        return {str(path): int(count) for path, count in rows}


def _expired(database: Database, days: float, most_bytes: float) -> tuple[str, ...]:
    """Jobs beyond the bounds, oldest first."""
    before = now_ms() - int(days * DAY_S * 1000)
    ends = (
        select(JobRow.id, JobRow.finished_ms, func.coalesce(func.sum(HeldRow.size), 0))
        .outerjoin(HeldRow, HeldRow.job == JobRow.id)
        .where(JobRow.state.in_([s.value for s in EXPIRES]))
        .group_by(JobRow.id, JobRow.finished_ms)
        .order_by(JobRow.finished_ms)
    )
    with database.reading() as session:
        rows = [(job, finished, int(size)) for job, finished, size in session.execute(ends)]
    total = sum(size for _, _, size in rows)
    gone = []
    for job, finished, size in rows:
        if finished <= before or (most_bytes and total > most_bytes):
            gone.append(job)
            total -= size
    return tuple(gone)


def _held(database: Database, jobs: tuple[str, ...]) -> set[str]:
    """Every path that one of these jobs needs."""
    found: set[str] = set()
    with database.reading() as session:
        for start in range(0, len(jobs), 500):
            some = jobs[start : start + 500]
            found.update(session.scalars(select(HeldRow.path).where(HeldRow.job.in_(some)).distinct()))
    return found


def _kept_jobs(database: Database, gone: tuple[str, ...]) -> list[str]:
    with database.reading() as session:
        return [job for job in session.scalars(select(JobRow.id)) if job not in gone]


def _delete(database: Database, job: str) -> None:
    """Delete a job with its units, events and holds; its audit trail stays. One that went on meanwhile stays, too."""
    with database.writing() as session:
        row = session.get(JobRow, job, with_for_update=True)
        if row is None or JobState(row.state) not in EXPIRES:
            return
        write_audit(session, job, "anchor", "expire")
        session.execute(delete(JobRow).where(JobRow.id == job))


def _remove(database: Database, store: Store, file: Stored) -> bool:
    """Delete a file unless a job has come to need it since it was looked at."""
    with database.writing() as session:
        if _is_held(session, file.path):
            return False
        store.remove(file.path)
        return True


def _is_held(session: Session, path: str) -> bool:
    return bool(session.scalar(select(func.count()).where(HeldRow.path == path)))


def _drop_old_claims(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(ClaimRow).where(ClaimRow.lease_ms < now_ms() - int(DAY_S * 1000)))
