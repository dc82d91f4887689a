"""Bounds of the job service from the environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.core.errors import SettingsError, StorageError
from anchor.jobs.database import database_url, open_database
from anchor.settings import JobLimits, Settings, settings_from


def test_bounds_come_from_the_environment(tmp_path: Path) -> None:
    given = {"ANCHOR_DATA": str(tmp_path), "ANCHOR_JOBS_QUEUED": "7", "ANCHOR_JOBS_KEEP_DAYS": "2.5"}
    settings = settings_from(given)
    assert settings.jobs == JobLimits(queued=7, keep_days=2.5)
    assert database_url(settings) == f"sqlite:///{tmp_path}/jobs.sqlite3"
    with pytest.raises(SettingsError, match="ANCHOR_JOBS_QUEUED is 'many'; allowed: a whole number"):
        settings_from({**given, "ANCHOR_JOBS_QUEUED": "many"})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "cannot be read"),
        ("oracle9://x", "no driver"),
        ("postgresql://nobody@127.0.0.1:1/none", "nobody@127.0.0.1:1"),
        ("sqlite:////proc/none/jobs.sqlite3", "/proc/none"),
    ],
)
def test_a_database_that_cannot_be_had_says_what_to_do(local: Settings, url: str, says: str) -> None:
    error = SettingsError if url in ("nonsense", "oracle9://x") else StorageError
    with pytest.raises(error, match=says) as caught:
        open_database(replace(local, database=url))
    assert caught.value.hint and caught.value.retryable == (error is StorageError)


@pytest.mark.parametrize("url", ["lin:secret@127.0.0.1:1/none", "lin@127.0.0.1:1/none?password=secret"])
def test_a_password_is_never_shown(local: Settings, url: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_database(replace(local, database=f"postgresql://{url}"))
    assert "secret" not in str(caught.value)


def test_a_database_of_a_newer_anchor_is_left_alone(local: Settings) -> None:
    import sqlite3

    database = open_database(local)
    with sqlite3.connect(str(database.url.database)) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()
    with pytest.raises(StorageError, match="newer Anchor"):
        database.upgrade()
