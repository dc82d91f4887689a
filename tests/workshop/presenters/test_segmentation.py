"""Cutting figures out whose true matte is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anchor.core.errors import MediaError
from anchor.media.planes import planes_from_ycbcr, rgb_from_planes, ycbcr_from_rgb
from anchor.workshop.presenters.chroma_key import GreenScreen, find_screen_colour, green_matte
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.inpaint import filled
from anchor.workshop.presenters.segmentation import Segmenter
from tests.workshop.presenters.face_pictures import over, over_grey, portrait, still

U8 = NDArray[np.uint8]


def before_screen(name: str, uneven: float = 0.35, channel: int = 1) -> U8:
    """A figure before a screen that grows darker to its sides, mixed in linear light, with a camera's noise."""
    rgba = still(name)
    width = rgba.shape[1]
    x = np.linspace(-1, 1, width)[None, :, None]
    colour = np.full(3, 60.0)
    colour[channel] = 170.0
    light = (colour / 255) ** 2.2 * (1 - uneven * x**2)
    alpha = rgba[..., 3:] / 255
    mixed = (rgba[..., :3] / 255.0) ** 2.2 * alpha + light * (1 - alpha)
    noise = np.random.default_rng(0).normal(0, 1.5, mixed.shape)
    return np.asarray(np.clip(255 * mixed ** (1 / 2.2) + noise + 0.5, 0, 255), np.uint8)


@pytest.mark.parametrize("name", ["lan", "hao"])
def test_a_green_screen_is_taken_away(name: str) -> None:
    true = still(name)[..., 3] / 255
    matte, colour = green_matte(before_screen(name))
    assert np.abs(matte - true).mean() < 0.003
    assert (matte[true == 0] < 0.02).mean() > 0.998
    # No green is left at the edges: neither in hair nor on cheeks.
    edge = colour[(true > 0.1) & (true < 0.95)].astype(int)
    assert (edge[:, 1] - edge[:, [0, 2]].max(1)).max() <= 1
    inside = true == 1
    assert np.abs(colour[inside].astype(int) - still(name)[..., :3][inside]).mean() < 2.5


@pytest.mark.parametrize("name", ["lan", "hao"])
@pytest.mark.parametrize("gamma", [1.0, 1.95, 2.2])
def test_no_rim_of_green_or_olive_is_left_by_the_chroma_of_a_video(name: str, gamma: float) -> None:
    """4:2:0 carries the screen's colour over the edges; some programs mix code values (1.0), a lens mixes light."""
    rgba = still(name)
    share = rgba[..., 3:] / 255
    screen = np.array([20.0, 190.0, 60.0]) * np.linspace(0.88, 1, rgba.shape[1])[None, :, None]
    light = (rgba[..., :3] / 255) ** gamma * share + (screen / 255) ** gamma * (1 - share)
    mixed = np.clip(255 * light ** (1 / gamma) + 0.5, 0, 255).astype(np.uint8)
    matte, colour = green_matte(rgb_from_planes(planes_from_ycbcr(ycbcr_from_rgb(mixed))))
    edge = (share[..., 0] > 0.02) & (share[..., 0] < 0.98)
    near = cv2.dilate(edge.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    for studio in (20.0, 118.0, 228.0):
        casts = []
        for alpha, own in ((share, rgba[..., :3]), (matte[..., None], colour)):
            laid = (own * alpha + studio * (1 - alpha))[near]
            casts.append(float((laid[:, 1] - laid[:, [0, 2]].mean(axis=1)).mean()))
        assert casts[1] - casts[0] < 0.8, (studio, casts)


def test_a_blue_screen_is_taken_away_from_all_that_is_not_blue() -> None:
    true = still("lan")[:600, :, 3] / 255
    picture = before_screen("lan", channel=2)
    assert find_screen_colour(picture)[0] == 2
    assert np.abs(green_matte(picture)[0][:600] - true).mean() < 0.004


def test_hair_is_kept(name: str = "lan") -> None:
    true = still(name)[..., 3] / 255
    matte, _ = green_matte(before_screen(name))
    strands = (true > 0.2) & (true < 0.8)
    assert np.abs(matte - true)[strands].mean() < 0.12
    assert np.corrcoef(matte[strands], true[strands])[0, 1] > 0.7


def test_one_screen_serves_all_frames_of_a_fixed_camera() -> None:
    frames = [before_screen("lan"), before_screen("hao")]
    screen = GreenScreen.of(frames)
    for frame, name in zip(frames, ("lan", "hao"), strict=True):
        assert np.abs(screen.key(frame)[0] / 255 - still(name)[..., 3] / 255).mean() < 0.004


def test_a_room_is_no_screen() -> None:
    assert find_screen_colour(portrait(200))[1] < 0.1
    with pytest.raises(MediaError, match=r"no green screen.*--background remove"):
        green_matte(over_grey(still("lan")))


@pytest.mark.parametrize(("name", "allowed"), [("lan", 0.002), ("hao", 0.004)])
def test_a_person_is_cut_out_of_a_room(name: str, allowed: float, face_models: FaceModels) -> None:
    true = still(name)[..., 3] / 255
    matte = Segmenter(face_models).matte(over(still(name), (150, 140, 128)))
    assert matte.shape == (1080, 1920)
    assert np.abs(matte - true).mean() < allowed
    assert ((matte > 0.5) & (true > 0.5)).sum() / ((matte > 0.5) | (true > 0.5)).sum() > 0.99


def test_mattes_of_a_still_scene_hold_still(face_models: FaceModels) -> None:
    """Noise moves the model's answer; the mattes of consecutive frames move less than mattes made one by one."""
    segmenter = Segmenter(face_models)
    rng = np.random.default_rng(5)
    clean = over_grey(still("hao"))[::2, ::2]
    frames = [np.clip(clean + rng.normal(0, 6, clean.shape), 0, 255).astype(np.uint8) for _ in range(6)]
    alone = np.stack([segmenter.matte(frame) for frame in frames])
    together = np.stack([matte for _, matte in segmenter.matted(frames)]) / 255
    assert np.abs(np.diff(together, axis=0)).mean() < 0.85 * np.abs(np.diff(alone, axis=0)).mean()


def test_filling_continues_what_is_known() -> None:
    x = np.linspace(0, 1, 64, dtype=np.float32)
    picture = np.repeat(np.repeat(x[None, :, None], 48, 0), 3, 2)
    weight = np.ones((48, 64), np.float32)
    weight[10:30, 20:40] = 0
    result = filled(np.where(weight[..., None] > 0, picture, 7).astype(np.float32), weight)
    assert np.abs(result - picture).max() < 0.12
    assert np.array_equal(result[weight == 1], picture[weight == 1])
