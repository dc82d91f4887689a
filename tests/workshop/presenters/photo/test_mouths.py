"""Mouth shapes made of one picture."""

from __future__ import annotations

import numpy as np
import pytest

from anchor.face.mesh import LIP
from anchor.workshop.presenters.pack_writer import BankShape
from anchor.workshop.presenters.photo.build import Sitter, drawn_frame, halved, mouth_pictures
from anchor.workshop.presenters.photo.lips import LipShape, lip_shapes
from anchor.workshop.presenters.photo.motion import moment

HALF = LIP // 2


def gap(shape: BankShape) -> float:
    """Widest opening between the inner lips, plate pixels."""
    return float((shape.inner_lip[:HALF:-1, 1] - shape.inner_lip[1:HALF, 1]).max())


def width(shape: BankShape) -> float:
    return float(np.hypot(*(shape.outer_lip[HALF] - shape.outer_lip[0])))


@pytest.fixture(scope="module")
def made(closed_sitter: Sitter) -> dict[str, BankShape]:
    return {shape.name: drawn for shape, drawn in mouth_pictures(closed_sitter)}


def test_the_table_holds_what_a_bank_needs() -> None:
    names = {shape.name for shape in lip_shapes()}
    assert {f"j{row}_{column}" for row in range(5) for column in ("wide", "neutral", "round", "purse")} < names
    assert {"M", "F", "L", "S"} < names


def test_rest_and_closures_are_closed(made: dict[str, BankShape]) -> None:
    for name in ("j0_neutral", "j0_wide", "j0_purse", "M"):
        assert gap(made[name]) < 0.5, name


@pytest.mark.parametrize("column", ["wide", "neutral", "round", "purse"])
def test_openings_ascend(made: dict[str, BankShape], column: str) -> None:
    gaps = [gap(made[f"j{row}_{column}"]) for row in range(5)]
    assert gaps == sorted(gaps)
    assert gaps[4] > 2.5 * gaps[1]


def test_round_is_narrower_and_wide_wider_than_rest(made: dict[str, BankShape]) -> None:
    rest = width(made["j0_neutral"])
    for row in range(5):
        assert width(made[f"j{row}_purse"]) < width(made[f"j{row}_round"]) < 0.85 * rest
        assert width(made[f"j{row}_wide"]) > rest


def test_the_resting_picture_is_the_plate_itself(made: dict[str, BankShape], closed_sitter: Sitter) -> None:
    x0, y0, x1, y1 = closed_sitter.mouth.box
    frame, _ = drawn_frame(closed_sitter, moment(0))
    assert np.array_equal(made["j0_neutral"].pixels, frame[y0:y1, x0:x1])
    # And it is the photograph: nothing but resampling changed where the lips were closed.
    photograph = halved(closed_sitter.portrait.picture)[y0:y1, x0:x1]
    assert np.abs(frame[y0:y1, x0:x1].astype(int) - photograph).mean() < 1.5


def test_an_open_mouth_shows_dark_and_teeth(made: dict[str, BankShape], closed_sitter: Sitter) -> None:
    x0, y0, *_ = closed_sitter.mouth.box
    shape = made["j4_neutral"]
    middle = shape.inner_lip[[5, 15]] - (x0, y0)
    column = shape.pixels[int(middle[0, 1]) + 1 : int(middle[1, 1]), int(middle[0, 0])].mean(axis=1)
    skin = made["j0_neutral"].pixels[int(middle[0, 1]) + 40, int(middle[0, 0])].mean()
    assert column.min() < 0.3 * skin
    assert column[: len(column) // 3].max() > 0.7 * skin


def test_what_no_mouth_moves_stays(made: dict[str, BankShape]) -> None:
    rest = made["j0_neutral"].pixels.astype(int)
    for name, shape in made.items():
        assert np.abs(shape.pixels[:2] - rest[:2]).mean() < 3, name
        assert np.abs(shape.pixels[-2:] - rest[-2:]).mean() < 3, name


def test_a_smile_is_closed_for_rest(smiling_sitter: Sitter) -> None:
    assert smiling_sitter.mouth.was_open
    mouth = smiling_sitter.mouth
    rest = next(shape for shape in lip_shapes() if shape.name == "j0_neutral")
    before, after = mouth.face.lips, mouth.lips(rest)
    assert gap(_as_shape(before.outer, before.inner, before.jaw)) > 10
    assert gap(_as_shape(after.outer, after.inner, after.jaw)) < 0.5
    # No tooth is left between the lips: nothing pale and colourless.
    x0, y0, *_ = mouth.box
    drawn = halved(mouth.draw(rest))
    line = np.rint(after.inner[2:9] - (x0, y0)).astype(int)
    around = np.vstack([drawn[line[:, 1] + dy, line[:, 0]] for dy in range(-6, 7)]).astype(float)
    assert (around.max(axis=1) - around.min(axis=1)).min() > 12


def _as_shape(outer: np.ndarray, inner: np.ndarray, jaw: np.ndarray) -> BankShape:
    return BankShape(np.zeros((1, 1, 3), np.uint8), outer, inner, jaw)


def test_the_same_picture_comes_twice(closed_sitter: Sitter) -> None:
    shape: LipShape = lip_shapes()[5]
    assert np.array_equal(closed_sitter.mouth.draw(shape), closed_sitter.mouth.draw(shape))


def test_a_smile_is_undone_by_rounding(smiling_sitter: Sitter) -> None:
    """Corners over the middle of the lips, eye distances."""
    mouth = smiling_sitter.mouth

    def smile(name: str) -> float:
        shape = next(shape for shape in lip_shapes() if shape.name == name)
        inner = mouth.face.axes.to_face(mouth.lips(shape).inner)
        return float(inner[[5, 15], 1].mean() - inner[[0, HALF], 1].mean())

    assert smile("j0_neutral") > 0.04
    assert abs(smile("j2_round")) < 0.7 * smile("j0_neutral")


def test_closures_press_the_lips(made: dict[str, BankShape]) -> None:
    """Pressed lips are thinner than resting ones, and the crease between them reaches the corners."""
    rest, pressed = made["j0_neutral"], made["M"]
    assert np.ptp(pressed.outer_lip[:, 1]) < 0.85 * np.ptp(rest.outer_lip[:, 1])
    assert abs(rest.outer_lip[[0, HALF], 0] - rest.inner_lip[[0, HALF], 0]).max() < 0.04 * width(rest)


@pytest.mark.parametrize("name", ["j2_round", "j3_neutral", "j3_purse", "j4_wide"])
def test_an_opening_has_lips_all_around(smiling_sitter: Sitter, name: str) -> None:
    mouth = smiling_sitter.mouth
    shape = next(shape for shape in lip_shapes() if shape.name == name)
    lips = mouth.lips(shape)
    thick = np.hypot(*(lips.outer - lips.inner).T) / mouth.face.axes.unit_px
    assert thick.min() > 0.025
    # And they are red there, though the photograph has skin.
    x0, y0, *_ = mouth.box
    drawn = halved(mouth.draw(shape))
    rim = (lips.inner + 0.3 * (lips.outer - lips.inner))[[12, 13, 17, 18]]
    skin = mouth.face.axes.to_plate(np.array([[-0.25, 0.3], [0.25, 0.3]]))
    assert _redness(drawn, rim - (x0, y0)) > 1.03 * _redness(drawn, skin - (x0, y0))


def _redness(picture: np.ndarray, points: np.ndarray) -> float:
    at = np.rint(points).astype(int)
    r, g, b = picture[at[:, 1], at[:, 0]].astype(float).T
    return float((2 * r / (g + b)).mean())
