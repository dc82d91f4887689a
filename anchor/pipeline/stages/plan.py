"""compose: from what is heard and whose mouth moves to the plan of the picture."""

from __future__ import annotations

from collections.abc import Callable

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.face import AnchorClip
from anchor.core.layers import LAYERS
from anchor.core.plan import RenderPlan
from anchor.pipeline.draw.chunks import plan_chunks
from anchor.pipeline.graph import up_to, version_of
from anchor.pipeline.narration_tracks import heard
from anchor.pipeline.plan.compose import compose as compose_plan
from anchor.pipeline.plan.spoken_segment import SpokenSegment
from anchor.pipeline.programme import Composed, Made, Programme
from anchor.pipeline.services import Context
from anchor.pipeline.stages.speech import prepare_key


def spoken_segments(
    programme: Programme, clip: Callable[[int], AnchorClip | None] | None = None
) -> tuple[SpokenSegment, ...]:
    """Every segment with all that earlier stages made of it; `clip` gives a segment's mouth, or none."""
    clip_of = clip or programme.clip
    pairs = zip(programme.spec.script.segments, programme.utterances, strict=True)
    return tuple(
        SpokenSegment(segment, utterance, programme.track(i), clip_of(i), programme.resolved.cast_of(segment))
        for i, (segment, utterance) in enumerate(pairs)
    )


def plan_of(programme: Programme, spoken: tuple[SpokenSegment, ...]) -> RenderPlan:
    """The plan of the picture of these segments."""
    resolved = programme.resolved
    return compose_plan(programme.spec.script, spoken, resolved.look, resolved.rendition, resolved.together)


def compose_key(programme: Programme) -> str:
    """Of `Composed`: all that the plan depends on, so that later units need not read what was spoken."""
    resolved, services = programme.resolved, programme.services
    who = {key: (c.avatar.digest, c.avatar.engine, c.voice.digest, c.voice.engine) for key, c in resolved.cast.items()}
    return digest_of(
        "compose",
        [version_of(name) for name in up_to("compose")],
        __version__,
        LAYERS,
        programme.spec.script,
        prepare_key(programme),
        who,
        {name: (v.digest, v.engine) for name, v in resolved.quoted.items()},
        [(name, heard(recording)) for name, recording in programme.recordings],
        (resolved.look.digest, resolved.rendition),
        (services.ffmpeg.version, services.settings.chunk_frames),
    )


def compose(programme: Programme, index: int, context: Context) -> Made[Composed]:
    """The plan, and where its picture is cut."""

    def make() -> Composed:
        plan = plan_of(programme, spoken_segments(programme))
        return Composed(plan, plan_chunks(plan, programme.services.settings.chunk_frames))

    made = programme.kept("compose", compose_key(programme), Composed, make)
    for notice in made.value.plan.notices:
        context.emit(notice)
    return made
