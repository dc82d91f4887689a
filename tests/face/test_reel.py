"""Patch reels: what goes in comes out, in any order; damage is told."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from anchor.core.errors import StorageError
from anchor.core.face import Patch
from anchor.face.reel import Reel, ReelWriter


def _patch(seed: int) -> Patch:
    random = np.random.default_rng(seed)
    height, width = (int(n) for n in random.integers(1, 60, 2))
    mask = random.integers(0, 256, (height, width), dtype=np.uint8)
    return Patch(seed - 3, 40 + seed, random.integers(0, 256, (height, width, 3), dtype=np.uint8), mask)


CONTENT = (None, _patch(1), _patch(2), _patch(2), None, _patch(3), *(_patch(n) for n in range(4, 12)), None)


def _written(path: Path, content: tuple[Patch | None, ...] = CONTENT) -> Path:
    with ReelWriter(path, len(content)) as writer:
        for patch in content:
            writer.write(patch)
    return path


def _same(a: Patch | None, b: Patch | None) -> bool:
    """Equal wherever the mask shows anything."""
    if a is None or b is None:
        return a is b
    seen = a.mask > 0
    return (
        (a.x, a.y) == (b.x, b.y) and np.array_equal(a.mask, b.mask) and np.array_equal(a.pixels[seen], b.pixels[seen])
    )


def test_round_trip_in_any_order(tmp_path: Path) -> None:
    with Reel(_written(tmp_path / "a.reel")) as reel:
        assert reel.frames == len(CONTENT)
        order = np.random.default_rng(0).permutation(len(CONTENT) * 3) % len(CONTENT)
        assert all(_same(CONTENT[k], reel.patch(int(k))) for k in order)


def test_equal_content_equal_bytes(tmp_path: Path) -> None:
    assert _written(tmp_path / "a.reel").read_bytes() == _written(tmp_path / "b.reel").read_bytes()


def test_hidden_pixels_do_not_matter(tmp_path: Path) -> None:
    patch = _patch(5)
    other = patch.pixels.copy()
    other[patch.mask == 0] ^= 255
    changed = Patch(patch.x, patch.y, other, patch.mask)
    assert (patch.mask == 0).any()
    one, two = _written(tmp_path / "a", (patch,)), _written(tmp_path / "b", (changed,))
    assert one.read_bytes() == two.read_bytes()


def test_repeated_patch_is_stored_once(tmp_path: Path) -> None:
    once = _written(tmp_path / "once", (_patch(9),)).stat().st_size
    assert _written(tmp_path / "often", (_patch(9),) * 50).stat().st_size < once + 200


def test_empty_reel(tmp_path: Path) -> None:
    with Reel(_written(tmp_path / "none.reel", ())) as reel:
        assert reel.frames == 0
        with pytest.raises(IndexError):
            reel.patch(0)


@pytest.mark.parametrize("count", [3, 5])
def test_wrong_number_of_patches_leaves_no_file(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.reel"
    with pytest.raises(ValueError, match="4 frames"), ReelWriter(path, 4) as writer:
        for n in range(count):
            writer.write(_patch(n))
    assert not path.exists()


def test_error_while_writing_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.reel"
    with pytest.raises(RuntimeError), ReelWriter(path, 4) as writer:
        writer.write(_patch(1))
        raise RuntimeError
    assert not path.exists()


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    path = _written(tmp_path / "a.reel")
    whole = path.read_bytes()
    harmless = 0
    for at in range(0, len(whole), max(1, len(whole) // 400)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            with Reel(path) as reel:
                read = [reel.patch(k) for k in range(reel.frames)]
        except StorageError as error:
            assert "a.reel" in str(error) and error.hint
        else:
            assert all(_same(a, b) for a, b in zip(CONTENT, read, strict=True)), at
            harmless += 1
    assert harmless <= 3


@pytest.mark.parametrize("kept", [0, 5, 11, 40, -30, -1])
def test_cut_reel_is_noticed(tmp_path: Path, kept: int) -> None:
    path = _written(tmp_path / "a.reel")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StorageError, match=r"a\.reel"):
        Reel(path)


def test_missing_reel_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Reel(tmp_path / "none.reel")
    with pytest.raises(StorageError), ReelWriter(tmp_path / "no folder" / "a.reel", 1):
        pass


def test_full_disk_is_a_storage_error_and_leaves_no_file(tmp_path: Path) -> None:
    """A limit on the file's size stands in for a full disk: writing fails in the same call."""
    path = tmp_path / "a.reel"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(StorageError, match="cannot write the patch reel"), ReelWriter(path, 200) as writer:
            for n in range(200):
                writer.write(_patch(n))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not path.exists()
