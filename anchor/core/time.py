"""Exact time: integer ticks at a rational rate; seconds are for people."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `[start, end)` of ticks or characters; the owner of the field says which."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < self.start:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, tick: int) -> bool:
        return self.start <= tick < self.end

    def shifted(self, by: int) -> Span:
        """The same length, `by` ticks later."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Whether at least one tick belongs to both."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Timebase:
    """A clock that ticks `rate` times a second, `rate` an exact fraction."""

    rate: Fraction

    def ticks_at(self, tick: int, of: Timebase) -> int:
        """The tick of this clock nearest to absolute `tick` of the clock `of` (half rounds up).

        Convert absolute positions only: sums of converted lengths drift.
        """
        exact = Fraction(tick) * self.rate / of.rate
        return int((exact + Fraction(1, 2)).__floor__())

    def ticks_covering(self, length: int, of: Timebase) -> int:
        """The least number of ticks of this clock that last at least `length` ticks of `of`."""
        exact = Fraction(length) * self.rate / of.rate
        return int(exact.__ceil__())

    def seconds(self, tick: int) -> float:
        """Position of `tick` in seconds, for people and logs."""
        return float(Fraction(tick) / self.rate)

    def tick_at_seconds(self, seconds: float) -> int:
        """The nearest tick to a time that a person gave in seconds."""
        return round(Fraction(seconds) * self.rate)


AUDIO = Timebase(Fraction(48000))
"""All audio inside Anchor: 48 kHz."""

VIDEO = Timebase(Fraction(30000, 1001))
"""Pictures by default: 29.97 frames a second, the 59.94 Hz countries' progressive rate."""
