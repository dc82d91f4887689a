"""Which stretch of the footage becomes the idle loop, and where it closes.

The loop runs forward only. Its end is dissolved into the frames before its beginning, where head and picture are most
alike (Schödl, Szeliski, Salesin and Essa 2000, video textures).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.core.time import VIDEO
from anchor.messages import message
from anchor.workshop.presenters.video.face_observations import FaceObservations

SHORTEST_S, WANTED_S, LONGEST_S = 2.0, 12.0, 20.0
FADES_S = (0.4, 0.8, 1.2)
"""Lengths of the dissolve that are tried: what lies far apart takes longer to join."""
_ENOUGH_S = 6.0
"""With a loop this long at rest, speech is not looked at."""
_STRETCH_S = 45.0
"""Longer stretches are looked at in parts."""
_MARGIN_FRAMES = 3
"""Left out where a resting stretch borders on speech."""
_POSE = 1.0
"""Cost of a pixel of pose, on a face of 136 pixels between the eyes."""
_PICTURE = 0.8
"""Cost of a code value of difference in the picture."""
_LENGTH = 10.0
"""Cost of a loop of no length."""
_SPEAKING = 3.0
"""Cost of a mouth that has to be closed."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch `[start, end)` of the footage; its last `fade` frames dissolve into those before `start`."""

    start: int
    end: int
    fade: int
    resting: bool
    """False: the mouth moves in it and has to be closed."""
    cost: float
    turn: int = 0
    """Loop frame 0 lies this many frames after `start`."""

    def __len__(self) -> int:
        return self.end - self.start

    def pair(self, index: int) -> tuple[int, int | None, float]:
        """Footage frames behind a loop frame: its own, its partner in the dissolve or None, the partner's share."""
        index = (index + self.turn) % len(self)
        frame = self.start + index
        into = index - (len(self) - self.fade)
        if into < 0:
            return frame, None, 0.0
        x = (into + 1) / (self.fade + 1)
        return frame, frame - len(self), x * x * (3 - 2 * x)


def choose_loop(seen: FaceObservations, footage_rate: Fraction) -> Loop:
    """The best loop that the footage holds: with the mouth at rest if that lasts long enough.

    Raises:
        MediaError: no stretch is long enough.
    """
    rate = float(footage_rate)
    least = round(_shortest(rate) + FADES_S[0] * rate)
    found: list[Loop] = []
    for resting in (True, False):
        runs = seen.runs(_bridged(seen.resting, seen) if resting else seen.usable)
        margin = _MARGIN_FRAMES if resting else 0
        runs = [(a + margin * (a > 0), b - margin * (b < len(seen))) for a, b in runs]
        runs = sorted((r for r in runs if r[1] - r[0] >= least), key=lambda r: r[0] - r[1])[:2]
        for run in runs:
            for start, end in _parts(run, round(_STRETCH_S * rate)):
                found += _best(seen, rate, start, end, resting)
        if any(len(loop) >= _ENOUGH_S * rate for loop in found):
            break
    if found:
        return _turned(seen, min(found, key=lambda loop: loop.cost))
    longest = max((b - a for a, b in seen.runs(seen.usable)), default=0) / rate
    raise MediaError(
        message("presenters.short-stretch", longest=longest, least=SHORTEST_S + FADES_S[0]),
        hint=message("presenters.short-stretch-hint"),
    )


def _shortest(rate: float) -> float:
    """Frames of the shortest loop: slow footage is shown at the plate's rate, in less time than it was filmed."""
    return SHORTEST_S * max(rate, float(VIDEO.rate))


def _bridged(wanted: NDArray[np.bool_], seen: FaceObservations) -> NDArray[np.bool_]:
    """Single frames that the landmarks got wrong do not end a rest."""
    closed = cv2.morphologyEx(wanted.astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, 5), np.uint8))[0] > 0
    return np.asarray(closed & seen.usable)


def _parts(run: tuple[int, int], longest: int) -> list[tuple[int, int]]:
    start, end = run
    count = max(1, -(-(end - start) // longest))
    edges = [start + (end - start) * k // count for k in range(count + 1)]
    return list(itertools.pairwise(edges))


def _best(seen: FaceObservations, rate: float, start: int, end: int, resting: bool) -> list[Loop]:
    """The best places to close a loop within a stretch, one for each length of dissolve."""
    pose = seen.stable[start:end].reshape(end - start, -1) * (136 / seen.unit)
    thumbs = seen.thumbs[start:end].reshape(end - start, -1).astype(np.float32)
    apart = _POSE * _distances(pose) / np.sqrt(pose.shape[1] / 2)
    apart += _PICTURE * _distances(thumbs) / np.sqrt(thumbs.shape[1])
    del thumbs
    found = [_closing(seen, apart, start, round(s * rate), resting, rate) for s in FADES_S]
    return [loop for loop in found if loop is not None]


def _closing(
    seen: FaceObservations, apart: NDArray[np.float32], start: int, fade: int, resting: bool, rate: float
) -> Loop | None:
    """The best pair of frames for a dissolve of `fade` frames."""
    count = len(apart)
    if count < fade + _shortest(rate):
        return None
    # Cost of a dissolve that ends at (a, b): mean over the frames before both.
    mean = np.zeros((count - fade, count - fade), np.float32)
    for k in range(fade):
        mean += apart[k : count - fade + k, k : count - fade + k] / fade
    # Columns and rows that broadcast, in place, single precision: whole index grids would outweigh all else here.
    at = np.arange(fade, count, dtype=np.int32)
    a, b = at[:, None], at[None]
    length = (b - a).astype(np.float32)
    cost = mean
    cost *= (FADES_S[0] * rate / fade) ** 0.7
    cost += np.float32(_LENGTH) * np.maximum(0, 1 - length / np.float32(WANTED_S * rate))
    blink = seen.blinking[start : start + count]
    busy = np.array([blink[max(0, k - fade) : k + 1].any() for k in range(count)])
    cost += np.float32(3) * (busy[a] | busy[b])
    cost += 0.0 if resting else _SPEAKING
    cost[(length < max(_shortest(rate), 1.5 * fade)) | (length > LONGEST_S * rate)] = np.inf
    best = np.unravel_index(int(cost.argmin()), cost.shape)
    if not np.isfinite(cost[best]):
        return None
    first, last = (int(k) + fade for k in best)
    return Loop(start + first, start + last, fade, resting, float(cost[best]))


def _turned(seen: FaceObservations, loop: Loop) -> Loop:
    """The same loop, begun at its best canonical frame: mouth at rest, eyes open, head in the middle of its way."""
    inside = np.arange(loop.start, loop.end - loop.fade)
    pose = seen.stable[inside].reshape(len(inside), -1)
    away = np.linalg.norm(pose - np.median(pose, axis=0), axis=1) / np.sqrt(pose.shape[1] / 2) * (136 / seen.unit)
    away += 200 * np.maximum(0, seen.gap[inside] - seen.rest_gap) + 100 * np.abs(seen.width[inside] - seen.rest_width)
    away += 40 * seen.blinking[inside] + 20 * np.abs(seen.lids[inside] - 1)
    return replace(loop, turn=int(away.argmin()))


def _distances(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Euclidean distance of every row from every other; `rows` is centred in place."""
    rows -= rows.mean(axis=0)
    squared = np.einsum("ij,ij->i", rows, rows)
    both = squared[:, None] + squared[None] - 2 * (rows @ rows.T)
    return np.asarray(np.sqrt(np.maximum(both, 0)), np.float32)
