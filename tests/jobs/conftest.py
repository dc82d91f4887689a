"""Settings, services and jobs for tests of the job service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.jobs import database as databases
from anchor.jobs.service import JobService
from anchor.pipeline.services import Services
from anchor.settings import JobLimits, Settings
from tests.jobs.postgres_server import PostgresServer
from tests.jobs.work import NobodyWorks, warm_plates
from tests.pipeline.conftest import toy_shelf
from tests.pipeline.toys import settings_for
from tests.store.s3_server import Bucket

__all__ = ["toy_shelf"]


@pytest.fixture(scope="session")
def plates(toy_shelf: Path, tmp_path_factory: pytest.TempPathFactory, plates: Path) -> Path:
    """Keyed plates that all tests share: keying them is most of the work of a short clip."""
    return warm_plates(toy_shelf, tmp_path_factory.mktemp("plates"), plates)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for the session; skipped where PostgreSQL is not installed."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    """An S3-compatible server for the session."""
    with Bucket() as made:
        yield made


@pytest.fixture
def local(toy_shelf: Path, plates: Path, tmp_path: Path) -> Iterator[Settings]:
    """SQLite and a folder, with short waits."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "plates").symlink_to(plates)
    limits = JobLimits(attempts=2, losses=3, backoff_s=0.05, lease_s=5.0, idle_s=2.0)
    yield replace(settings_for(cache, toy_shelf, production=False), data=tmp_path / "data", jobs=limits)
    for database in databases._opened.values():
        database.close()
    databases._opened.clear()


@pytest.fixture(params=["sqlite-folder", "postgresql-s3"])
def settings(request: pytest.FixtureRequest, local: Settings) -> Settings:
    """Both ends of what a station may have: one machine, or servers for rows and files."""
    if request.param == "sqlite-folder":
        return local
    postgres: PostgresServer = request.getfixturevalue("postgres")
    bucket: Bucket = request.getfixturevalue("bucket")
    return replace(local, database=postgres.fresh_url(), store=bucket.fresh_url(), store_options=bucket.options)


@pytest.fixture
def service(settings: Settings) -> JobService:
    """A service whose units are run by the test itself."""
    return JobService(settings, NobodyWorks())


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Engines and store of this process."""
    with Services(settings) as made:
        yield made


@pytest.fixture
def another(settings: Settings, tmp_path: Path, plates: Path) -> Iterator[Callable[[], Services]]:
    """Makes services of further machines: each has a cache of its own where the store is shared."""
    made: list[Services] = []

    def make() -> Services:
        cache = settings.cache
        if settings.store:
            cache = tmp_path / f"cache{len(made)}"
            cache.mkdir()
            (cache / "plates").symlink_to(plates)
        made.append(Services(replace(settings, cache=cache)))
        return made[-1]

    yield make
    for services in made:
        services.__exit__(None, None, None)
