"""Stills from editors' folders: found, checked and opened with care."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.core.errors import Place, ScriptError
from anchor.messages import Message, message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_PIXELS = 80_000_000
"""Beyond this a small file can be a bomb that unpacks to gigabytes."""
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")


def resolve_picture(written: str, base: Path, place: Place) -> Path:
    """Absolute path of a picture named in a script, relative to `base`.

    Args:
        written: as the script names it.
        base: the script's folder.
        place: where it is named.

    Raises:
        ScriptError: missing, or nothing that `load_picture` will take.
    """
    path = (base / Path(written).expanduser()).absolute()
    if path.is_dir():
        raise ScriptError(
            message("media.is-directory", picture=written), hint=message("media.name-a-picture"), place=place
        )
    if not path.exists():
        what = message("media.picture-missing", picture=written)
        raise ScriptError(what, hint=_missing_hint(path, base), place=place)
    check_picture(path, written, place)
    return path


def _missing_hint(path: Path, base: Path) -> Message:
    folder = path.parent
    if not folder.is_dir():
        return message("media.no-folder", folder=str(folder), base=str(base))
    near = get_close_matches(path.name, [p.name for p in folder.iterdir() if p.is_file()], n=1, cutoff=0.6)
    return message("media.did-you-mean", name=near[0]) if near else message("media.looked-for-at", path=str(path))


def check_picture(path: Path, name: str = "", place: Place | None = None) -> None:
    """Whether `load_picture` will take this file, without unpacking all of it.

    Args:
        path: the file.
        name: what an error calls it; empty: the file's name.
        place: where an error says it is named; None: the file itself.

    Raises:
        ScriptError: see `load_picture`.
    """
    with _opened(path, name or path.name, place or Place(file=str(path))) as image:
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

    with _opened(path, path.name, Place(file=str(path))) as image:
        image.load()
        upright = _managed(_eight_bit(ImageOps.exif_transpose(image)))
        if "A" in upright.getbands() or "transparency" in upright.info:
            solid = upright.convert("RGBA")
            ground = Image.new("RGBA", solid.size, (255, 255, 255, 255))
            upright = Image.alpha_composite(ground, solid)
        return np.asarray(upright.convert("RGB"))


@contextmanager
def _opened(path: Path, name: str, place: Place) -> Iterator[Image]:
    """The file opened as one of the formats we take; everything that goes wrong becomes a `ScriptError`."""
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        what = message("media.no-picture-at", path=str(path))
        raise ScriptError(what, hint=message("media.check-picture-path"), place=place)
    try:
        with warnings.catch_warnings():
            # Our own limit is checked below, before anything is unpacked.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            image = Image.open(path, formats=FORMATS)
            with image:
                _refuse(image, name, place)
                yield image
    except Image.DecompressionBombError as error:
        what = message("media.too-many-pixels", picture=name)
        raise ScriptError(what, hint=message("media.scale-down"), place=place) from error
    except UnidentifiedImageError as error:
        what = message("media.not-a-picture", picture=name)
        raise ScriptError(what, hint=message("media.give-picture"), place=place) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        what = message("media.picture-damaged", picture=name, reason=str(error))
        raise ScriptError(what, hint=message("media.save-again"), place=place) from error


def _refuse(image: Image, name: str, place: Place) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        what = message("media.too-many-megapixels", picture=name, width=width, height=height, limit=limit)
        raise ScriptError(what, hint=message("media.scale-down"), place=place)
    if min(width, height) < 2:
        what = message("media.picture-too-small", picture=name, width=width, height=height)
        raise ScriptError(what, hint=message("media.larger-picture"), place=place)
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        what = message("media.several-pictures", picture=name)
        raise ScriptError(what, hint=message("media.save-one"), place=place)


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
