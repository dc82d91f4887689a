"""Photos of every kind, made with Pillow and OpenCV, and files that are none."""

from __future__ import annotations

import resource
import struct
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from anchor.core.errors import MediaError
from anchor.workshop.presenters.face_detection import FaceFinder
from anchor.workshop.presenters.face_models import FaceModels
from anchor.workshop.presenters.photo_file import LARGEST_PX, read_photo
from tests.workshop.presenters.face_pictures import astronaut


def near(found: np.ndarray, expected: np.ndarray, within: float = 3.0) -> bool:
    """Alike on average, code values."""
    return found.shape == expected.shape and float(np.abs(found.astype(int) - expected).mean()) < within


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.bmp"])
def test_common_formats(tmp_path: Path, name: str) -> None:
    Image.fromarray(astronaut()).save(tmp_path / name, quality=95)
    assert near(read_photo(tmp_path / name), astronaut())


def test_a_camera_that_was_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(astronaut()))).save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert near(read_photo(tmp_path / "a.jpg"), astronaut())


def test_sixteen_bits(tmp_path: Path) -> None:
    deep = astronaut().astype(np.uint16) * 257
    assert cv2.imwrite(str(tmp_path / "rgb.png"), deep[..., ::-1])
    assert near(read_photo(tmp_path / "rgb.png"), astronaut())
    assert cv2.imwrite(str(tmp_path / "grey.png"), deep[..., 1])
    assert near(read_photo(tmp_path / "grey.png"), np.repeat(astronaut()[..., 1:2], 3, 2))


def test_grey_is_read_and_its_face_found(tmp_path: Path, face_models: FaceModels) -> None:
    Image.fromarray(astronaut()).convert("L").save(tmp_path / "a.png")
    found = read_photo(tmp_path / "a.png")
    assert found.shape == (512, 512, 3)
    assert len(FaceFinder(face_models).find(found)) == 1


def test_transparent_parts_are_laid_over_grey(tmp_path: Path) -> None:
    alpha = np.zeros((512, 512, 1), np.uint8)
    alpha[:, 256:] = 255
    Image.fromarray(np.dstack([astronaut(), alpha])).save(tmp_path / "a.png")
    found = read_photo(tmp_path / "a.png")
    assert (found[:, :256] == 128).all()
    assert np.array_equal(found[:, 256:], astronaut()[:, 256:])


def test_print_colours_and_profiles(tmp_path: Path) -> None:
    Image.fromarray(astronaut()).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert near(read_photo(tmp_path / "print.jpg"), astronaut(), 12)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(astronaut()).save(tmp_path / "tagged.png", icc_profile=profile)
    assert near(read_photo(tmp_path / "tagged.png"), astronaut(), 1)
    Image.fromarray(astronaut()).save(tmp_path / "odd.png", icc_profile=b"no profile")
    assert near(read_photo(tmp_path / "odd.png"), astronaut(), 1)


@pytest.mark.slow
def test_a_hundred_megapixels_stay_small_in_memory(tmp_path: Path) -> None:
    large = cv2.resize(astronaut(), (10000, 10000), interpolation=cv2.INTER_LINEAR)
    Image.fromarray(large).save(tmp_path / "a.jpg", quality=80)
    del large
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_photo(tmp_path / "a.jpg")
    assert max(found.shape) <= LARGEST_PX
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500
    assert near(cv2.resize(found, (512, 512), interpolation=cv2.INTER_AREA), astronaut(), 4)


def test_a_picture_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """A PNG of 30 000 x 30 000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    data = b"\x89PNG\r\n\x1a\n" + body
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(MediaError, match=r"more than 170 megapixels.*reduce it"):
        read_photo(tmp_path / "a.png")


def test_a_zip_bomb_with_the_name_of_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    with pytest.raises(MediaError, match="ZIP archive"):
        read_photo(path)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HEIC, "HEIC.*heif-convert"),
        (b"", "empty"),
        (b"a text, not a picture at all", "save it again as JPEG or PNG"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50), "save it again as JPEG or PNG"),
    ],
)
def test_what_is_no_photo_says_what_to_do(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=words) as caught:
        read_photo(path)
    assert caught.value.place is not None
    assert caught.value.place.file == str(path)
    assert caught.value.hint


def test_a_photo_cut_off(tmp_path: Path) -> None:
    Image.fromarray(astronaut()).save(tmp_path / "a.jpg", quality=95)
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match="save it again"):
        read_photo(tmp_path / "a.jpg")


def test_a_thumbnail_is_too_small(tmp_path: Path) -> None:
    Image.fromarray(astronaut()).resize((120, 120)).save(tmp_path / "a.png")
    with pytest.raises(MediaError, match="120 x 120 pixels, at least 256"):
        read_photo(tmp_path / "a.png")
