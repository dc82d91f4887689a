"""What a finished clip should be, and whether it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from anchor.core.artifact import file_digest
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckReport, Expectation
from anchor.core.speech import SILENCE, PhonemeTimeline
from anchor.core.time import AUDIO, Span
from anchor.media.check import check_file
from anchor.pipeline.plan.spoken_segment import SpokenSegment
from anchor.pipeline.services import Context, Services

_SPEECH_GAP_SAMPLES = 14400
"""Silences up to 0.3 s belong to the speech around them."""


def speech_spans(timeline: PhonemeTimeline) -> tuple[Span, ...]:
    """Where somebody speaks, in samples; short silences inside count as speech."""
    spans: list[Span] = []
    for phoneme in timeline.phonemes:
        if phoneme.symbol == SILENCE:
            continue
        if spans and phoneme.span.start - spans[-1].end <= _SPEECH_GAP_SAMPLES:
            spans[-1] = Span(spans[-1].start, phoneme.span.end)
        else:
            spans.append(phoneme.span)
    return tuple(spans)


def expectation(plan: RenderPlan, spoken: Sequence[SpokenSegment]) -> Expectation:
    """What the finished file should be."""
    rate = int(AUDIO.rate)

    def seconds(spans: Sequence[Span]) -> tuple[tuple[float, float], ...]:
        return tuple((s.start / rate, s.end / rate) for s in spans)

    heard = [
        span.shifted(cut.start)
        for cut, item in zip(plan.audio, spoken, strict=True)
        for span in speech_spans(item.track.timeline)
    ]
    stills = [s.span for s in plan.scenes if s.avatar is None]
    timebase = plan.rendition.timebase
    return Expectation(
        frames=plan.frames,
        samples=plan.samples,
        lufs=plan.rendition.lufs,
        dbtp=plan.rendition.dbtp,
        speech=seconds(heard),
        captions=seconds([c.span for c in plan.captions]),
        still=tuple((timebase.seconds(s.start), timebase.seconds(s.end)) for s in stills),
    )


def check_clip(
    plan: RenderPlan, spoken: Sequence[SpokenSegment], services: Services, context: Context, out: Path
) -> CheckReport:
    """Measure the finished file against the plan."""
    return check_file(services.ffmpeg, out, expectation(plan, spoken), cancelled=context.is_cancelled)


def expectation_of(clip: Path) -> Expectation | None:
    """What the manifest beside a clip says the clip should be; None: no manifest, or it belongs to another clip."""
    try:
        document = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
        if document["files"]["video"]["sha256"] != file_digest(clip):
            return None
        return TypeAdapter(Expectation).validate_python(document["expectation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
