"""Blinks as eye patches in the canonical pose."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from anchor.core.errors import PackError, Place
from anchor.core.face import Avatar, Patch
from anchor.face.prepared_file import FILE as PREPARED
from anchor.face.prepared_file import load_prepared
from anchor.messages import message
from anchor.packs.paths import pack_file


def blink_phases(avatar: Avatar) -> int:
    """How many phases a blink of this presenter has; 0: the pack has no blink to paint."""
    return len(_blinks(avatar.path, avatar.digest))


def blink_patch(avatar: Avatar, phase: int) -> Patch:
    """The lids of one phase, to be laid with `PlateFrame.face`; arrays are shared and read-only.

    Raises:
        PackError: the pack has no such phase, or its picture cannot be read.
    """
    blinks = _blinks(avatar.path, avatar.digest)
    if not 0 <= phase < len(blinks):
        what = message("face.no-blink", avatar=avatar.name, phase=phase)
        raise PackError(what, hint=message("face.no-blink-hint", count=len(blinks)))
    return blinks[phase]


@lru_cache(maxsize=8)
def _blinks(path: Path, digest: str) -> tuple[Patch, ...]:
    """All phases; `digest` is in the key so that a changed pack is read again."""
    patches = []
    for picture in load_prepared(path).blinks:
        file = pack_file(path, picture.file, Place(file=str(path / PREPARED), field="blinks"))
        planes = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if planes is None or planes.ndim != 3 or planes.shape[2] != 4 or planes.dtype != np.uint8:
            raise PackError(message("face.blink-picture"), place=Place(file=str(file)))
        pixels = np.ascontiguousarray(planes[..., :3], dtype=np.uint8)
        mask = np.ascontiguousarray(planes[..., 3], dtype=np.uint8)
        pixels.setflags(write=False)
        mask.setflags(write=False)
        patches.append(Patch(picture.x, picture.y, pixels, mask))
    return tuple(patches)
