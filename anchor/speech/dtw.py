"""Dynamic time warping row by row: a reference that may be interrupted against a recording that may hold more.

Rows are frames of the reference, columns frames of the recording. Within a row the best way to come from the left is a
running minimum over running sums, so a row costs a dozen numpy calls whatever its width. Scores are distances less a
level that divides like from unlike: what matches lowers the score, so that ways of different length can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOUND, PAUSE, WORD, SYLLABLE = 0, 1, 2, 3
"""Kinds of rows: a frame of sound, a frame of silence, and seams of no length between words and syllables."""
LEVEL = 0.8
"""Distance that divides like from unlike."""
SILENT_FILL = 0.15
"""What a silent frame of the recording costs, over its distance from silence, where the reference is interrupted."""
SPOKEN_FILL = 0.1
"""Score of a frame of other words there."""
SKIP_PAUSE = -0.6
"""Score of a silent frame of the reference that the speaker left out."""
BEND = 0.2
"""What a step costs that goes on in one of the two alone."""
INTERRUPT = 2.4
"""What an interruption between syllables costs once."""
FAR = 1e9

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rows:
    """The reference as rows.

    Shapes:
        frame: [rows] number of the frame; at a seam that of the frame after it
        kind: [rows]
    """

    frame: NDArray[np.int64]
    kind: NDArray[np.int8]


def plan_rows(silent: NDArray[np.bool_], seams: Sequence[tuple[int, int]]) -> Rows:
    """Rows for frames, `silent` or not, with seams (frame, WORD or SYLLABLE) before some of them."""
    kinds = np.where(silent, PAUSE, SOUND).astype(np.int8)
    places = np.array([min(frame, len(silent)) for frame, _ in seams], np.int64)
    frame = np.insert(np.arange(len(silent)), places, places)
    kind = np.insert(kinds, places, np.array([kind for _, kind in seams], np.int8))
    return Rows(np.minimum(frame, len(silent) - 1), kind)


@dataclass(frozen=True, slots=True)
class Path:
    """Which columns each row took: `first` to `last`, both included; `cost` and `weight` of rows of sound.

    Shapes:
        all: [rows]
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    cost: NDArray[np.float64]
    weight: NDArray[np.float64]
    score: float


def warp_path(
    reference: NDArray[np.float32],
    rows: Rows,
    heard: NDArray[np.float32],
    silent: NDArray[np.bool_],
    window: Callable[[int], Window],
    *,
    whole: bool,
) -> Path:
    """The cheapest way through.

    Args:
        reference: features of the reference.
        rows: its frames and seams.
        heard: features of the recording.
        silent: which of its frames are.
        window: row → columns looked at; must never move back.
        whole: the way ends at the window's last column, else wherever it is cheapest.

    Shapes:
        reference: [n, d]
        heard: [m, d]; silent: [m]
    """
    squares = np.einsum("ij,ij->i", heard, heard)
    own = np.einsum("ij,ij->i", reference, reference)
    stillness = heard[silent].mean(axis=0) if silent.any() else np.zeros(heard.shape[1], np.float32)
    unlike = np.sqrt(np.maximum(0, squares + stillness @ stillness - 2 * (heard @ stillness))).astype(np.float64)
    fill = np.minimum(unlike - LEVEL + SILENT_FILL, SPOKEN_FILL)
    quiet = np.where(silent, fill, SPOKEN_FILL)
    closed = np.where(silent, fill, FAR)
    kept: list[tuple[int, NDArray[np.uint8], NDArray[np.int32] | None]] = []
    low, before = 0, np.zeros(1)
    for number, (frame, kind) in enumerate(zip(rows.frame, rows.kind, strict=True)):
        start, stop = window(number)
        start, stop = max(start, low), min(len(heard), max(stop, start + 1))
        columns = slice(start, stop)
        above = _shifted(before, low, start, stop)
        if kind in (SOUND, PAUSE):
            gap = np.maximum(0, squares[columns] + own[frame] - 2 * (heard[columns] @ reference[frame]))
            cost = np.sqrt(gap).astype(np.float64) - LEVEL
            up = above + (cost + BEND if kind == SOUND else np.minimum(cost, SKIP_PAUSE))
            slant = _shifted(before, low + 1, start, stop) + 2 * cost
            entered = np.minimum(up, slant)
            moves = (slant < up).astype(np.uint8)
            across = cost + BEND if kind == SOUND else np.minimum(cost, quiet[columns])
        else:
            entered, moves = above, np.zeros(stop - start, np.uint8)
            across = (quiet if kind == WORD else closed)[columns]
        total = np.cumsum(np.minimum(across, FAR / 1e3))
        rest = entered - total
        lowest = np.minimum.accumulate(rest)
        origin = None
        if kind in (SOUND, PAUSE):
            scores = lowest + total
            moves |= (rest > lowest).astype(np.uint8) << 1
        else:
            run = np.concatenate([[FAR * 10], lowest[:-1]]) + total + (INTERRUPT if number else 0)
            scores = np.minimum(entered, run)
            moves |= (run < entered).astype(np.uint8) << 1
            origin = np.maximum.accumulate(np.where(rest == lowest, np.arange(len(rest)), 0)).astype(np.int32)
        kept.append((start, moves, origin))
        low, before = start, scores
    return _walk_back(
        kept, rows, reference, heard, len(before) - 1 if whole else int(np.argmin(before)), float(before.min())
    )


def _shifted(values: NDArray[np.float64], low: int, start: int, stop: int) -> NDArray[np.float64]:
    """`values`, which begin at column `low`, on columns `[start, stop)`."""
    out = np.full(stop - start, FAR)
    first, last = max(low, start), min(low + len(values), stop)
    if last > first:
        out[first - start : last - start] = values[first - low : last - low]
    return out


def _walk_back(
    kept: list[tuple[int, NDArray[np.uint8], NDArray[np.int32] | None]],
    rows: Rows,
    reference: NDArray[np.float32],
    heard: NDArray[np.float32],
    at: int,
    score: float,
) -> Path:
    count = len(kept)
    first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    weight = np.zeros(count)
    cost = np.zeros(count)
    column = kept[-1][0] + at
    for number in range(count - 1, -1, -1):
        start, moves, origin = kept[number]
        here = min(max(column - start, 0), len(moves) - 1)
        last[number] = start + here
        if origin is not None:
            if moves[here] & 2:
                here = int(origin[here - 1])
        else:
            while here and moves[here] & 2:
                here -= 1
        first[number] = start + here
        slant = bool(moves[here] & 1)
        if rows.kind[number] == SOUND:
            taken = heard[first[number] : last[number] + 1] - reference[rows.frame[number]]
            each = np.sqrt(np.einsum("ij,ij->i", taken, taken))
            weight[number] = len(each) + slant
            cost[number] = float(each.sum() + (each[0] if slant else 0))
        column = start + here - slant
    return Path(first, last, cost, weight, score)
