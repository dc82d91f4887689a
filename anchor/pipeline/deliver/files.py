"""Files written whole: captions, manifests and stills take their names only when all is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from anchor.core.plan import RenderPlan
from anchor.core.time import AUDIO
from anchor.graphics.sidecar import write_srt, write_vtt
from anchor.media.planes import Planes, rgb_from_planes
from anchor.store.store import storage_errors


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to that takes the name of `path` only when all is written."""
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    with storage_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def write_captions(plan: RenderPlan, srt: Path, vtt: Path) -> None:
    """Write the captions beside the picture, as SRT and as WebVTT."""
    with whole(srt) as path:
        write_srt(plan.captions, path, int(AUDIO.rate))
    with whole(vtt) as path:
        write_vtt(plan.captions, path, int(AUDIO.rate))


def write_document(document: dict[str, object], out: Path) -> None:
    """Write a manifest."""
    with whole(out) as path:
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_still(picture: Planes, out: Path) -> None:
    """Write a frame as PNG or JPEG, by the name's ending."""
    image = Image.fromarray(rgb_from_planes(picture))
    with whole(out) as path:
        if out.suffix.lower() in (".jpg", ".jpeg"):
            image.save(path, quality=92, subsampling=0)
        else:
            image.save(path, compress_level=1)
