"""From what is said to what is seen: the RenderPlan, a pure function of the script, the speech and the look."""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

from anchor.core.artifact import digest_of
from anchor.core.face import AnchorClip, Avatar
from anchor.core.plan import AudioCut, Listener, Overlay, Placement, RenderPlan, Rendition, Scene
from anchor.core.script import Cue, CueKind, Script, Segment
from anchor.core.speech import Caption, SpeechTrack, Utterance, Word
from anchor.core.time import AUDIO, Span
from anchor.face.paste import GRID_PX
from anchor.graphics.captions import plan_captions
from anchor.graphics.style import DESIGN_WIDTH, Look
from anchor.pipeline.plan.framing import filling
from anchor.pipeline.stages import Cast

COMPOSE_VERSION = 2
AI_LABEL = "AI 生成主播"

LEAD_FRAMES = 14
"""The presenter is on camera for about half a second before the first word."""
TOGETHER = 0.84
"""How large each of several presenters is against one alone."""
_BETWEEN_PX = 84.0
"""Between two presenters, in the 1080-line design."""
DISSOLVE_FRAMES = 12
"""From the opening title to the presenter."""


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A segment with everything that earlier stages made of it."""

    segment: Segment
    utterance: Utterance
    track: SpeechTrack
    clip: AnchorClip | None
    """None where only times are wanted (a preview of another segment)."""
    cast: Cast


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

    `together`: two presenters who share the picture, left to right, while one of them speaks and no picture stands
    beside; otherwise whoever speaks is alone.

    Every segment starts on a whole frame; its audio starts on the sample nearest to that frame, from the absolute
    position, so nothing drifts.
    """
    starts, frames = _starts(spoken, look, rendition)
    starts_samples = [AUDIO.ticks_at(f, rendition.timebase) for f in starts]
    ends = [*starts[1:], frames]
    captions = _captions(spoken, starts_samples)
    cues = [_cue_frames(item, start, rendition) for item, start in zip(spoken, starts, strict=True)]
    ots = _ots_overlays(spoken, cues, ends)
    shots = _shots(spoken, starts, ends, ots, look)
    overlays = [
        *_standing_overlays(script, look, frames),
        *_headlines(script, spoken, starts, ends, cues),
        *_lower_thirds(spoken, cues, ends, look),
        *ots,
        *(_caption_overlays(captions, rendition, frames) if rendition.burn_captions else ()),
    ]
    seed = digest_of(script.slug, [item.track.audio.digest for item in spoken])
    return RenderPlan(
        slug=script.slug,
        title=script.title,
        language=script.language,
        look=look.name,
        look_digest=look.digest,
        look_path=look.path,
        rendition=rendition,
        frames=frames,
        samples=AUDIO.ticks_at(frames, rendition.timebase),
        scenes=_scenes(shots, starts, look, rendition, side_by_side(together, look.plain)),
        overlays=tuple(
            sorted((replace(o, z=look.z(o.kind)) for o in overlays), key=lambda o: (o.span.start, o.z, o.kind))
        ),
        captions=captions,
        audio=tuple(
            AudioCut(audio=item.track.audio, start=at, samples=item.track.timeline.samples)
            for item, at in zip(spoken, starts_samples, strict=True)
        ),
        seed=seed,
        poster_frame=_poster(overlays, starts, frames),
    )


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


def _cue_frames(item: SpokenSegment, start: int, rendition: Rendition) -> list[tuple[Cue, int]]:
    """Each cue of a segment with the programme frame at which speech reaches it."""
    first: dict[int, int] = {}
    for phoneme in item.track.timeline.phonemes:
        if phoneme.syllable is not None:
            first.setdefault(phoneme.syllable, phoneme.span.start)
    syllables = item.utterance.syllables
    found = []
    for cue in item.segment.cues:
        onset = min(
            (first[i] for i, s in enumerate(syllables) if s.span.end > cue.at and i in first),
            default=item.track.timeline.samples,
        )
        if cue.at == 0:
            onset = 0
        found.append((cue, start + rendition.timebase.ticks_at(onset, AUDIO)))
    return found


def _captions(spoken: Sequence[SpokenSegment], starts: Sequence[int]) -> tuple[Caption, ...]:
    return tuple(
        replace(caption, span=caption.span.shifted(start))
        for item, start in zip(spoken, starts, strict=True)
        for caption in plan_captions(item.utterance, item.track.timeline)
    )


def _caption_overlays(captions: Sequence[Caption], rendition: Rendition, frames: int) -> Iterable[Overlay]:
    for caption in captions:
        start = rendition.timebase.ticks_at(caption.span.start, AUDIO)
        end = min(frames, rendition.timebase.ticks_at(caption.span.end, AUDIO))
        if end > start:
            yield _overlay("caption", Span(start, end), text="\n".join(caption.lines))


def _standing_overlays(script: Script, look: Look, frames: int) -> Iterable[Overlay]:
    title = look.timing.title_frames
    if title:
        yield _overlay(
            "title", Span(0, title), title=script.title, subtitle=script.subtitle, date=shown_date(script.date)
        )
    yield _overlay("bug", Span(title, frames))
    # The label stands from the first frame to the last: it cannot be missed at a cut or a dissolve.
    yield _overlay("label", Span(0, frames), text=AI_LABEL)


def _headlines(
    script: Script,
    spoken: Sequence[SpokenSegment],
    starts: Sequence[int],
    ends: Sequence[int],
    cues: Sequence[Sequence[tuple[Cue, int]]],
) -> Iterable[Overlay]:
    """The headline bar: the story's heading until a cue changes it or the story ends."""
    changes: list[tuple[int, str]] = []
    story = -1
    for item, start, found in zip(spoken, starts, cues, strict=True):
        if item.segment.story != story:
            story = item.segment.story
            changes.append((start, script.stories[story].headline))
        changes.extend((frame, cue.field("text")) for cue, frame in found if cue.kind is CueKind.HEADLINE)
    bars = [
        (start, changes[i + 1][0] if i + 1 < len(changes) else ends[-1], text)
        for i, (start, text) in enumerate(changes)
    ]
    bars = [bar for bar in bars if bar[1] > bar[0]]
    for index, (start, end, text) in enumerate(bars):
        if not text:
            continue
        # Between two headlines the bar stays and the text changes in it.
        fields = {"text": text}
        if index and bars[index - 1][2]:
            fields["previous"] = bars[index - 1][2]
        if index + 1 < len(bars) and bars[index + 1][2]:
            fields["next"] = bars[index + 1][2]
        yield _overlay("headline", Span(start, end), **fields)


def _lower_thirds(
    spoken: Sequence[SpokenSegment], cues: Sequence[Sequence[tuple[Cue, int]]], ends: Sequence[int], look: Look
) -> Iterable[Overlay]:
    found = [
        (frame, end, cue)
        for frames, end in zip(cues, ends, strict=True)
        for cue, frame in frames
        if cue.kind is CueKind.LOWER_THIRD
    ]
    for index, (frame, end, cue) in enumerate(found):
        until = min(frame + look.timing.lower_third_frames, end)
        if index + 1 < len(found):
            until = min(until, found[index + 1][0])
        if until > frame:
            yield _overlay("lower-third", Span(frame, until), name=cue.field("name"), title=cue.field("title"))


def _ots_overlays(
    spoken: Sequence[SpokenSegment], cues: Sequence[Sequence[tuple[Cue, int]]], ends: Sequence[int]
) -> list[Overlay]:
    """Pictures beside the presenter: from the cue until the next one, or the end of the story."""
    overlays: list[Overlay] = []
    shown: tuple[int, Cue] | None = None

    def close(at: int) -> None:
        nonlocal shown
        if shown is not None and at > shown[0]:
            start, cue = shown
            overlays.append(
                _overlay("ots", Span(start, at), picture=cue.field("picture"), caption=cue.field("caption"))
            )
        shown = None

    for index, (item, found) in enumerate(zip(spoken, cues, strict=True)):
        for cue, frame in found:
            if cue.kind is CueKind.OTS:
                close(frame)
                shown = (frame, cue) if cue.field("picture") else None
        last_of_story = index + 1 == len(spoken) or spoken[index + 1].segment.story != item.segment.story
        if last_of_story:
            close(ends[index])
    return overlays


def _shots(
    spoken: Sequence[SpokenSegment],
    starts: Sequence[int],
    ends: Sequence[int],
    ots: Sequence[Overlay],
    look: Look,
) -> list[_Shot]:
    """Cut every segment where a picture beside the presenter comes or goes."""
    shots = []
    first = look.timing.title_frames
    for index, item in enumerate(spoken):
        begin = first if index == 0 else starts[index]
        edges = sorted(
            {begin, ends[index]} | {e for o in ots for e in (o.span.start, o.span.end) if begin < e < ends[index]}
        )
        for a, b in pairwise(edges):
            beside = any(o.span.overlaps(Span(a, b)) for o in ots)
            shots.append(_Shot(item, Span(a, b), "with-ots" if beside else "plain"))
    return shots


def _scenes(
    shots: Sequence[_Shot],
    starts: Sequence[int],
    look: Look,
    rendition: Rendition,
    sides: Mapping[str, Placement],
) -> tuple[Scene, ...]:
    background = str(look.background)
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
            placement = filling(shot.item.cast.avatar, placement)
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


def side_by_side(avatars: Sequence[Avatar], alone: Placement) -> dict[str, Placement]:
    """Where presenters stand beside each other in the 1080-line design, by avatar name; empty for fewer than two,
    and for a plate that fills the picture.

    All at one scale, smaller than alone, feet where one alone has them, never one over another.
    """
    count = len(avatars)
    if count < 2 or any(avatar.matte is None for avatar in avatars):
        return {}
    widest = max(avatar.figure[2] - avatar.figure[0] for avatar in avatars)
    scale = min(TOGETHER * alone.scale, (DESIGN_WIDTH - count * _BETWEEN_PX) / (count * widest))
    scale = int(scale * GRID_PX) / GRID_PX
    y = alone.y + avatars[0].height * (alone.scale - scale)
    widths = [scale * (avatar.figure[2] - avatar.figure[0]) for avatar in avatars]
    corners = accumulate(widths, lambda at, width: at + width + _BETWEEN_PX, initial=0.0)
    first = (DESIGN_WIDTH - sum(widths) - (count - 1) * _BETWEEN_PX) / 2
    return {
        avatar.name: replace(alone, scale=scale, x=first + corner - scale * avatar.figure[0], y=y)
        for avatar, corner in zip(avatars, corners, strict=False)
    }


def _first_shots(shots: Sequence[_Shot]) -> list[_Shot]:
    seen: set[str] = set()
    first = []
    for shot in shots:
        if shot.item.segment.id not in seen:
            seen.add(shot.item.segment.id)
            first.append(shot)
    return first


def scaled(placement: Placement, rendition: Rendition) -> Placement:
    """A placement of the 1080-line design in the rendition's own pixels."""
    factor = rendition.height / 1080
    return replace(placement, scale=placement.scale * factor, x=placement.x * factor, y=placement.y * factor)


def shown_date(date: str) -> str:
    """An ISO date as an opening title shows it: 2026年11月23日 星期一; anything else as it is."""
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    return f"{day.year}年{day.month}月{day.day}日 星期{'一二三四五六日'[day.weekday()]}"


def _poster(overlays: Sequence[Overlay], starts: Sequence[int], frames: int) -> int:
    """A frame that shows what the clip is: the first lower third when it stands, else a second into the speech."""
    third = next((o.span for o in overlays if o.kind == "lower-third"), None)
    wanted = (third.start + third.end) // 2 if third else starts[0] + 30
    return min(wanted, frames - 1)


def _overlay(kind: str, span: Span, **fields: str) -> Overlay:
    return Overlay(kind=kind, span=span, fields=tuple(fields.items()))


def scene_at(plan: RenderPlan, frame: int) -> Scene:
    """The scene that shows at a programme frame."""
    return plan.scenes[bisect_left([s.span.end for s in plan.scenes], frame + 1)]
