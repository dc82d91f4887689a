"""What is shown of a URL."""

from __future__ import annotations

import pytest

from anchor.core.urls import public


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://chen:hidden@air.example/in", "ftp://air.example/in"),
        ("redis://:hidden@broker:6379/0", "redis://broker:6379/0"),
        ("postgresql+psycopg://anchor:hidden@db/anchor", "postgresql+psycopg://db/anchor"),
        ("redis://:hid@den@broker/0", "redis://broker/0"),
        ("ftp://chen:hid/d?e#n@air.example/in", "ftp://air.example/in"),
        ("unix:///run/redis.sock?db=2&password=hidden", "unix:///run/redis.sock?db=2&password=***"),
        ("https://air.example/a?X-Amz-Signature=hidden&x=1", "https://air.example/a?X-Amz-Signature=***&x=1"),
        ("ftp://chen:hid 'den@air.example/in", "ftp://air.example/in"),
        ("530 no chen in 'ftp://chen:hidden@air.example/in'", "530 no chen in 'ftp://air.example/in'"),
        ("ftp://a:hidden@one/x and s3://b:hidden@two/y", "ftp://one/x and s3://two/y"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert "hid" in url and public(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "s3://clips/a@b",
        "redis://broker:6379/a@b",
        "/mnt/a@b",
        "unix:///run/redis.sock?db=2",
        "sqlite:////var/lib/anchor/jobs.sqlite3",
        "no answer from redis://broker:6379, ask chen@air.example",
    ],
)
def test_what_holds_no_password_stays(url: str) -> None:
    assert public(url) == url
