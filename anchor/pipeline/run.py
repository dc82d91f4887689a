"""What a front door asks for: a clip, a plan, a frame, a spoken text."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.core.errors import ConsentError, PackError, ScriptError
from anchor.core.events import Emit, Notice
from anchor.core.files import write_whole
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckReport
from anchor.core.script import Script
from anchor.core.speech import Caption, SpeechTrack, Utterance
from anchor.graphics.captions import plan_captions
from anchor.messages import message
from anchor.pipeline.assets import store_assets, take_in_packs
from anchor.pipeline.deliver.files import write_still
from anchor.pipeline.deliver.manifest import MadeFile, check_folder, put_clip
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.graph import STAGES
from anchor.pipeline.plan.casting import Choices, resolve
from anchor.pipeline.plan.compose import scene_at
from anchor.pipeline.programme import Programme
from anchor.pipeline.segments import speak_segment
from anchor.pipeline.services import Context, Services, never, silent
from anchor.pipeline.spec import JobSpec
from anchor.pipeline.stage_record import StageRecord
from anchor.pipeline.stages.delivery import Checked
from anchor.pipeline.stages.plan import plan_of, spoken_segments
from anchor.pipeline.text_stream import text_to_say, voice_to_say
from anchor.pipeline.walk import Ledger, Walk

SPEAK_LUFS = -16.0
SPEAK_DBTP = -1.5
"""What `anchor speak` writes: the web level, measured on the mono file itself."""


__all__ = [
    "Choices",
    "RenderResult",
    "StageRecord",
    "plan_script",
    "preview_script",
    "render_script",
    "speak_text",
]


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What a render made."""

    files: tuple[MadeFile, ...]
    duration_s: float
    frames: int
    seconds: float
    """From the script to the files; stages go on side by side, so theirs add up to more."""
    stages: tuple[StageRecord, ...]
    check: CheckReport
    notices: tuple[Notice, ...]
    voices: tuple[tuple[str, str], ...]
    """Who spoke: voice and engine, in order of appearance."""


def _begun(script: Script, choices: Choices, services: Services, context: Context, ledger: Ledger) -> Walk:
    """A walk that knows what will be said."""
    # Asked beside the look-ups and the reading, so that a missing one is said once.
    finding = services.pool.submit(lambda: services.ffmpeg)
    spec = store_assets(JobSpec(script, choices), services.store)
    spec = take_in_packs(spec, services.settings.shelves, services.packs, services.clock().date())
    walk = Walk(_opened(spec, services, context), ledger)
    walk.to("prepare")
    finding.result()
    return walk


def _opened(spec: JobSpec, services: Services, context: Context) -> Programme:
    """A programme; a fault of a pack is told of the one on the shelf, which somebody can mend, not of its copy."""
    try:
        return Programme(spec, services, context)
    except (PackError, ConsentError):
        resolve(spec.script, spec.choices, services)
        raise


def render_script(
    script: Script,
    choices: Choices,
    out: Path,
    services: Services,
    emit: Emit = silent,
    cancelled: Callable[[], bool] = never,
) -> RenderResult:
    """Make the finished clip at `out` with its captions, poster and manifest beside it.

    Every unit's result stays in the store: what a run that was killed or a job has made is not made again.
    Nothing is at `out` until the clip is whole; on an error or a cancel nothing of this run stays there.

    Raises:
        AnchorError: any of the tree, with the place and what to do.
    """
    begun, ledger = time.perf_counter(), Ledger(emit)
    with services.store.workdir() as work:
        context = Context(emit=ledger.emit, cancelled=cancelled, workdir=work)
        walk = _begun(script, choices, services, context, ledger)
        check_folder(out)
        walk.to(*STAGES)
        programme = walk.programme
        plan, spoken = programme.plan, spoken_segments(programme)
        report = programme.value(Checked, "check").report
        files = put_clip(
            out, programme.files, plan, spoken, ledger.stages, ledger.notices, report, services, script.embargo
        )
    return RenderResult(
        files=files,
        duration_s=plan.rendition.timebase.seconds(plan.frames),
        frames=plan.frames,
        seconds=time.perf_counter() - begun,
        stages=tuple(ledger.stages),
        check=report,
        notices=tuple(ledger.notices),
        voices=tuple(dict.fromkeys((item.track.voice, item.track.engine) for item in spoken)),
    )


def plan_script(script: Script, choices: Choices, services: Services, emit: Emit = silent) -> RenderPlan:
    """The resolved plan; speaks and syncs what the cache does not have yet."""
    ledger = Ledger(emit)
    with services.store.workdir() as work:
        walk = _begun(script, choices, services, Context(emit=ledger.emit, workdir=work), ledger)
        walk.to("compose")
    return walk.programme.plan


def preview_script(
    script: Script, choices: Choices, at_seconds: float, out: Path, services: Services, emit: Emit = silent
) -> None:
    """One finished frame as a picture; only the segment that shows is synced.

    Raises:
        ScriptError: the time lies outside the programme.
    """
    ledger = Ledger(emit)
    context = Context(emit=ledger.emit)
    walk = _begun(script, choices, services, context, ledger)
    walk.to("speak")
    programme = walk.programme
    plan = plan_of(programme, spoken_segments(programme, lambda index: None))
    for notice in plan.notices:
        ledger.emit(notice)
    timebase = plan.rendition.timebase
    frame = int(at_seconds * timebase.rate)
    if not 0 <= frame < plan.frames:
        lasts = message("pipeline.clip-lasts", seconds=float(timebase.seconds(plan.frames)))
        raise ScriptError(message("pipeline.outside-clip", second=at_seconds), hint=lasts)
    shown = scene_at(plan, frame).segment
    if shown is not None:
        clip = programme.clip([s.id for s in script.segments].index(shown))
        speaking = (replace(scene, clip=clip) if scene.segment == shown else scene for scene in plan.scenes)
        plan = replace(plan, scenes=tuple(speaking))
    with PictureMaker(plan, services, programme.context) as pictures:
        write_still(pictures.frame(frame), out)


def speak_text(
    text: str,
    voice: str | None,
    wav: Path,
    services: Services,
    emit: Emit = silent,
    cancelled: Callable[[], bool] = never,
    *,
    pauses: Sequence[tuple[int, int]] = (),
    pace: int = 0,
) -> tuple[Utterance, SpeechTrack, tuple[Caption, ...]]:
    """Speak a text to a WAV file; `pauses` are (character offset, milliseconds), `pace` is as in `Segment`.

    Raises:
        ScriptError, PackError, ConsentError, EngineError, MediaError, StorageError, JobCancelled.
    """
    chosen = voice_to_say(voice, services)
    services.pool.submit(services.warm_speech, chosen)  # beside the reading
    utterance = text_to_say(text, services, pauses, pace)
    for notice in utterance.notices:
        emit(notice)
    track, _ = speak_segment(
        utterance, chosen, SPEAK_LUFS, SPEAK_DBTP, services, Context(emit=emit, cancelled=cancelled)
    )
    with write_whole(wav) as partial:
        shutil.copyfile(services.store.path(track.audio), partial)
    return utterance, track, plan_captions(utterance, track.timeline)
