"""Opening a photo, whatever camera or program wrote it."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from anchor.core.errors import MediaError, Place
from anchor.messages import message, os_reason

U8 = NDArray[np.uint8]

LARGEST_PX = 4096
"""Longer side of the picture given back; larger photos are reduced while they are read."""
MOST_PIXELS = 170_000_000
"""Of a JPEG, which is reduced while it is read."""
UNREDUCED_PIXELS = 120_000_000
"""Of other formats: all of it must be held at once."""
LEAST_PX = 256
"""Of the shorter side."""

_HEIF = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis", b"avif")


def read_photo(path: Path) -> U8:
    """An upright RGB picture, at most `LARGEST_PX` on its longer side.

    Camera rotation is undone, an embedded colour profile is taken to sRGB, 16 bits and grey become 8-bit RGB, what is
    transparent is laid over grey.

    Shapes:
        gives [h, w, 3] uint8

    Raises:
        MediaError: no picture, one of a format that is not read, damaged, too large or too small.
    """
    place = Place(file=str(path))
    _refuse_others(path, place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                pixels = picture.width * picture.height
                _check_size(picture, pixels, place)
                return _opened(picture)
    except Image.DecompressionBombError as error:
        raise MediaError(
            message("presenters.megapixels", most=MOST_PIXELS / 1e6),
            hint=message("presenters.reduce-photo", pixels=LARGEST_PX),
            place=place,
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        words = str(error).replace(str(path), path.name)
        what = message("presenters.photo-unreadable", reason=words)
        raise MediaError(what, hint=message("presenters.photo-unreadable-hint"), place=place) from error


def _refuse_others(path: Path, place: Place) -> None:
    """Files that are known to be something else.

    Raises:
        MediaError: it is one, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        what = message("presenters.file-unreadable", reason=os_reason(error))
        raise MediaError(what, hint=message("presenters.check-path"), place=place) from error
    if not head:
        raise MediaError(message("presenters.empty-file"), hint=message("presenters.copy-again"), place=place)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        raise MediaError(
            message("presenters.heic"),
            hint=message("presenters.heic-hint"),
            place=place,
        )
    if head.startswith(b"PK\x03\x04") or zipfile.is_zipfile(path):
        raise MediaError(message("presenters.zip"), hint=message("presenters.name-photo"), place=place)


def _check_size(picture: Image.Image, pixels: int, place: Place) -> None:
    most = MOST_PIXELS if picture.format == "JPEG" else UNREDUCED_PIXELS
    if pixels > most:
        raise MediaError(
            message("presenters.large-photo", pixels=pixels / 1e6, most=most / 1e6),
            hint=message("presenters.reduce-photo", pixels=LARGEST_PX),
            place=place,
        )
    if min(picture.size) < LEAST_PX:
        raise MediaError(
            message("presenters.small-photo", width=picture.width, height=picture.height, least=LEAST_PX),
            hint=message("presenters.small-photo-hint"),
            place=place,
        )


def _opened(picture: Image.Image) -> U8:
    profile = picture.info.get("icc_profile")
    if picture.format == "JPEG":
        # The decoder itself skips detail: 100 megapixels never exist in memory.
        picture.draft(picture.mode, (LARGEST_PX, LARGEST_PX))
    upright = ImageOps.exif_transpose(picture)
    upright.load()
    small = _reduced(upright)
    return np.ascontiguousarray(_rgb(small, profile))


def _reduced(picture: Image.Image) -> Image.Image:
    largest = max(picture.size)
    if largest <= LARGEST_PX:
        return picture
    size = (round(picture.width * LARGEST_PX / largest), round(picture.height * LARGEST_PX / largest))
    if picture.mode in ("P", "1"):
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_eight_bits(picture)).resize(size, Image.Resampling.LANCZOS)
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _rgb(picture: Image.Image, profile: bytes | None) -> U8:
    if picture.mode.startswith("I") or picture.mode == "F":
        return np.asarray(cv2.cvtColor(_eight_bits(picture), cv2.COLOR_GRAY2RGB), np.uint8)
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        picture = _to_srgb(picture, profile)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        shown = picture.convert("RGBA")
        ground = Image.new("RGBA", shown.size, (128, 128, 128, 255))
        picture = Image.alpha_composite(ground, shown)
    return np.array(picture.convert("RGB"))


def _eight_bits(picture: Image.Image) -> U8:
    """A grey picture of 16 or 32 bits, its own range if it holds no more than 8 bits' worth."""
    values = np.asarray(picture, np.float64)
    full = 255.0 if values.max() <= 255 else 65535.0
    return np.asarray(np.clip(values * 255 / full + 0.5, 0, 255), np.uint8)


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them; one that cannot be read is passed over, as viewers do."""
    from io import BytesIO

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    return made or picture
