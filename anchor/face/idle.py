"""Idle motion: which plate frame shows, and when the presenter blinks.

The plate is walked forward at its own speed. Where the head is slow, and another frame has the same pose, the walk may
turn into that frame: it slows down, goes on the other way, and the loop never repeats at a fixed beat. Blinks baked
into the plate are replaced by frames of the same pose with open eyes; blinks are drawn anew and painted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

from anchor.core.face import Affine, Avatar, IdleFrame
from anchor.face.prepared import Prepared, load_prepared

TURN_CHANCE = 0.5
"""Share of the chances to turn that are taken."""
_SLOW = 0.55
"""The head may turn where it moves at less than this share of the loop's greatest speed."""
_EASE_FRAMES = 10
"""The walk stops and starts again over this many frames at a turn."""
_APART_FRAMES = 60
"""Between two turns."""
_BLINK_MEDIAN_S, _BLINK_SPREAD = 3.4, 0.42
_BLINK_S = (1.2, 9.0)
"""Log-normal gaps between blinks, mean 3.7 s (Bentivoglio et al. 1997: 17 a minute at rest, more in conversation)."""
_DOUBLE_CHANCE = 0.1
_DOUBLE_GAP_FRAMES = (4, 8)
"""Open frames between the two of a double blink."""


def plan_idle(avatar: Avatar, frames: int, seed: str) -> tuple[IdleFrame, ...]:
    """What shows on each of `frames` frames of the plate's clock; the same seed gives the same motion."""
    prepared = _prepared(avatar.path, avatar.digest)
    random = Random(f"idle {seed}")
    plates = _walk(avatar, prepared, frames, random)
    blinks = _blinks(avatar, prepared, frames, Random(f"blinks {seed}"))
    return tuple(IdleFrame(_shown(prepared, plate), blinks.get(at)) for at, plate in enumerate(plates))


def idle_plates(avatar: Avatar) -> tuple[int, ...]:
    """Every plate frame that idle motion can show, ascending."""
    prepared = _prepared(avatar.path, avatar.digest)
    return tuple(sorted({_shown(prepared, plate) for plate in range(len(avatar.frames))}))


def _shown(prepared: Prepared, plate: int) -> int:
    """The frame that shows for a pose: never one with a baked-in blink, and always the same of two twins."""
    twin = prepared.twins[plate]
    if twin is None:
        return plate
    return min({plate, twin} - set(prepared.blinking), default=plate)


@lru_cache(maxsize=8)
def _prepared(path: Path, digest: str) -> Prepared:
    """`digest` is in the key so that a changed pack is read again."""
    return load_prepared(path)


def _walk(avatar: Avatar, prepared: Prepared, frames: int, random: Random) -> Iterator[int]:
    count = len(avatar.frames)
    turns = frozenset(_turning_points(avatar, prepared))
    slowing = _slowing_steps()
    ahead = sum(slowing)
    at = random.randrange(count)
    since = random.randrange(_APART_FRAMES)
    steps: list[int] = []
    jump: int | None = None
    for _ in range(frames):
        yield at
        since += 1
        if steps:
            at = (at + steps.pop(0)) % count
            if not steps and jump is not None:
                at, jump, steps = jump, None, slowing[::-1]
            continue
        at = (at + 1) % count
        goal = (at + ahead) % count
        if goal in turns and since >= _APART_FRAMES and random.random() < TURN_CHANCE:
            steps, jump, since = list(slowing), prepared.twins[goal], 0


def _slowing_steps() -> list[int]:
    """Plate frames to advance per frame while the walk comes to a stop."""
    where = [0.0]
    for k in range(_EASE_FRAMES):
        where.append(where[-1] + (1 + math.cos(math.pi * (k + 0.5) / _EASE_FRAMES)) / 2)
    return [round(b) - round(a) for a, b in itertools.pairwise(where)]


def _turning_points(avatar: Avatar, prepared: Prepared) -> Iterator[int]:
    """Frames where the head is slowest for a while, and that have a twin."""
    speeds = plate_speeds(avatar)
    count, limit = len(speeds), _SLOW * max(speeds)
    for at, speed in enumerate(speeds):
        around = [speeds[(at + step) % count] for step in range(-10, 11)]
        if speed <= limit and speed == min(around) and prepared.twins[at] is not None:
            yield at


def plate_speeds(avatar: Avatar) -> tuple[float, ...]:
    """How far the head moves from each plate frame to the next (the last: to the first), plate pixels."""
    frames = avatar.frames
    return tuple(
        max(
            _moved(frame.mouth, after.mouth, avatar.width / 2, avatar.height / 2),
            _moved(frame.face, after.face, avatar.width / 2, avatar.height / 3),
        )
        for frame, after in zip(frames, (*frames[1:], frames[0]), strict=True)
    )


def _moved(a: Affine, b: Affine, x: float, y: float) -> float:
    dx, dy = (sum((q - p) * v for p, q, v in zip(a[i : i + 3], b[i : i + 3], (x, y, 1.0), strict=True)) for i in (0, 3))
    return math.hypot(dx, dy)


def _blinks(avatar: Avatar, prepared: Prepared, frames: int, random: Random) -> dict[int, int]:
    """Frame → blink phase."""
    phases = len(prepared.blinks)
    if not phases or any(prepared.twins[frame] is None for frame in prepared.blinking):
        # Nothing to paint with, or baked-in blinks stay: a second set on top would be too many.
        return {}
    rate = float(avatar.timebase.rate)
    found: dict[int, int] = {}
    at = round(random.uniform(0.4, 3.0) * rate)
    while at + phases <= frames:
        found.update((at + phase, phase) for phase in range(phases))
        if random.random() < _DOUBLE_CHANCE:
            again = at + phases + random.randint(*_DOUBLE_GAP_FRAMES)
            if again + phases <= frames:
                found.update((again + phase, phase) for phase in range(phases))
                at = again
        gap = min(_BLINK_S[1], max(_BLINK_S[0], _BLINK_MEDIAN_S * math.exp(random.gauss(0.0, _BLINK_SPREAD))))
        at += math.ceil(gap * rate)
    return found
