"""A wanted mouth shape → the bank pictures that make it up, and the mesh they are warped to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchor.face.mesh import F64, INNER, LIP, inner_gap_px
from anchor.face.mouth_shape import MouthShape
from anchor.face.mouthbank import WIDTHS, MouthBank

_COLUMNS = tuple(sorted(WIDTHS.items(), key=lambda item: item[1]))
_BITTEN = 0.45
"""Share of the rendered gap that a bite keeps: the pictures leave a dark line between teeth and lip."""
_LIMITS = np.array([(0.0, 1.0), (0.45, 1.0), (0.7, 0.5), (1.0, 0.35)])
"""Opening → how much of the rounding is shown: wide open round pictures are V-shaped."""


@dataclass(frozen=True, slots=True)
class ExemplarMix:
    """How one mouth is made."""

    wanted: F64
    """Vertices to warp to, plate pixels."""
    shares: tuple[tuple[str, float], ...]
    """Exemplar → its share of skin and lips; they add up to 1."""
    interior: tuple[tuple[str, float], ...]
    """Exemplar → its share of what is seen between the lips; empty when they are closed."""


def plan_recipe(bank: MouthBank, shape: MouthShape) -> ExemplarMix:
    """Weigh the bank's pictures for a shape.

    The wanted mesh is the weighted mean of the pictures' meshes, so it moves as smoothly as the weights do.
    """
    parts: dict[str, float] = {}
    opened = 1.0
    for name, amount in (("F", shape.bite), ("L", shape.tongue), ("S", shape.teeth)):
        _add(parts, name, opened * amount)
        opened *= 1 - amount
    for name, share in _grid(bank, shape.opening, shape.width):
        _add(parts, name, opened * share)
    free = 1 - shape.press
    wanted = sum((free * share) * bank.exemplars[name].asked for name, share in parts.items())
    if shape.bite > 0:
        wanted = wanted - (free * shape.bite) * _parted(bank.exemplars["F"].vertices)
    # Where the grid's pictures end, and in tongue and teeth, which know one width only, the control moves the mesh.
    beyond = opened * max(0.0, shape.width - 1) + (1 - opened) * (1 - shape.bite) * shape.width
    if beyond:
        wanted = wanted + free * abs(beyond) * _sideways(bank, shape.opening, "wide" if beyond > 0 else "purse")
    shut: dict[str, float] = {}
    if shape.press > 0:
        shut = dict(_closed(shape.width))
        closed = _collapsed(sum(share * bank.exemplars[name].asked for name, share in shut.items()))  # type: ignore[arg-type]
        wanted = wanted + shape.press * closed
    both = {name: free * share for name, share in parts.items()}
    for name, share in shut.items():
        _add(both, name, shape.press * share)
    vertices = np.asarray(wanted, np.float64)
    # Lip contours of the grid cross by a hair where a closed picture was rendered with overlapping lips.
    _uncross(vertices)
    inside = _sharpened(parts, bank) if inner_gap_px(vertices) > 0.3 else ()
    return ExemplarMix(vertices, _pruned(both), inside)


def _add(parts: dict[str, float], name: str, share: float) -> None:
    if share > 0:
        parts[name] = parts.get(name, 0.0) + share


def _grid(bank: MouthBank, opening: float, width: float) -> list[tuple[str, float]]:
    if width < 0:
        width *= float(np.interp(opening, _LIMITS[:, 0], _LIMITS[:, 1]))
    values = [value for _, value in _COLUMNS]
    row, down = _cell(bank.openings, opening)
    column, across = _cell(values, width)
    return [
        (f"j{row + i}_{_COLUMNS[column + k][0]}", a * b)
        for i, a in ((0, 1 - down), (1, down))
        for k, b in ((0, 1 - across), (1, across))
    ]


def _sideways(bank: MouthBank, opening: float, column: str) -> F64:
    """How the vertices move from neutral lips to those of a column, at an opening, along x alone."""
    row, down = _cell(bank.openings, opening)
    moves = [bank.exemplars[f"j{row + i}_{column}"].asked - bank.exemplars[f"j{row + i}_neutral"].asked for i in (0, 1)]
    return np.asarray((moves[0] * (1 - down) + moves[1] * down) * (1.0, 0.0))


def _cell(values: tuple[float, ...] | list[float], at: float) -> tuple[int, float]:
    """Index of the interval that holds `at`, and how far into it, 0–1."""
    at = min(max(at, values[0]), values[-1])
    index = min(int(np.searchsorted(values, at, side="right")) - 1, len(values) - 2)
    return index, (at - values[index]) / (values[index + 1] - values[index])


def _closed(width: float) -> tuple[tuple[str, float], ...]:
    """Closed lips of a width: M in the middle, purse and wide at the ends."""
    side = "j0_purse" if width < 0 else "j0_wide"
    share = min(1.0, abs(width))
    return (("M", 1 - share), (side, share))


def _collapsed(vertices: F64) -> F64:
    """The same mouth with its inner lips meeting."""
    vertices = vertices.copy()
    inner = vertices[INNER]
    seam = (inner[1:10] + inner[:10:-1]) / 2
    inner[1:10], inner[:10:-1] = seam, seam
    return vertices


def _parted(bite: F64) -> F64:
    """How far the lower lip of a bite lies from the teeth: what its vertices are lifted by, so that it touches them."""
    shift = np.zeros_like(bite)
    upper, lower = slice(LIP + 1, LIP + 10), slice(2 * LIP - 1, LIP + 10, -1)
    gap = np.maximum(0.0, bite[lower, 1] - bite[upper, 1]) * (1 - _BITTEN)
    shift[lower, 1] = gap
    shift[LIP - 1 : 10 : -1, 1] = gap
    return shift


def _uncross(vertices: F64) -> None:
    upper, lower = vertices[LIP + 1 : LIP + 10], vertices[2 * LIP - 1 : LIP + 10 : -1]
    crossed = upper[:, 1] > lower[:, 1]
    middle = (upper[crossed] + lower[crossed]) / 2
    upper[crossed], lower[crossed] = middle, middle


def _pruned(shares: dict[str, float]) -> tuple[tuple[str, float], ...]:
    """Shares squared, less a little, so that far pictures drop out without a jump."""
    kept = {name: max(0.0, share * share - 0.02) for name, share in shares.items()}
    total = sum(kept.values())
    return tuple((name, share / total) for name, share in sorted(kept.items()) if share > 0)


def _sharpened(shares: dict[str, float], bank: MouthBank) -> tuple[tuple[str, float], ...]:
    """Shares of open pictures, to the third power: teeth of two pictures are seen together only for a moment."""
    kept = {n: max(0.0, (s * bank.exemplars[n].openness) ** 3 - 1e-6) for n, s in shares.items()}
    total = sum(kept.values())
    return tuple((name, share / total) for name, share in sorted(kept.items()) if share > 0) if total > 0 else ()
