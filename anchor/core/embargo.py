"""An embargo: before which instant a clip may be made and approved, but not go out."""

from __future__ import annotations

from datetime import datetime


def is_held(embargo: str, now: datetime) -> bool:
    """Whether an embargo still holds.

    Args:
        embargo: ISO 8601 instant with offset; empty: none.
        now: in any time zone.
    """
    return bool(embargo) and now < datetime.fromisoformat(embargo)


def embargo_text(embargo: str) -> str:
    """`2026-11-23 18:00 (UTC+08:00)`: the instant in the zone that the script gave it in."""
    instant = datetime.fromisoformat(embargo)
    seconds = ":%S" if instant.second else ""
    return f"{instant:%Y-%m-%d %H:%M{seconds}} ({instant.tzinfo})".replace("(UTC)", "(UTC+00:00)")


def wait_text(embargo: str, now: datetime) -> str:
    """`3 h 20 min`: how long an embargo still holds, rounded up to whole minutes."""
    minutes = -int((now - datetime.fromisoformat(embargo)).total_seconds() // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
