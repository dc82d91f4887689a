"""Idle motion and blinks: no repeat, no jump, no baked-in blink."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from anchor.core.errors import PackError
from anchor.core.face import Affine, Avatar, IdleFrame
from anchor.face.blinks import blink_patch, blink_phases
from anchor.face.idle import head_heights, plan_idle, plan_round, plate_speeds
from anchor.face.prepared_file import load_prepared

MINUTE = 1798
SEEDS = tuple(f"story {n}" for n in range(12))


def _at(affine: Affine, x: float, y: float) -> np.ndarray:
    a, b, c, d, e, f = affine
    return np.array([a * x + b * y + c, d * x + e * y + f])


def _steps(avatar: Avatar, idle: tuple[IdleFrame, ...]) -> list[float]:
    """How far mouth and eyes move from frame to frame, plate pixels."""
    mouth = [_at(avatar.frames[f.plate].mouth, avatar.width / 2, avatar.height / 2) for f in idle]
    eyes = [_at(avatar.frames[f.plate].face, avatar.width / 2, avatar.height / 3) for f in idle]
    return [
        float(max(np.linalg.norm(b - a), np.linalg.norm(d - c)))
        for (a, b), (c, d) in zip(itertools.pairwise(mouth), itertools.pairwise(eyes), strict=True)
    ]


def _starts(idle: tuple[IdleFrame, ...]) -> list[int]:
    return [k for k, f in enumerate(idle) if f.blink == 0]


def test_exactly_as_many_frames_as_asked(avatar: Avatar) -> None:
    assert [len(plan_idle(avatar, n, "x")) for n in (0, 1, 300)] == [0, 1, 300]


def test_same_seed_same_motion_and_other_seeds_other_motion(avatar: Avatar) -> None:
    walks = [plan_idle(avatar, 300, seed) for seed in SEEDS]
    assert walks[0] == plan_idle(avatar, 300, SEEDS[0])
    assert all(a != b for a, b in itertools.combinations(walks, 2))
    assert len({walk[0].plate for walk in walks}) > len(SEEDS) / 2


def test_long_idle_never_repeats_a_round(avatar: Avatar) -> None:
    loop = len(avatar.frames)
    for seed in SEEDS[:4]:
        idle = plan_idle(avatar, 10 * MINUTE, seed)
        rounds = [idle[k : k + loop] for k in range(0, len(idle) - loop, loop)]
        assert all(a != b for a, b in itertools.pairwise(rounds))


def test_head_never_jumps_and_turns_gently(avatar: Avatar) -> None:
    fastest = max(plate_speeds(avatar))
    turned = 0
    for seed in SEEDS:
        idle = plan_idle(avatar, MINUTE, seed)
        steps = _steps(avatar, idle)
        assert max(steps) <= 1.5 * fastest
        mouth = np.array([_at(avatar.frames[f.plate].mouth, avatar.width / 2, avatar.height / 2) for f in idle])
        # Seen over a fifth of a second, the way the head goes changes no faster than in the plate's own loop, doubled.
        smooth = np.stack([np.convolve(mouth[:, axis], np.ones(6) / 6, "valid") for axis in (0, 1)], axis=1)
        bend = np.linalg.norm(np.diff(smooth, n=2, axis=0), axis=1).max()
        assert bend <= 0.5 * fastest
        turned += sum(
            (b.plate - a.plate) % len(avatar.frames) > 1 and a.plate not in range(56, 64)
            for a, b in itertools.pairwise(idle)
        )
    assert turned > 0


@pytest.mark.parametrize("lengths", [(300, 250, 420), (90, 20, 700), (1, 2, 150)])
def test_rounds_laid_end_to_end_run_on(avatar: Avatar, lengths: tuple[int, ...]) -> None:
    fastest = max(plate_speeds(avatar))
    blinking = set(load_prepared(avatar.path).blinking)
    for seed in SEEDS[:6]:
        rounds = [plan_round(avatar, n, f"{seed} {n}") for n in lengths]
        assert [len(r) for r in rounds] == list(lengths)
        assert len({r[0].plate for r in rounds}) == 1, "every round begins at home"
        shown = tuple(frame for r in (*rounds, rounds[0]) for frame in r)
        assert max(_steps(avatar, shown)) <= 2 * fastest
        assert not blinking & {f.plate for f in shown}
    assert plan_round(avatar, 300, "a") == plan_round(avatar, 300, "a") != plan_round(avatar, 300, "b")
    assert plan_round(avatar, 0, "a") == ()


def test_the_head_goes_down_on_stressed_syllables(avatar: Avatar) -> None:
    accents = (70, 190, 260)

    def nods(stressed: tuple[int, ...]) -> float:
        """How far the head goes down around the accents, mean over many rounds."""
        rounds = [plan_round(avatar, 420, seed, stressed) for seed in SEEDS]
        heights = head_heights(avatar)
        return float(np.mean([heights[r[at + 9].plate] - heights[r[at - 2].plate] for r in rounds for at in accents]))

    assert nods(accents) > max(0.0, nods(())) + 0.3, "plate pixels"
    fastest = max(plate_speeds(avatar))
    assert all(max(_steps(avatar, plan_round(avatar, 420, seed, accents))) <= 2 * fastest for seed in SEEDS)


def test_no_frame_with_a_baked_in_blink_shows(avatar: Avatar) -> None:
    blinking = set(load_prepared(avatar.path).blinking)
    assert len(blinking) == 14
    assert not any(f.plate in blinking for seed in SEEDS for f in plan_idle(avatar, MINUTE, seed))


def test_blinks_come_whole_and_at_human_gaps(avatar: Avatar) -> None:
    phases = blink_phases(avatar)
    gaps: list[int] = []
    for seed in SEEDS:
        idle = plan_idle(avatar, 5 * MINUTE, seed)
        starts = _starts(idle)
        for start in starts:
            assert [f.blink for f in idle[start : start + phases]] == list(range(phases))
        assert sum(f.blink is not None for f in idle) == phases * len(starts)
        gaps += [b - a for a, b in itertools.pairwise(starts)]
    seconds = np.array(gaps) / float(avatar.timebase.rate)
    double = seconds < 1.2
    assert (np.array(gaps) >= phases + 4).all() and seconds.max() <= 9.1
    assert seconds[double].max() < 0.6 and 0.03 < double.mean() < 0.2
    assert 3.3 < seconds[~double].mean() < 4.2
    assert seconds[~double].std() > 0.8


def test_blink_patches_close_the_eyes_and_touch_nothing_else(avatar: Avatar) -> None:
    patches = [blink_patch(avatar, phase) for phase in range(blink_phases(avatar))]
    assert len(patches) == 7
    eyes = {(p.x, p.y, p.mask.shape) for p in patches}
    assert len(eyes) == 1
    height, width = patches[0].mask.shape
    assert width < 300 and height < 110
    rim = [patches[0].mask[0], patches[0].mask[-1], patches[0].mask[:, 0], patches[0].mask[:, -1]]
    assert max(edge.max() for edge in rim) <= 4
    # The dark of iris and lashes is largest with open eyes and least with closed ones.
    dark = [int(((p.pixels[..., 0] < 70) & (p.mask > 128)).sum()) for p in patches]
    assert min(dark[2], dark[3]) < 0.6 * max(dark[0], dark[-1])


def test_no_eighth_phase(avatar: Avatar) -> None:
    with pytest.raises(PackError, match="no blink phase 7"):
        blink_patch(avatar, 7)
