"""The packs of the avatar shelf: whole, licensed, resolved; broken ones say where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from anchor.core.errors import PackError
from anchor.core.face import Avatar
from anchor.face.avatar import resolve_avatar
from anchor.face.mouthbank import load_bank
from anchor.face.prepared_file import load_prepared
from anchor.face.track import load_track
from anchor.media.tool import find_ffmpeg
from anchor.packs import Shelf, find_pack, load_pack, pack_names, verify_pack
from anchor.workshop.presenters.prepare import prepare_pack, write_hashes

NAMES = ("hao", "lan")


@pytest.mark.parametrize("name", NAMES)
def test_pack_is_whole_and_every_file_in_it_is_sealed(name: str, root: Path) -> None:
    pack = find_pack(Shelf.AVATARS, name, (root,))
    verify_pack(pack)
    there = {p.relative_to(pack.path).as_posix() for p in pack.path.rglob("*") if p.is_file()}
    assert there - set(pack.manifest["files"]) == {"LICENSE", "README.md", "avatar.toml"}
    assert "CC0 1.0 Universal" in (pack.path / "LICENSE").read_text()
    assert pack.licence == "CC0-1.0" and pack.manifest["kind"] == "synthetic"


def test_both_presenters_are_on_the_shelf(root: Path) -> None:
    assert set(NAMES) <= set(pack_names(Shelf.AVATARS, (root,)))


def test_resolved_avatar(avatar: Avatar) -> None:
    assert avatar.label in ("林安瀾", "郝立言") and avatar.voice == avatar.name
    assert (avatar.width, avatar.height, len(avatar.frames)) == (1920, 1080, 240)
    assert avatar.timebase.rate.as_integer_ratio() == (30000, 1001)
    assert avatar.plate.is_file() and avatar.matte is not None and avatar.matte.is_file()
    assert np.allclose(avatar.frames[0].mouth, (1, 0, 0, 0, 1, 0)) and np.allclose(
        avatar.frames[0].face, (1, 0, 0, 0, 1, 0)
    )
    assert max(abs(c) for frame in avatar.frames for c in frame.colour) < 3


def test_maps_carry_frame_0_onto_the_tracked_points(avatar: Avatar) -> None:
    """`face` takes the eye corners, `mouth` the chin to where the track says they are."""
    track = load_track(avatar.path / "track.json").data
    for which, points in (("face", "eye_corners"), ("mouth", "chin_tip")):
        start = np.array(getattr(track[0].points, points))
        for frame, tracked in zip(avatar.frames[::7], track[::7], strict=True):
            matrix = np.array(getattr(frame, which)).reshape(2, 3)
            found = start @ matrix[:, :2].T + matrix[:, 2]
            assert np.abs(found - np.array(getattr(tracked.points, points))).max() < 3


def test_twins_have_the_same_pose(avatar: Avatar) -> None:
    prepared = load_prepared(avatar.path)
    track = load_track(avatar.path / "track.json").data
    assert all(prepared.twins[frame] is not None for frame in prepared.blinking)
    for frame, twin in enumerate(prepared.twins):
        if twin is not None:
            shift = np.array(track[frame].points.stable) - np.array(track[twin].points.stable)
            assert np.abs(shift).max() <= 0.5 and track[twin].blink == 0


@pytest.fixture
def copy(avatar: Avatar, tmp_path: Path) -> Path:
    directory = tmp_path / avatar.name
    shutil.copytree(avatar.path, directory)
    return directory


def _resolve(directory: Path) -> Avatar:
    return resolve_avatar(load_pack(directory, Shelf.AVATARS))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_broken_packs_say_where(copy: Path) -> None:
    manifest = copy / "avatar.toml"
    _edit(manifest, 'kind = "synthetic"', 'kind = "borrowed"')
    with pytest.raises(PackError, match="field kind"):
        _resolve(copy)
    _edit(manifest, 'kind = "borrowed"', 'kind = "synthetic"')
    _edit(manifest, "frames = 240", "frames = 239")
    with pytest.raises(PackError, match=r"\[239, 240\]"):
        _resolve(copy)
    _edit(manifest, "frames = 239", "frames = 240")
    (copy / "prepared.json").write_text('{"schema": "AvatarPrepared.1", "value": {}}')
    with pytest.raises(PackError, match=r"prepared\.json.*anchor\.workshop\.presenters\.prepare"):
        _resolve(copy)
    (copy / "track.json").write_text("[")
    with pytest.raises(PackError, match=r"track\.json"):
        _resolve(copy)
    (copy / "plate.mp4").unlink()
    with pytest.raises(PackError, match=r"plate\.mp4 is missing"):
        verify_pack(load_pack(copy, Shelf.AVATARS))


def test_engine_options_reach_the_engine(copy: Path, tmp_path: Path) -> None:
    manifest = copy / "avatar.toml"
    _edit(manifest, "\n[files]\n", '\n[engine_options]\nmodel = "weights"\nbatch = 4\n\n[files]\n')
    pack = load_pack(copy, Shelf.AVATARS)
    avatar = resolve_avatar(pack, tmp_path / "cache")
    assert avatar.option("model", "") == "weights" and avatar.option("batch", 1) == 4
    assert avatar.option("device", "auto") == "auto"
    assert avatar.cache == tmp_path / "cache" / "presenters" / pack.digest and not avatar.cache.exists()
    _edit(manifest, "batch = 4", "batch = [4]")
    with pytest.raises(PackError, match=r"string or a number") as caught:
        _resolve(copy)
    assert caught.value.place is not None and caught.value.place.field == "engine_options.batch"


def test_changed_file_breaks_the_seal_until_sealed_again(copy: Path) -> None:
    with (copy / "track.json").open("a") as f:
        f.write("\n")
    with pytest.raises(PackError, match=r"track\.json has sha256"):
        verify_pack(load_pack(copy, Shelf.AVATARS))
    write_hashes(copy)
    verify_pack(load_pack(copy, Shelf.AVATARS))


@pytest.mark.media
def test_preparing_again_measures_the_same(tmp_path: Path, root: Path) -> None:
    directory = tmp_path / "lan"
    shutil.copytree(root / "avatars" / "lan", directory)
    before = load_prepared(directory)
    (directory / "prepared.json").unlink()
    shutil.rmtree(directory / "blinks")
    prepare_pack(directory, find_ffmpeg())
    verify_pack(load_pack(directory, Shelf.AVATARS))
    after = load_prepared(directory)
    assert after.twins == before.twins and after.figure == before.figure and after.blinks == before.blinks
    assert np.abs(np.array(after.colour) - np.array(before.colour)).max() <= 0.05
    for picture in after.blinks:
        new, old = (cv2.imread(str(p / picture.file), cv2.IMREAD_UNCHANGED) for p in (directory, root / "avatars/lan"))
        assert np.abs(new.astype(int) - old).max() <= 2


def test_bank_rest_is_the_plates_mouth(avatar: Avatar) -> None:
    """The bank's resting lips are where the track says the plate's lips are in frame 0."""
    bank = load_bank(avatar.path / "bank" / "bank.json")
    first = json.loads((avatar.path / "track.json").read_text())["data"][0]["points"]
    assert np.abs(bank.rest[:20] - np.array(first["outer_lip"])).max() < 0.5
