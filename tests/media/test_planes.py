"""Planes, colour and blending, against figures worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from anchor.media.planes import Blend, Planes, planes_from_ycbcr, rgb_from_planes, rounded, subsampled, ycbcr_from_rgb


def _smooth(seed: int, width: int = 64, height: int = 48) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (height, width, 3)).astype(np.float32)
    picture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 8), None, 0, 255, cv2.NORM_MINMAX)
    return picture.astype(np.uint8)


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        # BT.709 75 % bars, limited range, as in SMPTE RP 219.
        ((191, 191, 191), (180, 128, 128)),
        ((191, 0, 0), (51, 109, 212)),
        ((0, 191, 0), (133, 63, 52)),
        ((0, 0, 191), (28, 212, 120)),
    ],
)
def test_bt709_code_values(rgb: tuple[int, int, int], ycbcr: tuple[int, int, int]) -> None:
    picture = np.full((2, 2, 3), rgb, np.uint8)
    assert tuple(rounded(ycbcr_from_rgb(picture))[0, 0]) == ycbcr


def test_planes_are_views_of_one_buffer_in_ffmpeg_order() -> None:
    planes = Planes(4, 2)
    planes.y[:], planes.u[:], planes.v[:] = 1, 2, 3
    assert planes.buffer.tolist() == [1] * 8 + [2] * 2 + [3] * 2


def test_odd_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="even sides"):
        Planes(3, 2)


def test_chroma_is_left_sited() -> None:
    # A step between columns 3 and 4: column 4's chroma is centred on column 4 and sees column 3 with weight 1/4.
    plane = np.zeros((2, 8), np.float32)
    plane[:, 4:] = 100
    assert subsampled(plane)[0].tolist() == [0, 0, 75, 100]


def test_picture_survives_4_2_0_within_two_values() -> None:
    rgb = _smooth(1)
    back = rgb_from_planes(planes_from_ycbcr(ycbcr_from_rgb(rgb)))
    inner = np.s_[4:-4, 4:-4]
    assert np.abs(back[inner].astype(int) - rgb[inner]).max() <= 4
    assert np.abs(back[inner].astype(int) - rgb[inner]).mean() < 0.7


def test_transparent_leaves_bits_and_opaque_replaces_them() -> None:
    rng = np.random.default_rng(3)
    canvas = Planes(32, 16)
    canvas.buffer[:] = rng.integers(0, 256, canvas.buffer.size)
    before = canvas.buffer.copy()
    rgba = np.dstack([_smooth(2, 16, 8), np.zeros((8, 16), np.uint8)])
    Blend(rgba).lay(canvas, 8, 4)
    assert (canvas.buffer == before).all()
    rgba[..., 3] = 255
    Blend(rgba).lay(canvas, 8, 4)
    expected = planes_from_ycbcr(ycbcr_from_rgb(np.ascontiguousarray(rgba[..., :3])))
    assert (canvas.y[4:12, 8:24] == expected.y).all()
    assert (canvas.u[2:6, 4:12] == expected.u).all()
    untouched = np.ones_like(canvas.y, bool)
    untouched[4:12, 8:24] = False
    assert (canvas.y[untouched] == before[: 32 * 16].reshape(16, 32)[untouched]).all()


def test_half_alpha_lies_half_way() -> None:
    canvas = Planes(8, 8)
    canvas.y[:], canvas.u[:], canvas.v[:] = 40, 128, 128
    rgba = np.full((8, 8, 4), 255, np.uint8)
    rgba[..., 3] = 128
    Blend(rgba).lay(canvas, 0, 0)
    assert abs(int(canvas.y[4, 4]) - (40 + (235 - 40) * 128 / 255)) <= 1
    assert canvas.u[2, 2] == 128
