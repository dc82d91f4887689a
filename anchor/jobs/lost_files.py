"""Finished jobs whose files are gone or damaged: found out, refused, made again."""

from __future__ import annotations

import json

from sqlalchemy import delete
from sqlalchemy.orm import Session

from anchor.core.errors import StorageError
from anchor.core.job import Job
from anchor.jobs.ledger import add_units
from anchor.jobs.rows import JobRow, OutputRow, UnitRow
from anchor.jobs.states import MADE
from anchor.pipeline.graph import Sizes, startable
from anchor.pipeline.spec import spec_from
from anchor.store.store import Store


def has_lost_files(job: Job, store: Store) -> bool:
    """Whether a finished job has files that are gone or damaged; what is damaged is deleted, to be made again."""
    lost = False
    for output in job.outputs if job.state in MADE else ():
        try:
            store.path(output.artifact)
        except StorageError:
            store.drop_damaged(output.artifact)
            lost = True
    return lost


def begin_again(session: Session, row: JobRow) -> None:
    """Have every unit of a locked, finished job made again; what the store still has is found there."""
    spec = spec_from(json.loads(row.spec))
    session.execute(delete(OutputRow).where(OutputRow.job == row.id))
    session.execute(delete(UnitRow).where(UnitRow.job == row.id))
    session.flush()
    session.expire_all()
    row.done = row.total = row.percent = 0
    add_units(session, row, startable((), Sizes(len(spec.script.segments))))
