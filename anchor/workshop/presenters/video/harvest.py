"""The mouth bank out of footage: for every cell of the grid the frame whose lips come nearest, warped on to it.

After Video Rewrite (Bregler, Covell and Slaney 1997): real pictures of the same person's mouth, chosen by shape, and by
phoneme where it is known what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from anchor.core.face import Affine
from anchor.face.mesh import LIP, Raster, build_topology, inner_gap_px, moved_vertices, rest_vertices
from anchor.face.pose import F64, chained, inverted, moved, pixel_matrix
from anchor.media.process import raise_if
from anchor.workshop.presenters.landmarks import INNER_LIP, JAW_LINE, OUTER_LIP
from anchor.workshop.presenters.pack_writer import BankShape, PointsByName
from anchor.workshop.presenters.photo.face_axes import FaceAxes, face_axes
from anchor.workshop.presenters.photo.lips import Lips, LipShape, lip_shapes, shaped_lips
from anchor.workshop.presenters.video.face_cache import FaceCache
from anchor.workshop.presenters.video.face_observations import U8, FaceObservations, without_resting_gap
from anchor.workshop.presenters.video.lip_fit import fitted_lips
from anchor.workshop.presenters.video.stabilisation import SteadyRegion

SILENT = 0.035
"""Footage whose mouth never opens by more than this (in distances of the outer eye corners) holds no speech."""
NEAR, FAR = 0.022, 0.065
"""Mean distance of the lips from the wanted ones, same unit: up to NEAR a picture hardly changes, from FAR
on it counts as made and not found."""
_TRIED = 10
"""Frames looked at for each cell."""
_LINES = (*OUTER_LIP, *INNER_LIP, *JAW_LINE)
_WEIGHTS = np.r_[np.full(LIP, 1.0), np.full(LIP, 1.6), np.full(15, 0.35)]
_SOUNDS = {
    "M": frozenset(["b", "p", "m", "B", "P", "M"]),
    "F": frozenset(["f", "F", "V"]),
    "L": frozenset(["l", "n", "d", "t", "L", "N", "D", "T"]),
    "S": frozenset(["z", "c", "s", "j", "q", "x", "S", "Z"]),
    "round": frozenset(["u", "v", "o", "ao", "ou", "UW", "OW", "AO"]),
    "purse": frozenset(["u", "v", "UW"]),
    "wide": frozenset(["i", "eh", "IY", "EY"]),
}
_SAID = 0.012
"""What the right phoneme is worth, in the unit of NEAR."""
_SPOKEN = 0.03
"""The same for consonants: a bitten lip looks much like a closed mouth."""
_CORNERS = 0.15
"""What the width counts beside the mean distance of the lips."""
_RUNNING = 0.5
"""Place on the opening axis that running speech reaches: its widest mouth is put there."""
_BEYOND = 1.15
"""Times the widest mouth of the footage that the bank opens: pictures stretched further have fangs for teeth."""


@dataclass(frozen=True)
class Harvest:
    """What the footage gave."""

    shapes: dict[str, BankShape]
    made: tuple[str, ...]
    """Shapes that the footage does not show; warped from the nearest."""
    looked_at: int
    """Frames that were compared at full size."""


@dataclass(frozen=True)
class _Picture:
    """One footage frame's lower face in the canonical pose."""

    frame: int
    pixels: U8
    lines: F64
    """[55, 2] plate pixels: outer lip, inner lip, jaw line."""
    sharpness: float
    light: float
    """How far its colours were from the canonical picture's, code values."""


@dataclass(frozen=True)
class Canonical:
    """Frame 0 of the plate."""

    rgb: U8
    rest: PointsByName
    crop: tuple[int, int, int, int]
    poses: NDArray[np.float64]
    """[n, 6]: canonical pose → each footage frame's own pixels, by the landmarks."""
    bias: F64 | float = 0.0
    """[55, 2]: where the mouth at rest is in the picture, less where the landmarks have it."""

    @property
    def seamed(self) -> Canonical:
        """The same with the lips' seam as the picture has it."""
        fitted = fitted_lips(self.rgb, self.lips, self.axes, (0, 0))
        before = np.vstack([self.lips.outer, self.lips.inner, self.lips.jaw])
        bias = np.vstack([fitted.outer, fitted.inner, fitted.jaw]) - before
        return replace(self, rest={**self.rest, "inner_lip": fitted.inner}, bias=bias)

    @property
    def lips(self) -> Lips:
        """The mouth at rest."""
        return Lips(self.rest["outer_lip"], self.rest["inner_lip"], self.rest["jaw_line"])

    @property
    def axes(self) -> FaceAxes:
        """The face's own measure."""
        return face_axes(self.rest["eye_corners"], self.rest["inner_lip"].mean(axis=0))

    def pose(self, frame: int) -> Affine:
        """Canonical pose → a footage frame."""
        a, b, c, d, e, f = (float(v) for v in self.poses[frame])
        return (a, b, c, d, e, f)


def is_silent(seen: FaceObservations) -> bool:
    """Whether the footage shows no open mouth."""
    opened = seen.gap[seen.usable] - seen.rest_gap
    return float(np.percentile(opened, 99)) < SILENT


def wanted_shapes(seen: FaceObservations, canonical: Canonical) -> dict[str, tuple[LipShape, Lips]]:
    """The grid's contours for this mouth: the usual shapes, opened and rounded as far as this person does."""
    opened = float(np.percentile(seen.gap[seen.usable], 97)) - seen.rest_gap
    rows = {shape.name: shape for shape in lip_shapes()}
    jaws = [rows[f"j{k}_neutral"].jaw for k in range(5)]
    usual = float(np.interp(_RUNNING * jaws[-1], jaws, [rows[f"j{k}_neutral"].gap for k in range(5)]))
    usually = float(np.clip(opened / usual, 0.55, 1.15))
    widest = _BEYOND * (float(np.percentile(seen.gap[seen.usable], 99.8)) - seen.rest_gap)
    narrow = 1 - float(np.percentile(seen.width[seen.usable], 2)) / seen.rest_width
    slim = float(np.clip(narrow / (1 - rows["j1_purse"].width), 0.75, 1.1))
    found = {}
    for shape in lip_shapes():
        width = 1 - (1 - shape.width) * slim if "round" in shape.name or "purse" in shape.name else shape.width
        tall = min(usually, max(opened, widest) / max(shape.gap, 1e-6))
        own = replace(shape, width=width, **{k: getattr(shape, k) * tall for k in ("gap", "upper", "chin")})
        own = replace(own, under=shape.under * tall if shape.gap else shape.under)
        found[shape.name] = (own, shaped_lips(canonical.lips, own, canonical.axes))
    return found


def harvest_bank(
    seen: FaceObservations,
    faces: FaceCache,
    canonical: Canonical,
    said: Mapping[int, str],
    region: SteadyRegion,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Harvest:
    """Find or make every shape of the bank.

    Args:
        seen: the face over all frames.
        faces: of the footage.
        canonical: frame 0 of the plate.
        said: footage frame → phoneme; empty where nobody knows.
        region: the part of the canonical face that does not speak.
        progress: faces looked at, in all.
        cancelled: asked before each.

    Raises:
        JobCancelled: somebody asked for it.
    """
    wanted = wanted_shapes(seen, canonical)
    unit = canonical.axes.unit_px
    good = np.flatnonzero(seen.usable & ~seen.blinking | seen.closed & seen.usable)
    numbers = good[[int(n) in faces.frames for n in good]]
    # The landmarks err on one face alike: what they are off at rest is taken off everywhere.
    lines = np.array([_lines(seen, canonical, int(n)) for n in numbers]) + canonical.bias
    tried = {
        name: _nearest(name, np.vstack([lips.outer, lips.inner, lips.jaw]), lines, numbers, unit, seen, said)
        for name, (_, lips) in wanted.items()
        if name != "j0_neutral"
    }
    everyone = sorted({frame for chosen in tried.values() for frame in chosen})
    pictures = {p.frame: p for p in _pictures(seen, faces, canonical, everyone, region, progress, cancelled)}
    warp = _Warp(canonical, wanted["j2_neutral"][1])
    shapes: dict[str, BankShape] = {"j0_neutral": _resting(canonical)}
    made = []
    for name, (shape, lips) in wanted.items():
        if name == "j0_neutral":
            continue
        target = np.vstack([lips.outer, lips.inner, lips.jaw])
        picture, distance = _best(name, target, [pictures[f] for f in tried[name] if f in pictures], unit, said)
        if distance > FAR:
            made.append(name)
        shapes[name] = warp.shape(picture, target, distance, shape)
    return Harvest(shapes, tuple(made), len(everyone))


def _lines(seen: FaceObservations, canonical: Canonical, frame: int, pose: Affine | None = None) -> F64:
    """Lips and jaw of a footage frame in the canonical pose."""
    points = without_resting_gap(seen.points[frame], seen.rest_gap)[list(_LINES)].astype(np.float64)
    return moved(inverted(pose or canonical.pose(frame)), points)


def _distance(lines: F64, target: F64, unit: float) -> NDArray[np.float64]:
    """Weighted mean distance of contours from a wanted one, in eye-corner distances.

    Shapes:
        lines: [..., 55, 2] → [...]
    """
    apart = np.linalg.norm(lines - target, axis=-1) @ _WEIGHTS / _WEIGHTS.sum() / unit
    wanted, own = _gap(target), _gap(lines)
    # Teeth and tongue cannot be made from a mouth that does not show them.
    hidden = np.clip((0.55 * wanted - own) / unit, 0, None) * 1.5
    shown = np.where(wanted < 0.01 * unit, np.clip(own / unit - 0.012, 0, None) * 1.5, 0)
    # The corners are two points of many, and they make a mouth round.
    narrow = np.abs(_width(lines) - _width(target)) / unit * _CORNERS
    return np.asarray(apart + hidden + shown + narrow)


def _width(lines: F64) -> NDArray[np.float64]:
    return np.asarray(lines[..., LIP // 2, 0] - lines[..., 0, 0])


def _gap(lines: F64) -> NDArray[np.float64]:
    inner = lines[..., LIP : 2 * LIP, 1]
    return np.asarray((inner[..., :10:-1] - inner[..., 1:10]).max(axis=-1))


def _nearest(
    name: str,
    target: F64,
    lines: F64,
    numbers: NDArray[np.intp],
    unit: float,
    seen: FaceObservations,
    said: Mapping[int, str],
) -> list[int]:
    """Frames worth looking at for a shape, nearest first, not two beside each other."""
    cost = _distance(lines, target, unit)
    cost = cost + 0.02 * seen.turn_deg[numbers] / 20
    cost = cost - np.array([_fits(name, said.get(int(n))) for n in numbers])
    chosen: list[int] = []
    for at in np.argsort(cost):
        frame = int(numbers[at])
        if all(abs(frame - other) > 1 for other in chosen):
            chosen.append(frame)
        if len(chosen) == _TRIED:
            break
    return chosen


def _fits(name: str, symbol: str | None) -> float:
    """What it is worth that this sound is said."""
    kind = name.partition("_")[2] or name
    worth = _SAID if "_" in name else _SPOKEN
    return worth if symbol is not None and symbol in _SOUNDS.get(kind, ()) else 0.0


def _pictures(
    seen: FaceObservations,
    faces: FaceCache,
    canonical: Canonical,
    wanted: list[int],
    region: SteadyRegion,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[_Picture]:
    """Lower faces of the wanted frames."""
    x0, y0, x1, y1 = canonical.crop
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    for number, frame in enumerate(wanted, 1):
        raise_if(cancelled)
        progress(number, len(wanted))
        rgb, left, top = faces.face(frame)
        corner = (1.0, 0.0, -float(left), 0.0, 1.0, -float(top))
        within = region.refine(rgb, chained(canonical.pose(frame), corner))
        pose = chained(within, inverted(corner))
        matrix = pixel_matrix(chained((1.0, 0.0, float(x0), 0.0, 1.0, float(y0)), within))
        crop = cv2.warpAffine(rgb, matrix, (x1 - x0, y1 - y0), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        lines = _lines(seen, canonical, frame, pose)
        pixels, light = _matched(np.asarray(crop, np.uint8), canonical, lines)
        lips = Lips(lines[:LIP], lines[LIP : 2 * LIP], lines[2 * LIP :])
        lines = np.vstack([lips.outer, fitted_lips(pixels, lips, canonical.axes, (x0, y0)).inner, lips.jaw])
        yield _Picture(frame, pixels, lines, _sharpness(pixels, canonical), light)


def _matched(pixels: U8, canonical: Canonical, lines: F64) -> tuple[U8, float]:
    """The picture in the canonical frame's light: skin that does not speak says how they differ."""
    x0, y0, x1, y1 = canonical.crop
    height, width = pixels.shape[:2]
    mask: U8 = np.zeros((height, width), np.uint8)
    rest = canonical.rest
    sides = np.vstack([rest["jaw_line"][:5], rest["jaw_line"][-5:], rest["nose_tip"]])
    cv2.fillConvexPoly(mask, cv2.convexHull((sides - (x0, y0)).astype(np.float32)).astype(np.int32), 255)
    mask = np.asarray(cv2.erode(mask, np.ones((9, 9), np.uint8)), np.uint8)
    for lips in (lines[:LIP], rest["outer_lip"]):
        middle = lips.mean(axis=0)
        grown = middle + (lips - middle) * (1.25, 1.5)
        cv2.fillConvexPoly(mask, cv2.convexHull((grown - (x0, y0)).astype(np.float32)).astype(np.int32), 0)
    ours = canonical.rgb[y0:y1, x0:x1].astype(np.float32)
    apart = cv2.GaussianBlur(ours, (0, 0), 3) - cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 3)
    rows, columns = np.nonzero(mask)
    if len(rows) < 100:
        return pixels, 0.0
    axis = np.stack([np.ones(len(rows)), columns / width - 0.5], axis=1)
    values = np.clip(apart[rows, columns], -40, 40)
    slope = np.linalg.lstsq(axis, values, rcond=None)[0]
    x = np.arange(width) / width - 0.5
    field = slope[0][None] + x[:, None] * np.clip(slope[1], -30, 30)[None]
    fixed = np.clip(pixels + field[None] + 0.5, 0, 255).astype(np.uint8)
    return fixed, float(np.abs(slope[0]).mean())


def _sharpness(pixels: U8, canonical: Canonical) -> float:
    """Detail of the lower face, against the canonical picture's."""

    def detail(rgb: U8) -> float:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return float(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 0.8), cv2.CV_32F).std())

    x0, y0, x1, y1 = canonical.crop
    ours = np.ascontiguousarray(canonical.rgb[y0:y1, x0:x1])
    return detail(pixels) / max(1e-3, detail(ours))


def _best(
    name: str, target: F64, pictures: list[_Picture], unit: float, said: Mapping[int, str]
) -> tuple[_Picture, float]:
    """The picture with the nearest lips among the sharp ones, and how far they are."""

    def cost(picture: _Picture) -> float:
        blur = 0.05 * max(0.0, 0.95 - picture.sharpness)
        away = float(_distance(picture.lines, target, unit))
        return away + blur + 0.001 * picture.light - _fits(name, said.get(picture.frame))

    best = min(pictures, key=cost)
    return best, float(_distance(best.lines, target, unit))


def _resting(canonical: Canonical) -> BankShape:
    x0, y0, x1, y1 = canonical.crop
    lips = canonical.lips
    pixels = np.ascontiguousarray(canonical.rgb[y0:y1, x0:x1])
    return BankShape(pixels, lips.outer, lips.inner, lips.jaw, 0.0, {"from": "plate frame 0"})


class _Warp:
    """Carries a picture to a wanted contour."""

    def __init__(self, canonical: Canonical, open_lips: Lips) -> None:
        self._canonical = canonical
        lips, nose = canonical.lips, canonical.rest["nose_tip"][0]
        self._rest, self._still = rest_vertices(lips.outer, lips.inner, lips.jaw, nose, canonical.crop)
        self._topology = build_topology(self._mesh(open_lips.outer, open_lips.inner, open_lips.jaw), self._still)

    def shape(self, picture: _Picture, target: F64, distance: float, shape: LipShape) -> BankShape:
        """The picture with lips on the way to `target`: none of it when they are near, all of it when they are far."""
        share = float(np.clip((distance - NEAR) / NEAR, 0.25, 1))
        goal = picture.lines + share * (target - picture.lines)
        if shape.gap == 0:
            upper, lower = goal[LIP + 1 : LIP + 10], goal[2 * LIP - 1 : LIP + 10 : -1]
            seam = (upper + lower) / 2
            goal[LIP + 1 : LIP + 10], goal[2 * LIP - 1 : LIP + 10 : -1] = seam, seam
        pixels = self._warped(picture, goal)
        facts: dict[str, object] = {
            "from": f"footage frame {picture.frame}",
            "away": round(distance, 4),
            "made": distance > FAR,
            "sharpness": round(picture.sharpness, 3),
        }
        return BankShape(pixels, goal[:LIP], goal[LIP : 2 * LIP], goal[2 * LIP :], shape.jaw, facts)

    def _mesh(self, outer: F64, inner: F64, jaw: F64) -> F64:
        return moved_vertices(self._rest, self._still, outer, inner, jaw)

    def _warped(self, picture: _Picture, goal: F64) -> U8:
        crop = self._canonical.crop
        given = self._mesh(picture.lines[:LIP], picture.lines[LIP : 2 * LIP], picture.lines[2 * LIP :])
        wanted = self._mesh(goal[:LIP], goal[LIP : 2 * LIP], goal[2 * LIP :])
        if inner_gap_px(given) < 0.5 and inner_gap_px(wanted) < 0.5:
            given = given.copy()
        x, y = Raster(self._topology.triangles, wanted, crop).map_to(given, crop[:2])
        return np.asarray(cv2.remap(picture.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
