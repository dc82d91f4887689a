"""A real Redis and real workers, each a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.jobs.service import JobService
from anchor.settings import JobLimits, Settings
from tests.jobs.work import warm_plates
from tests.pipeline.conftest import toy_shelf
from tests.pipeline.toys import settings_for
from tests.workers.farm import Farm, RedisServer
from workers.dispatcher import CeleryDispatcher

__all__ = ["toy_shelf"]


@pytest.fixture(scope="session")
def plates(toy_shelf: Path, tmp_path_factory: pytest.TempPathFactory, plates: Path) -> Path:
    """Keyed plates that all tests share."""
    return warm_plates(toy_shelf, tmp_path_factory.mktemp("plates"), plates)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A broker on a socket of its own; skipped where Redis is not installed."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def settings(toy_shelf: Path, plates: Path, tmp_path: Path, redis_server: RedisServer) -> Settings:
    """SQLite, a folder, and the broker, with short waits."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "plates").symlink_to(plates)
    return replace(
        settings_for(cache, toy_shelf, production=False),
        data=tmp_path / "data",
        jobs=JobLimits(attempts=2, losses=8, backoff_s=0.05, lease_s=30.0),
        redis=redis_server.url,
        chunk_frames=60,
    )


@pytest.fixture
def service(settings: Settings) -> JobService:
    """Submits to the farm."""
    return JobService(settings, CeleryDispatcher(settings))


@pytest.fixture
def farm(settings: Settings, tmp_path: Path) -> Iterator[Farm]:
    """Workers to start and to kill."""
    with Farm(settings, tmp_path) as made:
        yield made
