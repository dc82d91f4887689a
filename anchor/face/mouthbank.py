"""A mouth bank: pictures of one lower face in many mouth shapes, each with its mesh."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from anchor.core.errors import PackError, Place
from anchor.core.validation import first_fault
from anchor.face.lip_rounding import is_pointed, rounded_lips
from anchor.face.mesh import F64, INNER, LIP, Topology, build_topology, inner_gap_px, moved_vertices, rest_vertices
from anchor.media.planes import rounded, ycbcr_from_rgb
from anchor.messages import message
from anchor.packs.paths import pack_file

WIDTHS = {"wide": 1.0, "neutral": 0.0, "round": -0.6, "purse": -1.0}
"""Where the columns of the grid lie on the width axis: −1 pursed … +1 spread."""
SPECIALS = ("M", "F", "L", "S")
"""Shapes beside the grid: closed, lip on teeth, tongue up, teeth together."""
_OPEN_PX = 6.0
"""Inner-lip gap from which a picture is a full source for the mouth's interior."""
_LIGHT = {"round": 0.8, "purse": 0.5}
_DARKER = 1.1
"""A bite whose inside is darker than that of teeth together by more than this shows a gap."""

Points = list[tuple[float, float]]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    file: str
    weights: dict[str, float] = Field(default_factory=dict)
    outer_lip: Points = Field(min_length=LIP, max_length=LIP)
    inner_lip: Points = Field(min_length=LIP, max_length=LIP)
    jaw_line: Points = Field(min_length=15, max_length=15)


class _Rest(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    nose_tip: Points = Field(min_length=1, max_length=1)
    outer_lip: Points = Field(min_length=LIP, max_length=LIP)
    inner_lip: Points = Field(min_length=LIP, max_length=LIP)
    jaw_line: Points = Field(min_length=15, max_length=15)


class _Bank(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    crop: tuple[int, int, int, int]
    shapes: dict[str, _Shape]
    rest: _Rest
    interior_gain: float = Field(default=1.0, ge=0.5, le=3.0)


@dataclass(frozen=True, slots=True)
class Behind:
    """Another picture from which teeth, tongue and dark are taken."""

    name: str
    light: float
    """On Y': rounded lips let less of it in."""
    follows: bool
    """The inside follows the lips; else what was behind a place stays there."""


@dataclass(frozen=True)
class Exemplar:
    """One picture of the bank."""

    name: str
    pixels: NDArray[np.uint8]
    """[h, w, 3] Y'CbCr 4:4:4 of the bank's crop."""
    vertices: F64
    """[vertices, 2] plate pixels: where they lie in the picture."""
    asked: F64
    """[vertices, 2] where they go when this shape is asked for: rounded lips are made round."""
    behind: Behind | None = None
    """What shows the inside of this mouth better than its own picture."""

    @cached_property
    def gap(self) -> float:
        """Widest gap between the inner lips, plate pixels."""
        return inner_gap_px(self.vertices)

    @cached_property
    def openness(self) -> float:
        """How far this picture shows the mouth's interior, 0–1."""
        return min(1.0, max(0.0, self.gap - 1.0) / (_OPEN_PX - 1.0))


@dataclass(frozen=True)
class MouthBank:
    """All pictures of a bank and where they lie on the grid."""

    crop: tuple[int, int, int, int]
    """x0, y0, x1, y1 in plate pixels, ends exclusive."""
    rest: F64
    """Vertices of the plate's own mouth."""
    nose_tip: tuple[float, float]
    exemplars: dict[str, Exemplar]
    openings: tuple[float, ...]
    """The grid's rows, 0 … 1: jaw opening over the widest of the bank."""
    topology: Topology
    interior_gain: float = 1.0
    """Light on the teeth: gain on Y' of what is not dark between the lips; 1 leaves the pictures as they are."""


def load_bank(path: Path) -> MouthBank:
    """Read a `bank.json` and its pictures.

    Raises:
        PackError: a file is missing, of another form, or the grid has holes.
    """
    place = Place(file=str(path))
    try:
        bank = _Bank.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        what, _ = first_fault(error)
        said = message("face.mouth-bank", reason=what)
        raise PackError(said, hint=message("face.restore"), place=place) from error
    rows = sorted({int(name[1]) for name in bank.shapes if name[0] == "j" and name[1:2].isdigit()})
    wanted = [f"j{row}_{column}" for row in rows for column in WIDTHS] + list(SPECIALS)
    missing = [name for name in wanted if name not in bank.shapes]
    if missing or len(rows) < 2:
        few = message("face.mouth-bank-openings")
        raise PackError(message("face.mouth-bank-lacks", names=tuple(missing)) if missing else few, place=place)
    jaws = [bank.shapes[f"j{row}_neutral"].weights.get("jawOpen", 0.0) for row in rows]
    if any(b <= a for a, b in itertools.pairwise(jaws)):
        raise PackError(message("face.openings"), place=place)
    rest, still = rest_vertices(
        np.array(bank.rest.outer_lip),
        np.array(bank.rest.inner_lip),
        np.array(bank.rest.jaw_line),
        np.array(bank.rest.nose_tip[0]),
        bank.crop,
    )
    exemplars = {name: _exemplar(name, bank, path, rest, still) for name in wanted}
    teeth = _mean_inside(exemplars["S"], bank.crop)
    if teeth > _DARKER * _mean_inside(exemplars["F"], bank.crop):
        # Lip on teeth: where the picture shows a dark gap, the teeth of another one lie on the lip.
        exemplars["F"] = replace(exemplars["F"], behind=Behind("S", 1.0, True))
    middle = exemplars[f"j{rows[len(rows) // 2]}_neutral"]
    return MouthBank(
        crop=bank.crop,
        rest=rest,
        nose_tip=bank.rest.nose_tip[0],
        exemplars=exemplars,
        openings=tuple((jaw - jaws[0]) / (jaws[-1] - jaws[0]) for jaw in jaws),
        topology=build_topology(middle.vertices, still),
        interior_gain=bank.interior_gain,
    )


def _wider(name: str, bank: _Bank) -> str:
    """The neutral picture one opening on, if there is one: it shows all that rounded lips uncover, teeth apart."""
    after = f"j{max(2, int(name[1]) + 1)}_neutral"
    return after if after in bank.shapes else f"{name[:2]}_neutral"


def _mean_inside(exemplar: Exemplar, crop: tuple[int, int, int, int]) -> float:
    """Mean Y' between the inner lips; 0 for closed ones."""
    mask = np.zeros(exemplar.pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(exemplar.vertices[INNER] - crop[:2]).astype(np.int32)], 255)
    return float(cv2.mean(exemplar.pixels[..., 0], mask)[0]) if exemplar.gap > 1 else 0.0


def _exemplar(name: str, bank: _Bank, path: Path, rest: F64, still: int) -> Exemplar:
    shape = bank.shapes[name]
    file = pack_file(path.parent, shape.file, Place(file=str(path), field=f"shapes.{name}.file"))
    x0, y0, x1, y1 = bank.crop
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        what = message("face.cannot-read", file=shape.file)
        raise PackError(what, hint=message("face.restore"), place=Place(file=str(file)))
    if picture.shape[:2] != (y1 - y0, x1 - x0):
        what = message("face.other-size", file=shape.file, width=x1 - x0, height=y1 - y0)
        raise PackError(what, place=Place(file=str(file)))
    rgb = np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)
    outer, inner, jaw = (np.array(p) for p in (shape.outer_lip, shape.inner_lip, shape.jaw_line))
    vertices = asked = moved_vertices(rest, still, outer, inner, jaw)
    pointed = name.endswith(("_round", "_purse")) and is_pointed(inner)
    if pointed:
        asked = moved_vertices(rest, still, *rounded_lips(outer, inner), jaw)
    behind = Behind(_wider(name, bank), _LIGHT[name[3:]], False) if pointed else None
    return Exemplar(name, rounded(ycbcr_from_rgb(rgb)), vertices, asked, behind)
