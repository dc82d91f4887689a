"""The database of job rows: SQLite in WAL mode on one machine, PostgreSQL for a farm; brought up to date on opening."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from anchor.core.errors import SettingsError, StorageError
from anchor.core.urls import without_secret_parameters
from anchor.jobs.fork_gate import ForkGate
from anchor.messages import message, os_reason
from anchor.settings import Settings

REVISION = "0001"
"""The newest migration."""
BUSY_S = 30.0
"""How long a SQLite writer waits for another."""
_UPGRADE_LOCK = 0x414E4348
"""Key of the advisory lock that upgrades of a PostgreSQL database take."""

_opened: dict[str, Database] = {}
_inherited: list[dict[str, Database]] = []
_opening = threading.Lock()


class Database:
    """A database of jobs; sessions are short, one transaction each."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet.

        Raises:
            SettingsError: the URL cannot be read, or its driver is missing.
        """
        self.url = _url(url)
        self._engine = _engine(self.url)
        # SQLite's writers say so at once: a reader that becomes a writer could not wait for another.
        self._writing = self._engine.execution_options(anchor_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with self._errors(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is written at the end, or not at all."""
        with self._errors(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Bring the tables up to date; of several processes that start at once, one does it and the others wait.

        Raises:
            StorageError: the database cannot be reached or written, or a newer Anchor has made it.
        """
        with self._errors():
            if self._revision() == REVISION:
                return
            if self.url.database and self.is_file:
                self._upgrade_file(Path(self.url.database))
            else:
                self._upgrade_server()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite's."""
        return self.url.get_backend_name() == "sqlite"

    def _upgrade_file(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path.with_name(f"{path.name}.lock")).acquire()
        except OSError as error:
            raise StorageError(
                message("jobs.cannot-keep", path=str(path), reason=os_reason(error)),
                hint=message("jobs.check-permissions"),
            ) from error
        with lock:
            with closing(sqlite3.connect(path, timeout=BUSY_S)) as file:
                file.execute("PRAGMA journal_mode=WAL")
            with self._writing.begin() as connection:
                _migrate(connection)

    def _upgrade_server(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            _migrate(connection)

    def _revision(self) -> str | None:
        """The migration that the tables are at; None: there are no tables."""
        if self.is_file and not Path(self.url.database or "").exists():
            return None
        with self._engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with _gate.transaction():
                yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._storage_error(error) from error

    def _storage_error(self, error: Exception) -> StorageError:
        """What the database said, and what to do."""
        where = without_secret_parameters(self.url.render_as_string(hide_password=True))
        said = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
        hint = message("jobs.see-database")
        if self.is_file:
            full = "disk is full" in said
            hint = message("jobs.free-space" if full else "jobs.check-permissions")
        what = message("jobs.database-silent", database=where)
        if said:
            what = message("jobs.database-said", database=where, said=said.splitlines()[0])
        return StorageError(what, hint=hint)


def _close_files() -> None:
    for database in list(_opened.values()):
        if database.is_file:
            database.close()


def _leave_to_parent() -> None:
    """A child opens connections of its own; those to a server stay open, unused: they are the parent's."""
    global _opening
    _inherited.append(dict(_opened))
    _opened.clear()
    _opening = threading.Lock()


_gate = ForkGate(close=_close_files, in_child=_leave_to_parent)


@contextmanager
def between_forks() -> Iterator[None]:
    """Several transactions in a row for which this process does not fork."""
    with _gate.transaction():
        yield


def open_database(settings: Settings) -> Database:
    """The database of the settings, up to date; one for each process and URL.

    Raises:
        StorageError: it cannot be reached or written.
        SettingsError: the URL cannot be read, or its driver is missing.
    """
    url = database_url(settings)
    with _opening:
        if url not in _opened:
            database = Database(url)
            database.upgrade()
            _opened[url] = database
        return _opened[url]


def has_database(settings: Settings) -> bool:
    """Whether there can be jobs: a server's database, or the file is there."""
    url = _url(database_url(settings))
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def database_url(settings: Settings) -> str:
    """URL of the job rows."""
    return settings.database or f"sqlite:///{data_folder(settings) / 'jobs.sqlite3'}"


def data_folder(settings: Settings) -> Path:
    """Where job rows and the background service are kept."""
    return settings.data or settings.cache


def _url(given: str) -> URL:
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise SettingsError(message("jobs.database-url"), hint=message("jobs.database-url-hint")) from error
    # PostgreSQL without a driver named means the one that Anchor's extra brings.
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=10)
        engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})
    except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
        what = message("jobs.no-driver", driver=url.drivername)
        raise SettingsError(what, hint=message("jobs.no-driver-hint")) from error
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, record: Any) -> None:
    # Transactions are begun by us (`_on_begin`), not by the driver.
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL", f"busy_timeout={int(BUSY_S * 1000)}"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("anchor_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    """Run the migrations that are missing, inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(message("jobs.newer-database"), hint=message("jobs.newer-database-hint")) from error
