"""Pictures from editors' folders, opened with care."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.core.errors import Place, ScriptError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_PIXELS = 80_000_000
"""Beyond this a small file can be a bomb that unpacks to gigabytes."""
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
_SAVE_AGAIN = "save it again as PNG or JPEG"


def check_picture(path: Path) -> None:
    """Whether `load_picture` will take this file, without unpacking all of it.

    Raises:
        ScriptError: see `load_picture`.
    """
    with _opened(path) as image:
        image.draft(None, (64, 64))
        image.load()


def load_picture(path: Path) -> NDArray[np.uint8]:
    """A still picture as sRGB: upright, 8 bits, transparency laid on white.

    Shapes:
        → [h, w, 3] uint8

    Raises:
        ScriptError: missing, not a picture, damaged, animated or too large; names the file and what to do.
    """
    import numpy as np
    from PIL import Image, ImageOps

    with _opened(path) as image:
        image.load()
        upright = _managed(_eight_bit(ImageOps.exif_transpose(image)))
        if "A" in upright.getbands() or "transparency" in upright.info:
            solid = upright.convert("RGBA")
            ground = Image.new("RGBA", solid.size, (255, 255, 255, 255))
            upright = Image.alpha_composite(ground, solid)
        return np.asarray(upright.convert("RGB"))


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """The file opened as one of the formats we take; everything that goes wrong becomes a `ScriptError`."""
    from PIL import Image, UnidentifiedImageError

    place = Place(file=str(path))
    if not path.is_file():
        raise ScriptError(
            f"no picture at {path}", hint="check the path; it counts from the script's folder", place=place
        )
    try:
        with warnings.catch_warnings():
            # Our own limit is checked below, before anything is unpacked.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            image = Image.open(path, formats=FORMATS)
            with image:
                _refuse(image, path.name, place)
                yield image
    except Image.DecompressionBombError as error:
        raise ScriptError(
            f"{path.name} has too many pixels", hint="scale it to at most 3840x2160", place=place
        ) from error
    except UnidentifiedImageError as error:
        raise ScriptError(
            f"{path.name} is not a picture, whatever its name says",
            hint="give a PNG, JPEG, WebP, TIFF, BMP or GIF file",
            place=place,
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise ScriptError(f"{path.name} is damaged: {error}", hint=_SAVE_AGAIN, place=place) from error


def _refuse(image: Image, name: str, place: Place) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ScriptError(
            f"{name} is {width}x{height}, more than {MAX_PIXELS // 1_000_000} million pixels",
            hint="scale it to at most 3840x2160",
            place=place,
        )
    if min(width, height) < 2:
        raise ScriptError(f"{name} is {width}x{height}: too small to show", hint="give a larger picture", place=place)
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ScriptError(f"{name} holds several pictures", hint="save the one that is meant as PNG", place=place)


def _eight_bit(image: Image) -> Image:
    """16-bit and floating greys as 8-bit ones; Pillow's own conversion would clip them."""
    import numpy as np
    from PIL import Image as Pillow

    if image.mode.startswith("I"):
        return Pillow.fromarray((np.clip(np.asarray(image).astype(np.int64), 0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image, np.float64))
        return Pillow.fromarray(np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8))
    return image


def _managed(image: Image) -> Image:
    """Colours of an embedded profile (Display P3, Adobe RGB, CMYK) brought to sRGB; without one, as they are."""
    from io import BytesIO

    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "RGBA"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        managed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return image
    return managed if managed is not None else image
