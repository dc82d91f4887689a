"""Idle motion: which plate frame shows, and when the presenter blinks.

The plate is walked forward at its own speed. Where the head is slow, and another frame has the same pose, the walk may
turn into that frame: it slows down, goes on the other way, and the loop never repeats at a fixed beat. Blinks baked
into the plate are replaced by frames of the same pose with open eyes; blinks are drawn anew and painted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine, Avatar, IdleFrame, PlateFrame
from anchor.face.prepared_file import AvatarPrepared, load_prepared

TURN_CHANCE = 0.5
"""Share of the chances to turn that are taken."""
_SLOW = 0.55
"""The head may turn where it moves at less than this share of the loop's greatest speed."""
_EASE_FRAMES = 10
"""The walk stops and starts again over this many frames at a turn."""
_APART_FRAMES = 60
"""Between two turns."""
WALKS = 24
"""Walks from home that are tried for one that comes home on time."""
_PACE = (0.7, 1.25)
"""How much slower or faster than its own speed the plate may show on the last way home."""
_NOD_FRAMES = (-2, 9)
"""Around the beginning of a stressed syllable: the head goes down with it (Munhall et al. 2004)."""
_NOD_WEIGHT = 0.5
"""A walk that nods on every stress may be so much less even than one that nods on none."""
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


def plan_round(avatar: Avatar, frames: int, seed: str, accents: Sequence[int] = ()) -> tuple[IdleFrame, ...]:
    """Idle motion that begins at home, the plate's stillest frame, and would be there again after the last one.

    On the frames `accents`, where stressed syllables begin, the head goes down as far as the plate's own motion allows:
    of the walks that are tried, one that nods there is preferred. The picture is never bent for it.

    Rounds laid end to end run on without a jump, and none depends on what another is like: where one part of a
    programme changes, the others look as they did.
    """
    prepared = _prepared(avatar.path, avatar.digest)
    plates = _homewards(avatar, prepared, frames, Random(f"round {seed}"), accents)
    blinks = _blinks(avatar, prepared, frames, Random(f"blinks {seed}"))
    return tuple(IdleFrame(_shown(prepared, plate), blinks.get(at)) for at, plate in enumerate(plates))


def idle_plates(avatar: Avatar) -> tuple[int, ...]:
    """Every plate frame that idle motion can show, ascending."""
    prepared = _prepared(avatar.path, avatar.digest)
    return tuple(sorted({_shown(prepared, plate) for plate in range(len(avatar.frames))}))


def _shown(prepared: AvatarPrepared, plate: int) -> int:
    """The frame that shows for a pose: never one with a baked-in blink, and always the same of two twins."""
    twin = prepared.twins[plate]
    if twin is None:
        return plate
    return min({plate, twin} - set(prepared.blinking), default=plate)


@lru_cache(maxsize=8)
def _prepared(path: Path, digest: str) -> AvatarPrepared:
    """`digest` is in the key so that a changed pack is read again."""
    return load_prepared(path)


@dataclass
class _Walk:
    """Plate frames one after the other; where the walk is free it may be led elsewhere."""

    count: int
    turns: Mapping[int, int]
    """Frame where the head may turn → its twin."""
    random: Random
    at: int
    steps: list[int] = field(default_factory=list)
    jump: int | None = None
    since: int = 0

    @property
    def free(self) -> bool:
        """Not in the middle of a turn."""
        return not self.steps

    def go(self) -> int:
        """The frame that shows; then a step."""
        shown, slowing = self.at, _slowing_steps()
        self.since += 1
        if self.steps:
            self.at = (self.at + self.steps.pop(0)) % self.count
            if not self.steps and self.jump is not None:
                self.at, self.jump, self.steps = self.jump, None, list(slowing[::-1])
            return shown
        self.at = (self.at + 1) % self.count
        goal = (self.at + sum(slowing)) % self.count
        if goal in self.turns and self.since >= _APART_FRAMES and self.random.random() < TURN_CHANCE:
            self.steps, self.jump, self.since = list(slowing), self.turns[goal], 0
        return shown


def _walk(avatar: Avatar, prepared: AvatarPrepared, frames: int, random: Random) -> Iterator[int]:
    count = len(avatar.frames)
    at, since = random.randrange(count), random.randrange(_APART_FRAMES)
    walk = _Walk(count, _turns(avatar, prepared), random, at, since=since)
    return (walk.go() for _ in range(frames))


def _homewards(
    avatar: Avatar, prepared: AvatarPrepared, frames: int, random: Random, accents: Sequence[int]
) -> list[int]:
    """A walk that leaves home and is there again after `frames` frames: of many, the most even that nods."""
    home, turns = _home(avatar, prepared), _turns(avatar, prepared)
    nods = _Nods(avatar, frames, accents)
    tried = []
    for _ in range(WALKS):
        walk = _Walk(len(avatar.frames), turns, random, home, since=random.randrange(_APART_FRAMES))
        score, plates = _best_homewards(walk, home, frames, nods)
        if plates:
            tried.append((score, plates))
    if not tried:
        return _there_and_back(home, frames, len(avatar.frames))
    return max(tried, key=lambda scored: scored[0])[1]


def _best_homewards(walk: _Walk, home: int, frames: int, nods: _Nods) -> tuple[float, list[int]]:
    """The score of a walk whose last way home is begun where that is best, and the walk; no frames: none comes home.

    The pace of the last way is another than the plate's own. It is taken up after a turn; for nods also wherever the
    head is slowest, where nobody sees it change.
    """
    best, start, begun, pace = 0.0, frames, 0, 1.0
    gone = np.zeros(frames, np.intp)
    turned = True
    for at in range(frames):
        left = frames - at
        if walk.free and (turned or walk.at in nods.slowest):
            for way in range((home - walk.at) % walk.count, math.floor(_PACE[1] * left) + 1, walk.count):
                if way < _PACE[0] * left:
                    continue
                score = min(way / left, left / way) + _NOD_WEIGHT * nods.share(gone, at, walk.at, way / left)
                if score > best:
                    best, start, begun, pace = score, at, walk.at, way / left
        turned = not walk.free
        gone[at] = walk.go()
    if best <= 0.0:
        return 0.0, []
    return best, [
        *gone[:start].tolist(),
        *((begun + round(pace * step)) % walk.count for step in range(frames - start)),
    ]


class _Nods:
    """How far the head goes down with the stressed syllables of one round."""

    def __init__(self, avatar: Avatar, frames: int, accents: Sequence[int]) -> None:
        self._heights = np.array(head_heights(avatar))
        before, after = _NOD_FRAMES
        within = [at for at in accents if at + before >= 0 and at + after < frames]
        self._around = np.array([[at + before for at in within], [at + after for at in within]], np.intp)
        self._most = float((np.roll(self._heights, before - after) - self._heights).max())
        self.slowest = frozenset(_slowest(plate_speeds(avatar))) if within else frozenset[int]()
        """Plate frames on which the head is slowest; none where there is nothing to nod to."""

    def share(self, gone: NDArray[np.intp], start: int, begun: int, pace: float) -> float:
        """Mean way down on the accents, as a share of the farthest that the plate goes in that time; at most 1.

        Args:
            gone: plate frames shown until `start`.
            start: frame from which the plate shows at `pace`, `begun` first.
        """
        if not self._around.size or self._most <= 0:
            return 0.0
        homewards = (begun + np.rint(pace * (self._around - start)).astype(np.intp)) % len(self._heights)
        before, after = self._heights[np.where(self._around < start, gone[self._around], homewards)]
        return float((after - before).mean()) / self._most


def _there_and_back(home: int, frames: int, count: int) -> list[int]:
    """For a time too short for a round: away from home and back, gently, never faster than the plate's own speed."""
    far = min(frames / math.pi, count / 2)
    return [(home + round(far * (1 - math.cos(2 * math.pi * at / frames)) / 2)) % count for at in range(frames)]


def _home(avatar: Avatar, prepared: AvatarPrepared) -> int:
    """The plate's stillest frame with open eyes."""
    speeds = plate_speeds(avatar)
    open_eyed = [frame for frame in range(len(speeds)) if frame not in prepared.blinking]
    return min(open_eyed or range(len(speeds)), key=lambda frame: (speeds[frame], frame))


def _turns(avatar: Avatar, prepared: AvatarPrepared) -> Mapping[int, int]:
    twins = ((at, prepared.twins[at]) for at in _turning_points(avatar, prepared))
    return {at: twin for at, twin in twins if twin is not None}


@lru_cache(maxsize=1)
def _slowing_steps() -> tuple[int, ...]:
    """Plate frames to advance per frame while the walk comes to a stop."""
    where = [0.0]
    for k in range(_EASE_FRAMES):
        where.append(where[-1] + (1 + math.cos(math.pi * (k + 0.5) / _EASE_FRAMES)) / 2)
    return tuple(round(b) - round(a) for a, b in itertools.pairwise(where))


def _turning_points(avatar: Avatar, prepared: AvatarPrepared) -> Iterator[int]:
    """Frames where the head is slowest for a while, and that have a twin."""
    return (at for at in _slowest(plate_speeds(avatar)) if prepared.twins[at] is not None)


def _slowest(speeds: Sequence[float]) -> Iterator[int]:
    """Frames where the head is slowest for a while."""
    count, limit = len(speeds), _SLOW * max(speeds)
    for at, speed in enumerate(speeds):
        if speed <= limit and speed == min(speeds[(at + step) % count] for step in range(-10, 11)):
            yield at


def plate_speeds(avatar: Avatar) -> tuple[float, ...]:
    """How far the head moves from each plate frame to the next (the last: to the first), plate pixels."""
    return _speeds(avatar.frames, avatar.width, avatar.height)


@lru_cache(maxsize=8)
def _speeds(frames: tuple[PlateFrame, ...], width: int, height: int) -> tuple[float, ...]:
    return tuple(
        max(
            _moved(frame.mouth, after.mouth, width / 2, height / 2),
            _moved(frame.face, after.face, width / 2, height / 3),
        )
        for frame, after in zip(frames, (*frames[1:], frames[0]), strict=True)
    )


@lru_cache(maxsize=8)
def _heights(frames: tuple[PlateFrame, ...], width: int, height: int) -> tuple[float, ...]:
    return tuple(f.face[3] * width / 2 + f.face[4] * height / 3 + f.face[5] for f in frames)


def head_heights(avatar: Avatar) -> tuple[float, ...]:
    """Where the eyes are on each plate frame, plate pixels, down."""
    return _heights(avatar.frames, avatar.width, avatar.height)


def _moved(a: Affine, b: Affine, x: float, y: float) -> float:
    dx, dy = (sum((q - p) * v for p, q, v in zip(a[i : i + 3], b[i : i + 3], (x, y, 1.0), strict=True)) for i in (0, 3))
    return math.hypot(dx, dy)


def _blinks(avatar: Avatar, prepared: AvatarPrepared, frames: int, random: Random) -> dict[int, int]:
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
