"""What was measured on a finished file, and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from anchor.messages import Message


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One line of the quality report."""

    name: str
    """Stable, kebab-case: `frame-count`, `av-offset`, `loudness` …"""
    measured: Message | str
    """With its unit: `-16.1 LUFS`."""
    allowed: Message | str
    passed: bool


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The quality report of one file."""

    items: tuple[CheckItem, ...]

    @property
    def passed(self) -> bool:
        """Whether every item passed."""
        return all(item.passed for item in self.items)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a finished file should be; None leaves a thing unchecked or judged by general limits."""

    frames: int | None = None
    samples: int | None = None
    lufs: float | None = None
    dbtp: float | None = None
    speech: tuple[tuple[float, float], ...] = ()
    """Seconds in which somebody speaks: silence is a fault inside, none outside."""
    captions: tuple[tuple[float, float], ...] = ()
    """Seconds in which a caption shows."""
    still: tuple[tuple[float, float], ...] = ()
    """Seconds in which a still picture is meant (title cards)."""
