"""From what is said to what is seen: the RenderPlan, a pure function of the script, the speech and the look."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from anchor.core.artifact import digest_of
from anchor.core.face import Avatar
from anchor.core.layers import LAYERS
from anchor.core.plan import AudioCut, Listener, Overlay, Placement, RenderPlan, Rendition, Scene
from anchor.core.script import Script
from anchor.core.speech import Word
from anchor.core.time import AUDIO, Span
from anchor.graphics.label_proof import LABEL_LAYER
from anchor.graphics.style import Look
from anchor.pipeline.plan.framing import filling, scaled, side_by_side
from anchor.pipeline.plan.overlays import (
    Course,
    drawn_overlays,
    programme_captions,
    wanted_graphics,
)
from anchor.pipeline.plan.spoken_segment import SpokenSegment

LEAD_FRAMES = 14
"""The presenter is on camera for about half a second before the first word."""
DISSOLVE_FRAMES = 12
"""From the opening title to the presenter."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A stretch of one segment in one framing."""

    item: SpokenSegment
    span: Span
    """Programme frames."""
    placement: Literal["plain", "with-ots"]


def compose(
    script: Script,
    spoken: Sequence[SpokenSegment],
    look: Look,
    rendition: Rendition,
    together: tuple[Avatar, ...] = (),
) -> RenderPlan:
    """The plan of the whole programme.

    `together`: the two or three presenters who share the picture, left to right, while one of them speaks and no
    picture stands beside; otherwise whoever speaks is alone.

    Every segment starts on a whole frame; its audio starts on the sample nearest to that frame, from the absolute
    position, so nothing drifts.
    """
    starts, frames = _starts(spoken, look, rendition)
    starts_samples = [AUDIO.ticks_at(f, rendition.timebase) for f in starts]
    captions = programme_captions(spoken, starts_samples)
    course = Course(script, spoken, starts, frames, captions, look, rendition)
    overlays, notices = drawn_overlays(wanted_graphics(course), look)
    beside = [overlay for overlay in overlays if LAYERS[overlay.kind].placement == "with-ots"]
    shots = _shots(spoken, starts, course.ends, beside, look)
    seed = digest_of(script.slug, [item.track.audio.digest for item in spoken])
    return RenderPlan(
        slug=script.slug,
        title=script.title,
        language=script.language,
        look=look.name,
        look_digest=look.digest,
        look_engine=look.engine,
        rendition=rendition,
        frames=frames,
        samples=AUDIO.ticks_at(frames, rendition.timebase),
        scenes=_scenes(shots, starts, look, rendition, side_by_side(together, look.plain, look.size[0])),
        overlays=tuple(
            sorted((replace(o, z=_z(look, o.kind)) for o in overlays), key=lambda o: (o.span.start, o.z, o.kind))
        ),
        captions=captions,
        audio=tuple(
            AudioCut(audio=item.track.audio, start=at, samples=item.track.timeline.samples)
            for item, at in zip(spoken, starts_samples, strict=True)
        ),
        seed=seed,
        poster_frame=_poster(overlays, starts, frames),
        notices=notices,
    )


def _z(look: Look, kind: str) -> int:
    """Painter's order: the AI label is drawn over everything, whatever the look says."""
    if kind != LABEL_LAYER:
        return look.z(kind)
    return max(look.z(kind), *(look.z(other) + 1 for other in look.layers if other != kind))


def _starts(spoken: Sequence[SpokenSegment], look: Look, rendition: Rendition) -> tuple[list[int], int]:
    """First programme frame of each segment, and the frames of the whole."""
    timing = look.timing
    at = timing.title_frames + LEAD_FRAMES
    starts: list[int] = []
    for index, item in enumerate(spoken):
        if index:
            same = item.segment.story == spoken[index - 1].segment.story
            at += timing.gap_frames if same else timing.story_gap_frames
        starts.append(at)
        at += rendition.timebase.ticks_covering(item.track.timeline.samples, AUDIO)
    return starts, at + timing.tail_frames


def _shots(
    spoken: Sequence[SpokenSegment],
    starts: Sequence[int],
    ends: Sequence[int],
    beside: Sequence[Overlay],
    look: Look,
) -> list[_Shot]:
    """Cut every segment where a picture beside the presenter comes or goes."""
    shots = []
    first = look.timing.title_frames
    for index, item in enumerate(spoken):
        begin = first if index == 0 else starts[index]
        edges = sorted(
            {begin, ends[index]} | {e for o in beside for e in (o.span.start, o.span.end) if begin < e < ends[index]}
        )
        for a, b in pairwise(edges):
            aside = any(o.span.overlaps(Span(a, b)) for o in beside)
            shots.append(_Shot(item, Span(a, b), "with-ots" if aside else "plain"))
    return shots


def _scenes(
    shots: Sequence[_Shot],
    starts: Sequence[int],
    look: Look,
    rendition: Rendition,
    sides: Mapping[str, Placement],
) -> tuple[Scene, ...]:
    background = look.background.relative_to(look.path).as_posix()
    start_of: Mapping[str, int] = {
        shot.item.segment.id: start for shot, start in zip(_first_shots(shots), starts, strict=True)
    }
    scenes = []
    title = look.timing.title_frames
    if title:
        scenes.append(Scene(None, Span(0, title), background, None, None, None))
    for index, shot in enumerate(shots):
        name = shot.item.cast.avatar.name
        shared = sides if shot.placement == "plain" and name in sides else {}
        placement = shared.get(name, look.placement(shot.placement))
        if shot.item.cast.avatar.matte is None:
            placement = filling(shot.item.cast.avatar, placement, look.size)
        scenes.append(
            Scene(
                segment=shot.item.segment.id,
                span=shot.span,
                background=background,
                avatar=name,
                placement=scaled(placement, rendition),
                clip=shot.item.clip,
                clip_start=start_of[shot.item.segment.id],
                dissolve=min(DISSOLVE_FRAMES, len(shot.span)) if index == 0 and title else 0,
                accents=_accents(shot.item, start_of[shot.item.segment.id], rendition),
                others=tuple(Listener(o, scaled(p, rendition)) for o, p in shared.items() if o != name),
            )
        )
    return tuple(scenes)


def _accents(item: SpokenSegment, start: int, rendition: Rendition) -> tuple[int, ...]:
    """Programme frames at which stressed words of a segment begin; of words stressed in a row, the first."""
    first = {p.syllable: p.span.start for p in reversed(item.track.timeline.phonemes) if p.syllable is not None}
    found, syllable, stressed = [], 0, False
    for word in (w for w in item.utterance.items if isinstance(w, Word)):
        if word.stress and not stressed and syllable in first:
            found.append(start + rendition.timebase.ticks_at(first[syllable], AUDIO))
        syllable, stressed = syllable + len(word.syllables), word.stress
    return tuple(found)


def _first_shots(shots: Sequence[_Shot]) -> list[_Shot]:
    seen: set[str] = set()
    first = []
    for shot in shots:
        if shot.item.segment.id not in seen:
            seen.add(shot.item.segment.id)
            first.append(shot)
    return first


def _poster(overlays: Sequence[Overlay], starts: Sequence[int], frames: int) -> int:
    """A frame that shows what the clip is: the first lower third when it stands, else a second into the speech."""
    named = min((o.span for o in overlays if LAYERS[o.kind].poster), key=lambda span: span.start, default=None)
    wanted = (named.start + named.end) // 2 if named else starts[0] + 30
    return min(wanted, frames - 1)


def scene_at(plan: RenderPlan, frame: int) -> Scene:
    """The scene that shows at a programme frame."""
    return plan.scenes[bisect_left([s.span.end for s in plan.scenes], frame + 1)]
