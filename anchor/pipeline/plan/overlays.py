"""What is laid over the pictures, and when: captions, title, headlines, lower thirds, pictures beside the presenter."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace

from anchor.core.plan import Overlay, Rendition
from anchor.core.script import Cue, CueKind, Script
from anchor.core.speech import Caption
from anchor.core.time import AUDIO, Span
from anchor.graphics.captions import plan_captions
from anchor.graphics.style import Look
from anchor.pipeline.plan.spoken import SpokenSegment
from anchor.trust.label import AI_LABEL


def cue_frames(item: SpokenSegment, start: int, rendition: Rendition) -> list[tuple[Cue, int]]:
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


def programme_captions(spoken: Sequence[SpokenSegment], starts: Sequence[int]) -> tuple[Caption, ...]:
    """Captions of every segment, in programme samples."""
    return tuple(
        replace(caption, span=caption.span.shifted(start))
        for item, start in zip(spoken, starts, strict=True)
        for caption in plan_captions(item.utterance, item.track.timeline)
    )


def caption_overlays(captions: Sequence[Caption], rendition: Rendition, frames: int) -> Iterable[Overlay]:
    """Captions burned into the picture."""
    for caption in captions:
        start = rendition.timebase.ticks_at(caption.span.start, AUDIO)
        end = min(frames, rendition.timebase.ticks_at(caption.span.end, AUDIO))
        if end > start:
            yield _overlay("caption", Span(start, end), text="\n".join(caption.lines))


def standing_overlays(script: Script, look: Look, frames: int) -> Iterable[Overlay]:
    """What stands throughout: the opening title, the bug, the label that says who speaks is made by a machine."""
    title = look.timing.title_frames
    if title:
        yield _overlay(
            "title", Span(0, title), title=script.title, subtitle=script.subtitle, date=shown_date(script.date)
        )
    yield _overlay("bug", Span(title, frames))
    # The label stands from the first frame to the last: it cannot be missed at a cut or a dissolve.
    yield _overlay("label", Span(0, frames), text=AI_LABEL)


def headlines(
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


def lower_thirds(
    spoken: Sequence[SpokenSegment], cues: Sequence[Sequence[tuple[Cue, int]]], ends: Sequence[int], look: Look
) -> Iterable[Overlay]:
    """Names and titles, each until the next one, its time, or the end of its segment."""
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


def ots_overlays(
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


def shown_date(date: str) -> str:
    """An ISO date as an opening title shows it: 2026年11月23日 星期一; anything else as it is."""
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    return f"{day.year}年{day.month}月{day.day}日 星期{'一二三四五六日'[day.weekday()]}"


def _overlay(kind: str, span: Span, **fields: str) -> Overlay:
    return Overlay(kind=kind, span=span, fields=tuple(fields.items()))
