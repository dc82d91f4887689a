"""The mesh over the lower face: strips around the lips, triangles to the jaw, and maps from one shape to another.

A mesh is an array of vertices in plate pixels; its triangles are the same for every mouth shape of a bank. Warping by
triangles keeps the lip line sharp: the map jumps there, and no smooth field can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

LIP = 20
"""Points of a lip contour: left corner, nine over the upper lip, right corner, nine back along the lower lip."""
OUTER = slice(0, LIP)
INNER = slice(LIP, 2 * LIP)
_RING = slice(2 * LIP, 4 * LIP)
_RINGS = ((1.22, 1.5), (1.5, 2.1))
"""Two rings of skin vertices: the outer lip stretched about its middle, (x, y)."""
_FLAT_PX2 = 0.05
"""Triangles of less area are not drawn: the interior of a closed mouth."""
_NONE = 255
"""No triangle."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Which vertices form triangles, in painter's order: skin first, lips last."""

    triangles: NDArray[np.intp]
    """[triangles, 3] vertex indices."""
    interior: NDArray[np.intp]
    """[triangles, 3] vertex indices between the inner lips."""
    jaw: slice
    """The vertices of the jaw line."""


def rest_vertices(outer: F64, inner: F64, jaw: F64, nose_tip: F64, crop: tuple[int, int, int, int]) -> tuple[F64, int]:
    """All vertices of the mouth at rest, and how many of the last ones never move.

    Shapes:
        outer, inner: [20, 2]; jaw: [15, 2]; nose_tip: [2]
        → [vertices, 2]
    """
    middle = outer.mean(axis=0)
    rings = [middle + (outer - middle) * np.array(stretch) for stretch in _RINGS]
    x0, y0, x1, y1 = crop
    across, down = np.linspace(x0, x1, 6), np.linspace(y0, y1, 5)[1:-1]
    still = [(x, y) for y in (y0, y1) for x in across] + [(x, y) for x in (x0, x1) for y in down]
    return np.vstack([outer, inner, *rings, jaw, nose_tip[None], still]), 1 + len(still)


def moved_vertices(rest: F64, still: int, outer: F64, inner: F64, jaw: F64) -> F64:
    """The vertices of another mouth shape: lips and jaw as given, skin between them by a thin-plate spline.

    Source: Bookstein 1989, thin-plate splines for landmark deformation.
    """
    count = len(rest)
    jaw_at = slice(4 * LIP, count - still)
    known = np.r_[0:LIP, jaw_at.start : count]
    values = np.vstack([outer, jaw, rest[count - still :]]) - rest[known]
    shift = _thin_plate(rest[known], values, rest[_RING])
    moved = rest.copy()
    moved[OUTER], moved[INNER], moved[jaw_at] = outer, inner, jaw
    moved[_RING] += shift
    return moved


def _thin_plate(points: F64, values: F64, at: F64) -> F64:
    def kernel(a: F64, b: F64) -> F64:
        squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
        return np.asarray(np.where(squared > 0, squared * np.log(np.maximum(squared, 1e-12)), 0.0))

    n = len(points)
    affine = np.hstack([np.ones((n, 1)), points])
    system = np.block([[kernel(points, points) + np.eye(n) * 1e-3, affine], [affine.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.vstack([values, np.zeros((3, 2))]))
    return np.asarray(kernel(at, points) @ weights[:n] + np.hstack([np.ones((len(at), 1)), at]) @ weights[n:])


def build_topology(vertices: F64, still: int) -> Topology:
    """Triangles over an open mouth's vertices; they serve every other shape too."""
    ring = range(LIP)
    after = [(k + 1) % LIP for k in ring]

    def strip(near: int, far: int) -> list[tuple[int, int, int]]:
        return [
            triangle
            for a, b in zip(ring, after, strict=True)
            for triangle in ((near + a, near + b, far + a), (near + b, far + b, far + a))
        ]

    outside = np.arange(3 * LIP, len(vertices))
    hole = vertices[3 * LIP : 4 * LIP].astype(np.float32)
    skin = [
        (int(outside[a]), int(outside[b]), int(outside[c]))
        for a, b, c in _delaunay(vertices[outside])
        if cv2.pointPolygonTest(hole, tuple(map(float, vertices[outside[[a, b, c]]].mean(axis=0))), False) < 0
    ]
    half = LIP // 2
    inside = []
    for k in range(half):
        upper, lower = (k, k + 1), (-k % LIP, LIP - k - 1)
        inside += [(upper[0], upper[1], lower[1]), (upper[0], lower[1], lower[0])]
    interior = [tuple(LIP + v for v in t) for t in inside if len(set(t)) == 3]
    rows = [*interior, *skin, *strip(2 * LIP, 3 * LIP), *strip(0, 2 * LIP), *strip(LIP, 0)]
    return Topology(np.array(rows, np.intp), np.array(interior, np.intp), slice(4 * LIP, len(vertices) - still))


def _delaunay(points: F64) -> list[tuple[int, int, int]]:
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 2
    plane = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0]) + 2, int(high[1] - low[1]) + 2))
    for x, y in points:
        plane.insert((float(x), float(y)))

    def index(x: float, y: float) -> int | None:
        distance = np.abs(points - (x, y)).sum(axis=1)
        nearest = int(distance.argmin())
        return nearest if distance[nearest] < 0.01 else None

    found = []
    for x0, y0, x1, y1, x2, y2 in plane.getTriangleList():
        corners = index(x0, y0), index(x1, y1), index(x2, y2)
        if None not in corners and len(set(corners)) == 3:
            found.append(corners)
    return sorted(found)  # type: ignore[arg-type]


def inner_gap_px(vertices: F64) -> float:
    """Widest vertical gap between the inner lips, plate pixels."""
    inner = vertices[INNER]
    return float(np.max(inner[:10:-1, 1] - inner[1:10, 1]))


def slid_interior(given: F64, wanted: F64) -> F64:
    """The vertices of a picture from which a narrower mouth's interior is taken.

    As lips close they slide over the teeth and do not squeeze them: the interior is cut from below, the upper teeth
    keep nearly their size.
    """
    slid = given.copy()
    upper, lower = given[LIP + 1 : LIP + 10], given[2 * LIP - 1 : LIP + 10 : -1]
    gap = np.maximum(lower[:, 1] - upper[:, 1], 1e-6)
    asked = wanted[2 * LIP - 1 : LIP + 10 : -1, 1] - wanted[LIP + 1 : LIP + 10, 1]
    ratio = np.clip(asked / gap, 0, 1)[:, None]
    slid[2 * LIP - 1 : LIP + 10 : -1] = upper + (lower - upper) * (1 - (1 - ratio) ** 2)
    return slid


def uncovered_interior(given: F64, wanted: F64) -> F64:
    """The vertices of a picture from which a mouth narrower than it takes its interior.

    Teeth do not follow the lips: what was behind a place stays there, below the middle of the upper lip; only where a
    mouth is wider open than the picture, this is stretched. Kept inside the picture's own lips.
    """
    slid, half = given.copy(), LIP // 2
    top, bottom = LIP + half // 2, LIP + half + half // 2
    gap, asked = (max(1.0, v[bottom, 1] - v[top, 1]) for v in (given, wanted))
    inner = given[top] + (wanted[INNER] - wanted[top]) * (1.0, min(1.0, gap / asked))
    line = given[INNER]
    upper, lower = line[: half + 1], np.vstack([line[half:], line[:1]])[::-1]
    over, under = (np.interp(inner[:, 0], lip[:, 0], lip[:, 1]) for lip in (upper, lower))
    middle = (over + under) / 2
    inner[:, 1] = np.clip(inner[:, 1], np.minimum(over + 1, middle), np.maximum(under - 1, middle))
    slid[INNER] = inner
    return slid


def lip_width(vertices: F64) -> float:
    """Distance of the outer mouth corners, plate pixels."""
    return float(math.hypot(*(vertices[10] - vertices[0])))


class Raster:
    """A wanted mesh drawn once: which triangle covers each pixel of a box, ready to map to any given mesh."""

    def __init__(
        self,
        triangles: NDArray[np.intp],
        wanted: F64,
        box: tuple[int, int, int, int],
        overdraw: bool = False,
        step: int = 1,
    ) -> None:
        """Draw the mesh.

        Args:
            triangles: [triangles, 3] vertex indices, fewer than 255.
            wanted: [vertices, 2] plate pixels.
            box: x0, y0, x1, y1 in plate pixels, ends exclusive.
            overdraw: reach a pixel beyond the outline.
            step: look at every second (2), third (3) … pixel each way only, and at what lies between by interpolation.
        """
        if len(triangles) >= _NONE:
            raise ValueError(f"{len(triangles)} triangles, at most {_NONE - 1} can be told apart")
        x0, y0, x1, y1 = box
        self._size = x1 - x0, y1 - y0
        self._step = step
        # In units of the grid, whose points are the middles of its cells.
        corners = (wanted[triangles] - (x0, y0)) / step - 0.5
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
        shape = -((y0 - y1) // step), -((x0 - x1) // step)
        ids = np.full(shape, _NONE if overdraw else 0, np.uint8)
        fixed = np.rint(corners * 16).astype(np.int32)
        flat = np.abs(area) <= 2 * _FLAT_PX2 / step**2
        near = (corners.max(axis=1) > -2).all(axis=1) & (corners.min(axis=1) < np.array(shape[::-1]) + 1).all(axis=1)
        solid = np.flatnonzero(near & ~flat).tolist()
        for number in solid if overdraw else ():
            cv2.polylines(ids, [fixed[number]], True, number, 3, shift=4)
        for number in solid:
            cv2.fillConvexPoly(ids, fixed[number], number, shift=4)
        self.covered = ids != _NONE
        """[h, w] bool: cells that some triangle reaches; all of them without `overdraw`."""
        self._ids = ids
        self._triangles = triangles
        # A flat triangle covers no pixel; any invertible matrix will do for it.
        safe = np.where(flat, 1.0, area)
        self._a, self._ab, self._ac, self._area = a, b - a, c - a, safe
        self._y, self._x = np.indices(shape, np.float32)

    def map_to(self, given: F64, origin: tuple[int, int]) -> tuple[F32, F32]:
        """For each pixel of the box, where to sample a picture of the `given` mesh whose corner is at `origin`.

        Shapes:
            → x, y: [h, w] float32, indices of `cv2.remap`
        """
        corners = given[self._triangles] - (origin[0] + 0.5, origin[1] + 0.5)
        edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        (ux, uy), (vx, vy) = self._ab.T, self._ac.T
        across, down = (
            (edge1 * vy[:, None] - edge2 * uy[:, None]) / self._area[:, None],
            (edge2 * ux[:, None] - edge1 * vx[:, None]) / self._area[:, None],
        )
        offset = corners[:, 0] - across * self._a[:, :1] - down * self._a[:, 1:]
        x, y = (self._filled(across[:, k], down[:, k], offset[:, k]) for k in (0, 1))
        return x, y

    def _filled(self, across: F64, down: F64, offset: F64) -> F32:
        """One coordinate from the triangles' linear maps."""
        table = np.zeros((3, _NONE + 1), np.float32)
        table[:, : len(offset)] = across, down, offset
        steep, lean, values = (cv2.LUT(self._ids, row) for row in table)
        values = cv2.add(values, cv2.multiply(steep, self._x))
        values = cv2.add(values, cv2.multiply(lean, self._y))
        if self._step > 1:
            height, width = self._ids.shape
            values = cv2.resize(values, (width * self._step, height * self._step), interpolation=cv2.INTER_LINEAR)
        return np.asarray(values[: self._size[1], : self._size[0]], np.float32)
