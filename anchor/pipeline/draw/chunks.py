"""Long programmes in chunks: cut by the plan alone, drawn and encoded apart, joined without encoding again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from anchor.core.layers import LAYERS
from anchor.core.plan import Overlay, RenderPlan
from anchor.core.time import Span
from anchor.graphics.style import MOVES_S
from anchor.media.encode import FrameEncoder, encode_sound, join_file
from anchor.media.planes import Planes
from anchor.pipeline.deliver.files import write_still
from anchor.pipeline.draw.frame_feed import FrameFeed
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.draw.sound import write_programme
from anchor.pipeline.services import Context, Services

_LANGUAGES = {"zh": "zho", "en": "eng"}
"""BCP 47 primary subtags → ISO 639-2/T, for the container."""


def container_language(plan: RenderPlan) -> str:
    """The programme's language as ISO 639-2/T."""
    return _LANGUAGES.get(plan.language.split("-")[0].lower(), "und")


def plan_chunks(plan: RenderPlan, frames: int) -> tuple[Span, ...]:
    """Cut a plan into parts of about `frames`; one part when it is not half as long again.

    A cut lies where a scene begins, if one does near the wanted place, else a whole number of groups of pictures after
    the cut before. Every encoder begins a group of pictures at a cut anyway.
    """
    gop = plan.rendition.gop_frames
    starts = [s.span.start for s in plan.scenes]
    cuts = [0]
    while plan.frames - cuts[-1] > frames * 3 // 2:
        at = cuts[-1]
        near = [s for s in starts if at + frames // 2 < s < min(at + frames * 3 // 2, plan.frames - gop)]
        wanted = at + frames
        cuts.append(min(near, key=lambda s: (abs(s - wanted), s)) if near else at + max(1, round(frames / gop)) * gop)
    return tuple(Span(a, b) for a, b in zip(cuts, (*cuts[1:], plan.frames), strict=True))


def part_of(plan: RenderPlan, span: Span) -> tuple[RenderPlan, Span]:
    """What the frames of a span show, wherever in a programme they stand: the same part of two programmes is equal.

    The whole segments around the span are in it, because idle motion is drawn for a segment, and the segment before
    where one mixes over from it. What stands on screen longer than any animation takes is cut.

    Returns:
        A plan that only draws, and where in it the frames of the span are.
    """
    inside = [k for k, scene in enumerate(plan.scenes) if scene.span.overlaps(span)]
    first, last = inside[0], inside[-1]
    first = _segment_begins(plan, first)
    while last + 1 < len(plan.scenes) and plan.scenes[last + 1].segment == plan.scenes[last].segment:
        last += 1
    if first and plan.scenes[first].dissolve:
        first = _segment_begins(plan, first - 1)
    around = Span(plan.scenes[first].span.start, plan.scenes[last].span.end)
    beside = math.ceil(MOVES_S * plan.rendition.timebase.rate)
    by = beside - around.start
    scenes = tuple(
        replace(
            scene,
            span=scene.span.shifted(by),
            clip_start=scene.clip_start + by if scene.clip is not None else 0,
            accents=tuple(at + by for at in scene.accents),
        )
        for scene in plan.scenes[first : last + 1]
    )
    overlays = tuple(_cut(o, by, len(around) + 2 * beside) for o in plan.overlays if o.span.overlaps(around))
    part = replace(
        plan,
        slug="",
        title="",
        frames=beside + len(around),
        samples=0,
        scenes=scenes,
        overlays=overlays,
        captions=(),
        audio=(),
        seed="",
        poster_frame=0,
        notices=(),
    )
    return part, span.shifted(by)


def _cut(overlay: Overlay, by: int, end: int) -> Overlay:
    """What of an overlay stands in a part of `end` frames; what runs goes on where it was."""
    start = overlay.span.start + by
    cut = Span(max(0, start), min(overlay.span.end + by, end))
    runs = LAYERS[overlay.kind].moves == "runs"
    return replace(overlay, span=cut, age=overlay.age + max(0, -start) if runs else 0)


def _segment_begins(plan: RenderPlan, scene: int) -> int:
    """The first scene of the segment that a scene belongs to."""
    while scene and plan.scenes[scene].segment == plan.scenes[scene - 1].segment:
        scene -= 1
    return scene


def encode_pictures(
    pictures: PictureMaker,
    span: Span,
    encoder: FrameEncoder,
    each: Callable[[int, Planes], None] | None = None,
) -> None:
    """Draw the frames of a span into an entered encoder; `each` sees every frame before it goes there."""
    rendition = pictures.plan.rendition
    with FrameFeed(encoder, rendition.width, rendition.height) as feed:
        for frame, picture in enumerate(pictures.frames(span), span.start):
            if each is not None:
                each(frame, picture)
            feed.put(picture)


def render_chunk(
    plan: RenderPlan,
    span: Span,
    services: Services,
    context: Context,
    out: Path,
    progress: Callable[[int, int], None],
    still: tuple[int, Path] | None = None,
) -> None:
    """Draw and encode one part of a programme, picture alone; memory does not depend on how long it is.

    `still`: one of the frames, and the file in which it is written as a picture, too.
    """
    kept = Planes(plan.rendition.width, plan.rendition.height)

    def keep(frame: int, picture: Planes) -> None:
        if still is not None and frame == still[0]:
            np.copyto(kept.buffer, picture.buffer)

    # One thread a picture: the encoder wants the other cores.
    cv2.setNumThreads(1)
    with PictureMaker(plan, services, context) as pictures:
        pictures.prepare(span)
        with FrameEncoder(
            services.ffmpeg,
            plan.rendition,
            None,
            out,
            progress=lambda done: progress(done, len(span)),
            cancelled=context.is_cancelled,
        ) as encoder:
            encode_pictures(pictures, span, encoder, keep)
    if still is not None:
        write_still(kept, still[1])


def render_sound(plan: RenderPlan, services: Services, context: Context, out: Path) -> None:
    """Make and encode a programme's sound."""
    wav = context.workdir / "programme.wav"
    write_programme(plan, services, context, wav)
    encode_sound(services.ffmpeg, plan.rendition, wav, out, cancelled=context.is_cancelled)


def join_chunks(
    plan: RenderPlan, chunks: Sequence[tuple[Path, int]], sound: Path, services: Services, context: Context, out: Path
) -> None:
    """The finished clip of a programme from its parts (file, frames) and its encoded sound."""
    join_file(
        services.ffmpeg,
        plan.rendition,
        chunks,
        sound,
        out,
        title=plan.title,
        language=container_language(plan),
        cancelled=context.is_cancelled,
    )
