"""Exact time."""

from __future__ import annotations

from fractions import Fraction

import pytest

from anchor.core.time import AUDIO, VIDEO, Span, Timebase


def test_frames_never_drift_from_samples() -> None:
    # Ten hours: the sample of every frame, from the absolute position, is within half a sample of the exact time.
    for frame in range(0, 1_078_921, 997):
        sample = AUDIO.ticks_at(frame, VIDEO)
        assert abs(Fraction(sample, 48000) - Fraction(frame * 1001, 30000)) <= Fraction(1, 96000)
        assert VIDEO.ticks_at(sample, AUDIO) == frame


def test_covering_never_falls_short() -> None:
    for samples in (0, 1, 1601, 1602, 1603, 48000, 480_001):
        frames = VIDEO.ticks_covering(samples, AUDIO)
        assert Fraction(frames * 1001, 30000) >= Fraction(samples, 48000)
        assert frames == 0 or Fraction((frames - 1) * 1001, 30000) < Fraction(samples, 48000)


def test_seconds_are_for_people() -> None:
    assert VIDEO.seconds(30000) == pytest.approx(1001)
    assert Timebase(Fraction(25)).tick_at_seconds(1.5) == 38


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_not_a_span(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


def test_spans() -> None:
    assert len(Span(3, 7)) == 4
    assert 3 in Span(3, 7) and 7 not in Span(3, 7)
    assert Span(3, 7).overlaps(Span(6, 9)) and not Span(3, 7).overlaps(Span(7, 9))
    assert Span(3, 7).shifted(2) == Span(5, 9)
