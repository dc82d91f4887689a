"""Until when an embargo holds, and how that is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anchor.core.embargo import embargo_text, is_held, wait_text

EVENING = "2026-11-23T18:00:00+08:00"


def test_it_holds_until_its_instant_in_any_zone() -> None:
    assert is_held(EVENING, datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC))
    assert not is_held(EVENING, datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    assert not is_held("", datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("embargo", "said"),
    [
        (EVENING, "2026-11-23 18:00 (UTC+08:00)"),
        ("2026-11-23T18:00:30-05:30", "2026-11-23 18:00:30 (UTC-05:30)"),
        ("2026-11-23T10:00:00+00:00", "2026-11-23 10:00 (UTC+00:00)"),
        ("2026-11-23T10:00:00Z", "2026-11-23 10:00 (UTC+00:00)"),
    ],
)
def test_it_is_said_in_the_scripts_zone(embargo: str, said: str) -> None:
    assert embargo_text(embargo) == said


@pytest.mark.parametrize(
    ("day", "hour", "minute", "second", "left"),
    [
        (23, 6, 40, 0, "3 h 20 min"),
        (23, 9, 59, 30, "1 min"),
        (23, 9, 0, 0, "1 h"),
        (21, 9, 59, 0, "2 d 1 min"),
    ],
)
def test_what_is_left_is_rounded_up(day: int, hour: int, minute: int, second: int, left: str) -> None:
    assert wait_text(EVENING, datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)) == left
