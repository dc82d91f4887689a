"""The loop closes, begins with the photograph's own pose, and blinks where a twin does not."""

from __future__ import annotations

from anchor.workshop.presenters.photo.motion import BLINKS, FRAMES, Moment, moment


def test_the_loop_begins_with_the_photograph() -> None:
    assert moment(0) == Moment(0, 0, 0, 0, (0, 0), 0, 0)


def test_the_loop_closes_as_smoothly_as_it_runs() -> None:
    yaws = [moment(frame).yaw_deg for frame in range(FRAMES)]
    steps = [abs(b - a) for a, b in zip(yaws, [*yaws[1:], yaws[0]], strict=True)]
    assert max(yaws) - min(yaws) > 2
    assert steps[-1] < 0.2 * max(steps)
    assert moment(FRAMES) == moment(0)


def test_every_blink_has_a_twin_with_open_eyes() -> None:
    for start, end in BLINKS:
        assert max(moment(frame).lids for frame in range(start, end)) == 1
        for frame in range(start, end):
            shut, twin = moment(frame), moment(FRAMES - frame)
            assert shut.lids > 0
            assert twin.lids == 0
            assert (twin.yaw_deg, twin.pitch_deg, twin.gaze_deg) == (shut.yaw_deg, shut.pitch_deg, shut.gaze_deg)
