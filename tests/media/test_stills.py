"""Pictures as editors have them: good ones load right side up, bad ones say what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from anchor.core.errors import ScriptError
from anchor.media.stills import check_picture, load_picture


def _refused(path: Path, message: str) -> None:
    for take in (check_picture, load_picture):
        with pytest.raises(ScriptError, match=message) as caught:
            take(path)
        assert caught.value.hint
        assert caught.value.place is not None
        assert caught.value.place.file == str(path)


def _noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(7)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_missing(tmp_path: Path) -> None:
    _refused(tmp_path / "none.png", "no picture at")


def test_folder(tmp_path: Path) -> None:
    _refused(tmp_path, "no picture at")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    _refused(tmp_path / "a.jpg", "is not a picture")


def test_zip_that_calls_itself_jpg(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.jpg", "w") as archive:
        archive.writestr("a.txt", "x" * 1000)
    _refused(tmp_path / "a.jpg", r"a\.jpg is not a picture")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    _noise(400, 300).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _refused(path, "is damaged|is not a picture")


def test_bomb(tmp_path: Path) -> None:
    Image.new("1", (30000, 10000)).save(tmp_path / "a.png")
    _refused(tmp_path / "a.png", "pixels")


def test_large_but_below_the_bomb_limit_of_pillow(tmp_path: Path) -> None:
    Image.new("1", (10000, 9000)).save(tmp_path / "a.png")
    _refused(tmp_path / "a.png", "more than 80 million pixels")


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_animated(tmp_path: Path, suffix: str) -> None:
    frames = [_noise(32, 32), _noise(32, 32).rotate(90)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    _refused(tmp_path / f"a.{suffix}", "holds several pictures")


def test_single_pixel(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    _refused(tmp_path / "a.png", "too small")


def test_sixteen_bits_keep_their_tones(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, 0)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    check_picture(tmp_path / "a.png")
    assert np.array_equal(load_picture(tmp_path / "a.png")[0, :, 0], np.arange(256))


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    check_picture(tmp_path / "a.jpg")
    red = load_picture(tmp_path / "a.jpg")
    assert red.shape == (40, 40, 3)
    assert red[20, 20, 0] > 230
    assert red[20, 20, 1:].max() < 30


def test_camera_on_its_side(tmp_path: Path) -> None:
    picture = Image.new("RGB", (60, 30), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 10, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    picture.save(tmp_path / "a.png", exif=exif)
    upright = load_picture(tmp_path / "a.png")
    assert upright.shape == (60, 30, 3)
    assert tuple(upright[2, 15]) == (255, 0, 0)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "a.png")
    Image.new("P", (8, 8), 0).save(tmp_path / "b.gif", transparency=0)
    assert load_picture(tmp_path / "a.png").min() == 255
    assert load_picture(tmp_path / "b.gif").min() == 255


def test_embedded_profile_is_used(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    picture = _noise(16, 16)
    picture.save(tmp_path / "a.png", icc_profile=lab.tobytes())
    assert np.abs(load_picture(tmp_path / "a.png").astype(int) - np.asarray(picture)).max() <= 1


def test_broken_profile_is_left_alone(tmp_path: Path) -> None:
    picture = _noise(16, 16)
    picture.save(tmp_path / "a.png", icc_profile=b"not a profile")
    assert np.array_equal(load_picture(tmp_path / "a.png"), np.asarray(picture))
