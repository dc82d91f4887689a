"""What is laid over the pictures, and when: every kind of the table of layers, by its own row."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from anchor.core.errors import Place
from anchor.core.events import Notice
from anchor.core.layers import LAYERS, LayerKind
from anchor.core.plan import Overlay, Rendition
from anchor.core.script import PAUSE, Cue, Script
from anchor.core.speech import Caption
from anchor.core.time import AUDIO, VIDEO, Span
from anchor.graphics.captions import plan_captions
from anchor.graphics.style import Look
from anchor.messages import message
from anchor.pipeline.plan.spoken_segment import SpokenSegment
from anchor.trust.label import AI_LABEL


@dataclass(frozen=True, slots=True)
class Course:
    """How the programme runs: what overlays are timed by."""

    script: Script
    spoken: Sequence[SpokenSegment]
    starts: Sequence[int]
    """First programme frame of each segment."""
    frames: int
    captions: Sequence[Caption]
    look: Look
    rendition: Rendition

    @property
    def ends(self) -> tuple[int, ...]:
        """Frame after each segment, the pause behind it included."""
        return (*self.starts[1:], self.frames)

    def end_of(self, index: int, until: str) -> int:
        """Frame at which a layer ends that came in a segment."""
        story = self.spoken[index].segment.story
        if until == "story":
            return max(end for item, end in zip(self.spoken, self.ends, strict=True) if item.segment.story == story)
        return self.ends[index] if until == "segment" else self.frames


@dataclass(frozen=True, slots=True)
class Graphic:
    """A layer that the programme wants on screen, whatever the look can draw."""

    kind: LayerKind
    span: Span
    values: Mapping[str, str]
    place: Place | None = None
    """Of the mark that asked for it."""


def wanted_graphics(course: Course) -> list[Graphic]:
    """Everything that the script and the table ask for, kind by kind, each in order."""
    found = [graphic for kind in LAYERS.values() for graphic in _SHOWN[kind.shows](kind, course)]
    return [g for g in found if g.span.end > g.span.start and g.kind.shown(g.values)]


def _standing(span: Callable[[int, int], Span]) -> Callable[[LayerKind, Course], Iterator[Graphic]]:
    def graphics(kind: LayerKind, course: Course) -> Iterator[Graphic]:
        values = {field.name: _VALUES[field.source](course.script, -1) for field in kind.fields}
        yield Graphic(kind, span(course.look.timing.title_frames, course.frames), values)

    return graphics


def _captions(kind: LayerKind, course: Course) -> Iterator[Graphic]:
    """Captions burned into the picture."""
    timebase = course.rendition.timebase
    for caption in course.captions if course.rendition.burn_captions else ():
        start, end = (timebase.ticks_at(at, AUDIO) for at in (caption.span.start, caption.span.end))
        lines = "\n".join(caption.lines)
        yield Graphic(kind, Span(start, max(start, min(course.frames, end))), {kind.running: lines})


@dataclass(frozen=True, slots=True)
class _Change:
    """From a frame on a kind shows something else, or nothing."""

    at: int
    end: int
    """Unless another comes before."""
    values: Mapping[str, str]
    place: Place | None = None


def _changes(kind: LayerKind, course: Course) -> Iterator[_Change]:
    """What headings and cues ask of a kind, in order."""
    story = -1
    for index, (item, start) in enumerate(zip(course.spoken, course.starts, strict=True)):
        end = course.end_of(index, kind.until)
        if kind.shows == "story" and item.segment.story != story:
            values = {field.name: _VALUES[field.source](course.script, item.segment.story) for field in kind.fields}
            yield _Change(start, end, values)
        story = item.segment.story
        for cue, frame in cue_frames(item, start, course.rendition):
            if cue.kind == kind.id:
                yield _Change(frame, end, dict(cue.fields), cue.place)


def _changing(kind: LayerKind, course: Course) -> Iterator[Graphic]:
    """Each change stands until the next, its time, or the end of what it belongs to."""
    style = course.look.layers.get(kind.id)
    longest = round(style.frames * course.rendition.timebase.rate / VIDEO.rate) if style else 0
    changes = list(_changes(kind, course))
    following = [*(change.at for change in changes[1:]), course.frames]
    for change, after in zip(changes, following, strict=False):
        end = min(change.end, after, change.at + longest if longest else change.end)
        yield Graphic(kind, Span(change.at, max(change.at, end)), change.values, change.place)


_SHOWN: Mapping[str, Callable[[LayerKind, Course], Iterator[Graphic]]] = {
    "opening": _standing(lambda title, frames: Span(0, title)),
    "after-opening": _standing(Span),
    # The label stands from the first frame to the last: it cannot be missed at a cut or a dissolve.
    "programme": _standing(lambda title, frames: Span(0, frames)),
    "story": _changing,
    "cue": _changing,
    "speech": _captions,
}
_VALUES: Mapping[str, Callable[[Script, int], str]] = {
    "": lambda script, story: "",
    "script.title": lambda script, story: script.title,
    "script.subtitle": lambda script, story: script.subtitle,
    "script.date": lambda script, story: shown_date(script.date),
    "story.headline": lambda script, story: script.stories[story].headline if story >= 0 else "",
    "ai-label": lambda script, story: AI_LABEL,
}
"""Source of a field → its text; a presenter's name is known to whoever reads the mark."""


def drawn_overlays(graphics: Sequence[Graphic], look: Look) -> tuple[list[Overlay], tuple[Notice, ...]]:
    """The overlays of a look, and what should be known of it: kinds that it lacks, texts longer than it allows."""
    taken = [g for g in graphics if g.kind.id in look.layers]
    notices = [*_too_long(taken, look)]
    for graphic in graphics:
        if graphic.kind.id not in look.layers:
            instead = _instead(graphic, taken, look)
            taken += [instead] if instead else []
            notices.append(_lacking(graphic, instead, look))
    unique = {(n.code, n.text): n for n in reversed(notices)}
    return _overlays(taken, look), tuple(reversed(unique.values()))


def _overlays(graphics: Sequence[Graphic], look: Look) -> list[Overlay]:
    overlays = []
    for kind in dict.fromkeys(g.kind for g in graphics):
        run = sorted((g for g in graphics if g.kind == kind), key=lambda g: g.span.start)
        kept = [{k: v for k, v in g.values.items() if k in look.fields[kind.id]} for g in run]
        if kind.moves == "swaps":
            _link(run, kept)
        overlays += [Overlay(kind.id, g.span, tuple(values.items())) for g, values in zip(run, kept, strict=True)]
    return overlays


def _link(run: Sequence[Graphic], values: Sequence[dict[str, str]]) -> None:
    """Between two that follow at once the bar stays and the text changes in it."""
    for (before, told), (after, tells) in pairwise(zip(run, values, strict=True)):
        if before.span.end == after.span.start:
            told["next"], tells["previous"] = after.values[after.kind.running], before.values[before.kind.running]


def _instead(graphic: Graphic, taken: Sequence[Graphic], look: Look) -> Graphic | None:
    """The same as the nearest kind that the look has, if none of that kind stands then."""
    for name in graphic.kind.nearest:
        other = LAYERS[name]
        if name in look.layers and not any(g.kind == other and g.span.overlaps(graphic.span) for g in taken):
            values = {f.name: graphic.values.get(f.name, "") for f in other.fields}
            if not other.shown(values):
                texts = [graphic.values.get(f.name, "") for f in graphic.kind.fields if f.type == "text"]
                values[other.running] = "　".join(filter(None, texts))
            return replace(graphic, kind=other, values=values) if other.shown(values) else None
    return None


def _lacking(graphic: Graphic, instead: Graphic | None, look: Look) -> Notice:
    kind = graphic.kind
    text = message("plan.layer-lacking", look=look.label, name=look.name, label=kind.label, kind=kind.id)
    if instead:
        said = {**text.fields, "instead": instead.kind.label}
        text = message("plan.layer-instead", **said)
    return Notice("layer-lacking", text, graphic.place)


def _too_long(graphics: Sequence[Graphic], look: Look) -> Iterator[Notice]:
    """Texts beyond what the look was drawn for: they are set smaller, or cut with ….

    Captions are broken to length and need no telling.
    """
    for graphic in (g for g in graphics if g.kind.shows != "speech"):
        for name, field in look.fields[graphic.kind.id].items():
            value = graphic.values.get(name, "")
            if field.type == "text" and field.max and len(value) > field.max:
                text = message(
                    "plan.text-too-long",
                    label=graphic.kind.label,
                    field=field.label,
                    value=value,
                    count=len(value),
                    look=look.label,
                    most=field.max,
                )
                yield Notice("text-too-long", text, graphic.place)


def cue_frames(item: SpokenSegment, start: int, rendition: Rendition) -> list[tuple[Cue, int]]:
    """Each cue of a segment that is seen, with the programme frame at which speech reaches it."""
    first: dict[int, int] = {}
    for phoneme in item.track.timeline.phonemes:
        if phoneme.syllable is not None:
            first.setdefault(phoneme.syllable, phoneme.span.start)
    syllables = item.utterance.syllables
    found = []
    for cue in (c for c in item.segment.cues if c.kind != PAUSE):
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


def shown_date(date: str) -> str:
    """An ISO date as an opening title shows it: 2026年11月23日 星期一; anything else as it is."""
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    return f"{day.year}年{day.month}月{day.day}日 星期{'一二三四五六日'[day.weekday()]}"
