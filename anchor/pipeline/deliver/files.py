"""Files written whole: captions, manifests and stills take their names only when all is written."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from anchor.core.files import write_text_whole, write_whole
from anchor.core.plan import RenderPlan
from anchor.core.time import AUDIO
from anchor.graphics.sidecar import write_srt, write_vtt
from anchor.media.planes import Planes, rgb_from_planes


def write_captions(plan: RenderPlan, srt: Path, vtt: Path) -> None:
    """Write the captions beside the picture, as SRT and as WebVTT."""
    write_srt(plan.captions, srt, int(AUDIO.rate))
    write_vtt(plan.captions, vtt, int(AUDIO.rate))


def write_document(document: dict[str, object], out: Path) -> None:
    """Write a manifest."""
    write_text_whole(out, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def write_still(picture: Planes, out: Path) -> None:
    """Write a frame as PNG or JPEG, by the name's ending."""
    image = Image.fromarray(rgb_from_planes(picture))
    with write_whole(out) as path:
        if out.suffix.lower() in (".jpg", ".jpeg"):
            image.save(path, quality=92, subsampling=0)
        else:
            image.save(path, compress_level=1)
