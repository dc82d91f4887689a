"""The AI label in the finished file: found in every key frame, as it was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckItem
from anchor.graphics.label_proof import LABEL_LAYER
from anchor.media.decode import read_key_frames
from anchor.media.planes import ycbcr_from_rgb
from anchor.messages import message
from anchor.packs import Shelf
from anchor.pipeline.services import Context, Services

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SOLID = 250
"""Alpha from which the label hides what lies behind it."""
_ALIKE = 0.95
"""Least correlation of the label's Y' with the picture's there; letters covered, moved or changed fall below."""
_NEAR = 12.0
"""Most mean difference, code values: what the encoder changes stays below 3."""


def label_item(plan: RenderPlan, services: Services, context: Context, clip: Path) -> CheckItem:
    """Whether a finished clip shows the label of its plan throughout.

    Raises:
        MediaError: the file cannot be decoded.
    """
    label = next((o for o in plan.overlays if o.kind == LABEL_LAYER), None)
    allowed = message("graphics.label-in-picture-allowed")
    if label is None or (label.span.start, label.span.end) != (0, plan.frames):
        return CheckItem("ai-label", message("graphics.label-in-picture", seen=0, all=1), allowed, False)
    look = services.pack(Shelf.LOOKS, plan.look, context.shelves).path
    layer = services.graphics(plan.look_engine).draw(look, label, plan.rendition)
    key = layer.key(0)
    assert key is not None
    drawn = layer.picture(key)
    box = (layer.x, layer.y, layer.width, layer.height)
    found = [_shows(drawn, luma) for luma in read_key_frames(services.ffmpeg, clip, box, context.is_cancelled)]
    seen = message("graphics.label-in-picture", seen=sum(found), all=len(found))
    return CheckItem("ai-label", seen, allowed, bool(found) and all(found))


def _shows(drawn: NDArray[np.uint8], seen: NDArray[np.uint8]) -> bool:
    """Whether a part of a picture shows the label.

    Shapes:
        drawn: [h, w, 4] rgba
        seen: [h, w] Y'
    """
    solid = drawn[..., 3] >= _SOLID
    wanted = ycbcr_from_rgb(np.ascontiguousarray(drawn[..., :3]))[..., 0][solid].astype(np.float64)
    there = seen[solid].astype(np.float64)
    if not len(wanted) or there.std() < 1.0:
        return False
    return bool(np.corrcoef(wanted, there)[0, 1] >= _ALIKE and np.abs(wanted - there).mean() <= _NEAR)
