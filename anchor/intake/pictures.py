"""Pictures that a script names: there, readable and really pictures."""

from __future__ import annotations

import warnings
from difflib import get_close_matches
from pathlib import Path

from anchor.core.errors import Place, ScriptError

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
MAX_PIXELS = 100_000_000
"""About twelve times UHD; more is refused before it is decoded."""


def resolve_picture(written: str, base: Path, place: Place) -> Path:
    """Absolute path of a picture named in a mark, relative to `base`.

    Raises:
        ScriptError: missing, not a picture, or damaged.
    """
    path = (base / Path(written).expanduser()).absolute()
    if path.is_dir():
        raise ScriptError(f"{written} is a directory", hint="name a picture in it", place=place)
    if not path.exists():
        raise ScriptError(f"picture {written} is missing", hint=_missing_hint(path, base), place=place)
    _check_picture(path, written, place)
    return path


def _missing_hint(path: Path, base: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}; paths are relative to the script's folder {base}"
    near = get_close_matches(path.name, [p.name for p in folder.iterdir() if p.is_file()], n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"it is looked for at {path}"


def _check_picture(path: Path, written: str, place: Place) -> None:
    from PIL import Image, UnidentifiedImageError

    try:
        # Pillow warns of large pictures; ours is the limit that counts.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise ScriptError(
                    f"{written} has {width} × {height} pixels", hint="scale it down to 3840 × 2160", place=place
                )
            picture.load()
    except UnidentifiedImageError:
        raise ScriptError(
            f"{written} is not a picture, whatever its name says",
            hint=f"save it as one of {', '.join(FORMATS)}",
            place=place,
        ) from None
    except Image.DecompressionBombError:
        raise ScriptError(f"{written} is far too large", hint="scale it down to 3840 × 2160", place=place) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ScriptError(
            f"picture {written} is damaged or cannot be read: {error}", hint="save it again", place=place
        ) from error
