"""The tables of jobs. Times are milliseconds of UTC since 1970; a change here needs a migration beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_CHARS = 32


class Row(DeclarativeBase):
    """Root of the tables."""


class JobRow(Row):
    """One job."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "priority", "created_ms"),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    spec: Mapped[str] = mapped_column(Text)
    """`JobSpec` as a stored document."""
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(Integer)
    """`Priority.rank`."""
    created_ms: Mapped[int] = mapped_column(BigInteger)
    started_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    finished_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    percent: Mapped[int] = mapped_column(Integer, default=0)
    events: Mapped[int] = mapped_column(Integer, default=0)
    """Number of the last event."""
    fault: Mapped[str | None] = mapped_column(Text)
    """`Fault` as JSON."""


class UnitRow(Row):
    """One unit of a job's work."""

    __tablename__ = "units"
    __table_args__ = (Index("units_by_state", "state", "not_before_ms"),)

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    index: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Errors after which it was tried again."""
    losses: Mapped[int] = mapped_column(Integer, default=0)
    """Processes that ended while they made it."""
    not_before_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Not to be tried again before."""
    owner: Mapped[str] = mapped_column(String(120), default="")
    """Who makes it: unique to one delivery; empty: nobody."""
    lease_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Until when the owner's word holds."""
    fraction: Mapped[float] = mapped_column(Float, default=0.0)
    """How much of a running unit is done, 0–1."""
    key: Mapped[str] = mapped_column(String(64), default="")
    """Of its result in the store."""
    cached: Mapped[bool] = mapped_column(Boolean, default=False)
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    clip_s: Mapped[float] = mapped_column(Float, default=0.0)
    """Seconds of clip made in this time."""


class ClaimRow(Row):
    """What somebody is making right now, in whichever job: one maker for each content."""

    __tablename__ = "claims"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    """digest of the spec/stage/index."""
    owner: Mapped[str] = mapped_column(String(120))
    lease_ms: Mapped[int] = mapped_column(BigInteger)


class EventRow(Row):
    """Something that happened to a job."""

    __tablename__ = "events"

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    facts: Mapped[str] = mapped_column(Text)
    """A JSON object."""


class HeldRow(Row):
    """A file of the store that a job needs; a file that no job needs may go."""

    __tablename__ = "held"
    __table_args__ = (Index("held_by_path", "path"),)

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Relative to the store's root."""
    size: Mapped[int] = mapped_column(BigInteger)


class OutputRow(Row):
    """A file of a finished job."""

    __tablename__ = "outputs"

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    path: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)


class AuditRow(Row):
    """Who did what; outlives its job."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_by_job", "job"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job: Mapped[str] = mapped_column(String(ID_CHARS))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
