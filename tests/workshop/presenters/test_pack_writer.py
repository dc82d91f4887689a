"""Packs written and read back: pixels, alpha, poses, mouth shapes; and where a person stands on the plate."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from anchor.core.errors import JobCancelled, MediaError
from anchor.core.time import VIDEO
from anchor.face.mouth_mask import JawMask
from anchor.face.mouthbank import load_bank
from anchor.face.pose import chained, fit_affine, fit_similarity, inverted, moved, pixel_matrix
from anchor.face.track import load_track
from anchor.media.decode import read_frames
from anchor.media.tool import find_ffmpeg
from anchor.workshop.presenters.framing import judge_framing, plan_framing
from anchor.workshop.presenters.pack_writer import BankShape, bled, plan_crop, write_bank, write_plate, write_track

EYES = ((400.0, 300.0), (500.0, 304.0))


def test_fitted_maps_bring_points_back() -> None:
    points = np.random.default_rng(3).uniform(0, 1000, (12, 2))
    shear = (1.1, 0.05, 13.0, -0.02, 0.9, -4.0)
    assert np.allclose(fit_affine(points, moved(shear, points)), shear)
    turn = fit_similarity(points, points @ np.array([[0.8, -0.3], [0.3, 0.8]]).T + (5, 6))
    assert np.allclose(turn, (0.8, -0.3, 5, 0.3, 0.8, 6))
    assert np.allclose(moved(chained(shear, inverted(shear)), points), points)


def test_pixel_matrix_keeps_corners_of_the_picture() -> None:
    picture = np.zeros((8, 8), np.uint8)
    picture[2, 3] = 255
    twice = cv2.warpAffine(picture, pixel_matrix((2.0, 0, 0, 0, 2.0, 0)), (16, 16), flags=cv2.INTER_NEAREST)
    assert [int(n) for n in np.argwhere(twice).mean(axis=0) * 2] == [9, 13]


def test_plate_and_matte_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    soft = cv2.GaussianBlur(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8), (0, 0), 4)
    frames = [np.roll(soft, 3 * k, axis=1) for k in range(7)]
    mattes = [np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1)) for _ in frames]
    ffmpeg = find_ffmpeg()
    assert write_plate(iter(frames), iter(mattes), tmp_path, VIDEO, ffmpeg=ffmpeg) == 7
    back = list(read_frames(ffmpeg, tmp_path / "plate.mp4", "rgb24"))
    assert len(back) == 7
    assert max(np.abs(a.astype(float) - b).mean() for a, b in zip(frames, back, strict=True)) < 1.5
    luma = next(read_frames(ffmpeg, tmp_path / "matte.mp4", "yuv420p"))[:120].astype(float)
    assert np.abs((luma - 16) * 255 / 219 - mattes[0]).max() < 6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["matte.mp4", "plate.mp4"]


def test_a_stopped_encode_leaves_nothing(tmp_path: Path) -> None:
    frames = itertools.repeat(np.zeros((64, 64, 3), np.uint8))
    asked = iter([False] * 4 + [True] * 9)
    with pytest.raises(JobCancelled):
        write_plate(frames, None, tmp_path, VIDEO, ffmpeg=find_ffmpeg(), cancelled=lambda: next(asked))
    with pytest.raises(MediaError):
        write_plate(iter(()), None, tmp_path, VIDEO, ffmpeg=find_ffmpeg())
    assert not list(tmp_path.iterdir())


def test_colour_runs_on_outside_the_figure() -> None:
    rgb = np.full((90, 160, 3), (0, 255, 0), np.uint8)
    rgb[:, 60:100] = (200, 100, 50)
    matte = np.zeros((90, 160), np.uint8)
    matte[:, 60:100] = 255
    out = bled(rgb, matte)
    assert np.array_equal(out[:, 62:98], rgb[:, 62:98])
    assert np.abs(out[:, 40:60].astype(int) - (200, 100, 50)).max() < 12


@pytest.mark.parametrize("name", ["hao", "lan"])
def test_a_house_anchor_packed_again_is_the_same(name: str, tmp_path: Path) -> None:
    pack = Path(__file__).resolve().parents[3] / "avatars" / name
    track, bank = load_track(pack / "track.json"), load_bank(pack / "bank" / "bank.json")
    rows = json.loads((pack / "track.json").read_text())["data"]
    points = [{key: np.array(value) for key, value in row["points"].items()} for row in rows]
    write_track(points, tmp_path)
    again = load_track(tmp_path / "track.json")
    corners = np.array(points[0]["eye_corners"])
    lips = np.array(points[0]["outer_lip"])
    for a, b in zip(track.data, again.data, strict=True):
        assert np.abs(moved(a.similarity.affine, corners) - moved(b.similarity.affine, corners)).max() < 0.35
        assert np.abs(moved(a.mouth, lips) - moved(b.mouth, lips)).max() < 0.35
    shapes = {}
    for key in bank.exemplars:
        row = json.loads((pack / "bank" / "bank.json").read_text())["shapes"][key]
        picture = cv2.imread(str(pack / "bank" / row["file"]))
        lines = {k: np.array(row[k]) for k in ("outer_lip", "inner_lip", "jaw_line")}
        opening = row["weights"].get("jawOpen", 0.0)
        shapes[key] = BankShape(np.ascontiguousarray(picture[..., ::-1]), **lines, jaw_open=opening)
    write_bank(shapes, tmp_path, rest=points[0], crop=bank.crop, interior_gain=bank.interior_gain)
    copy = load_bank(tmp_path / "bank" / "bank.json")
    assert copy.openings == bank.openings
    for key, exemplar in bank.exemplars.items():
        assert np.array_equal(copy.exemplars[key].pixels, exemplar.pixels)
        assert np.abs(copy.exemplars[key].vertices - exemplar.vertices).max() < 0.05
    ours, theirs = np.array(plan_crop(points[0], (1920, 1080))), np.array(bank.crop)
    assert np.abs(ours - theirs).max() < 16
    masks = JawMask(bank)
    boxes = np.array([masks.box(exemplar.vertices) for exemplar in bank.exemplars.values()])
    # In the middle of each side the mask is whole: the rim, over which it fades, lies farther out.
    assert (ours[[0, 1]] <= boxes[:, :2].min(axis=0) - (12, 0)).all()
    assert (ours[2:] >= boxes[:, 2:].max(axis=0) + 12).all()


def test_a_figure_stands_where_the_house_anchors_stand() -> None:
    framing = plan_framing(EYES, (900, 1000), True)
    points = moved(framing, np.array([*EYES, (450.0, 1000.0)]))
    assert points[:2].mean(axis=0) == pytest.approx((960, 387), abs=0.5)
    assert np.linalg.norm(points[1] - points[0]) == pytest.approx(136, abs=0.5)
    assert points[2, 1] >= 1080
    assert not judge_framing(framing, EYES, (900, 1000), True)


def test_a_figure_with_little_body_reaches_the_lower_edge_and_says_so() -> None:
    framing = plan_framing(EYES, (900, 600), True)
    assert moved(framing, np.array([(450.0, 600.0)]))[0, 1] == pytest.approx(1080)
    assert [w.code for w in judge_framing(framing, EYES, (900, 600), True)][-1] == "little-body"


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (3840, 2160), (640, 480)])
def test_an_opaque_plate_is_covered(size: tuple[int, int]) -> None:
    eyes = ((size[0] * 0.45, size[1] * 0.3), (size[0] * 0.52, size[1] * 0.3))
    framing = plan_framing(eyes, size, False)
    (x0, y0), (x1, y1) = moved(framing, np.array([(0.0, 0.0), size]))
    assert x0 <= 1e-6 and y0 <= 1e-6 and x1 >= 1920 - 1e-6 and y1 >= 1080 - 1e-6
