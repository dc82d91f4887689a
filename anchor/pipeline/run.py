"""The fold: script in, finished files out, with events, cache and cancel."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from anchor.core.errors import AnchorError, ScriptError
from anchor.core.events import Emit, Event, Notice, StageFailed, StageFinished, StageProgress, StageStarted
from anchor.core.face import AnchorClip
from anchor.core.plan import RenderPlan
from anchor.core.quality import CheckReport
from anchor.core.script import Script, Segment
from anchor.core.speech import Caption, SpeechTrack, Utterance
from anchor.graphics.captions import plan_captions
from anchor.pipeline.deliver.expected import check_clip
from anchor.pipeline.deliver.files import write_still
from anchor.pipeline.deliver.manifest import MadeFile, deliver
from anchor.pipeline.draw.picture import PictureMaker
from anchor.pipeline.listen import text_to_say, voice_to_say
from anchor.pipeline.narrate import narrated_tracks
from anchor.pipeline.plan.casting import Choices, Resolved, resolve
from anchor.pipeline.plan.compose import compose, scene_at
from anchor.pipeline.plan.spoken import SpokenSegment
from anchor.pipeline.record import StageRecord
from anchor.pipeline.segments import (
    at_segment,
    prepare,
    speak_on_air,
    speak_segment,
    sync_segment,
)
from anchor.pipeline.services import Context, Services, never, silent
from anchor.store.store import storage_errors

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

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What a render made."""

    files: tuple[MadeFile, ...]
    duration_s: float
    frames: int
    stages: tuple[StageRecord, ...]
    check: CheckReport
    notices: tuple[Notice, ...]
    voices: tuple[tuple[str, str], ...]
    """Who spoke: voice and engine, in order of appearance."""


@dataclass
class _Run:
    """One run's ledger of stages and notices, in front of the caller's event sink."""

    sink: Emit
    stages: list[StageRecord] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        if isinstance(event, Notice):
            if event in self.notices:
                return  # said of another segment already
            self.notices.append(event)
        self.sink(event)

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[_Stage]:
        self.emit(StageStarted(name, total, unit))
        stage = _Stage(self, name, total, unit)
        begun = time.perf_counter()
        try:
            yield stage
        except AnchorError as error:
            self.emit(StageFailed(name, error.code, error.message))
            raise
        seconds = time.perf_counter() - begun
        self.stages.append(StageRecord(name, seconds, stage.cached))
        self.emit(StageFinished(name, seconds, stage.cached))


@dataclass
class _Stage:
    run: _Run
    name: str
    total: int
    unit: str
    done: int = 0
    made: int = 0

    @property
    def cached(self) -> bool:
        """Every unit came from the cache."""
        return self.done > 0 and self.made == 0

    def advance(self, cached: bool = False) -> None:
        self.done += 1
        self.made += not cached
        self.run.emit(StageProgress(self.name, self.done, self.total, self.unit))

    def report(self, done: int, total: int) -> None:
        self.done, self.made = done, done
        self.run.emit(StageProgress(self.name, done, total, self.unit))


def _speak_and_sync(
    script: Script,
    utterances: Sequence[Utterance],
    resolved: Resolved,
    narration: Sequence[tuple[str, str]],
    services: Services,
    context: Context,
    run: _Run,
) -> list[SpokenSegment]:
    rendition = resolved.rendition
    narrated: dict[str, tuple[SpeechTrack, bool]] = {}

    def speak(segment: Segment, utterance: Utterance) -> tuple[SpeechTrack, bool]:
        with _at(segment):
            context.check_cancelled()
            if segment.id in narrated:
                return narrated[segment.id]
            return speak_on_air(utterance, resolved.cast_of(segment).voice, rendition, services, context)

    def sync(segment: Segment, track: SpeechTrack) -> tuple[AnchorClip, bool]:
        with _at(segment):
            context.check_cancelled()
            avatar = resolved.cast_of(segment).avatar
            return sync_segment(track, avatar, rendition.timebase, services, context)

    # Packs, ffmpeg and engines are looked up before the threads start, so that a missing one is said once.
    _ = services.ffmpeg
    syncing: list[Future[tuple[AnchorClip, bool]]] = []
    try:
        with run.stage("speak", len(utterances), "segment") as stage:
            narrated |= narrated_tracks(script, utterances, narration, resolved.cast, rendition, services, context)
            pairs = zip(script.segments, utterances, strict=True)
            speaking = [services.pool.submit(speak, segment, utterance) for segment, utterance in pairs]
            tracks = []
            for segment, track in zip(script.segments, _collected(speaking, context, stage), strict=True):
                tracks.append(track)
                syncing.append(services.pool.submit(sync, segment, track))  # beside what is still spoken
        services.close_speech()  # what follows needs the memory
        with run.stage("sync", len(tracks), "segment") as stage:
            clips = list(_collected(syncing, context, stage))
    finally:
        _dropped(syncing)
    return [
        SpokenSegment(segment, utterance, track, clip, resolved.cast_of(segment))
        for segment, utterance, track, clip in zip(script.segments, utterances, tracks, clips, strict=True)
    ]


def _collected(futures: Sequence[Future[tuple[B, bool]]], context: Context, stage: _Stage) -> Iterator[B]:
    """Results in order, each counted; the first error wins and ends the others."""
    try:
        for future in futures:
            value, cached = future.result()
            stage.advance(cached)
            yield value
    except BaseException:
        context.stopped.set()
        raise
    finally:
        _dropped(futures)


def _dropped(futures: Sequence[Future[B]]) -> None:
    """Nothing of these is left running."""
    for future in futures:
        future.cancel()
    wait(futures)


@contextmanager
def _at(segment: Segment) -> Iterator[None]:
    try:
        yield
    except AnchorError as error:
        raise at_segment(error, segment) from error.__cause__


def _planned(
    script: Script, choices: Choices, services: Services, context: Context, run: _Run
) -> tuple[RenderPlan, list[SpokenSegment]]:
    if not script.segments:
        raise ScriptError("the script has nothing to read", hint="write at least one sentence")
    # Asked beside the look-ups and the reading; what it finds wrong is raised where ffmpeg is first needed.
    services.pool.submit(lambda: services.ffmpeg)
    resolved = resolve(script, choices, services)
    with run.stage("prepare", len(script.segments), "segment") as stage:
        utterances = prepare(script, services, context)
        stage.report(len(utterances), len(utterances))
    spoken = _speak_and_sync(script, utterances, resolved, choices.narration, services, context, run)
    with run.stage("compose", 1, "plan") as stage:
        plan = compose(script, spoken, resolved.look, resolved.rendition, resolved.together)
        stage.advance()
    return plan, spoken


def render_script(
    script: Script,
    choices: Choices,
    out: Path,
    services: Services,
    emit: Emit = silent,
    cancelled: Callable[[], bool] = never,
) -> RenderResult:
    """Make the finished clip at `out` with its captions, poster and manifest beside it.

    Nothing is at `out` until the clip is whole; on an error or a cancel nothing of this run stays there.

    Raises:
        AnchorError: any of the tree, with the place and what to do.
    """
    run = _Run(emit)
    with services.store.workdir() as work:
        context = Context(emit=run.emit, cancelled=cancelled, workdir=work)
        plan, spoken = _planned(script, choices, services, context, run)
        with run.stage("render", plan.frames, "frame") as stage:
            clip = deliver(plan, services, context, out, stage.report)
        with run.stage("check", 1, "file") as stage:
            report = check_clip(plan, spoken, services, context, out)
            stage.advance()
        files = clip.finish(plan, spoken, tuple(run.stages), run.notices, report)
    return RenderResult(
        files=files,
        duration_s=plan.rendition.timebase.seconds(plan.frames),
        frames=plan.frames,
        stages=tuple(run.stages),
        check=report,
        notices=tuple(run.notices),
        voices=tuple(dict.fromkeys((item.track.voice, item.track.engine) for item in spoken)),
    )


def plan_script(script: Script, choices: Choices, services: Services, emit: Emit = silent) -> RenderPlan:
    """The resolved plan; speaks and syncs what the cache does not have yet."""
    run = _Run(emit)
    with services.store.workdir() as work:
        plan, _ = _planned(script, choices, services, Context(emit=run.emit, workdir=work), run)
    return plan


def preview_script(
    script: Script, choices: Choices, at_seconds: float, out: Path, services: Services, emit: Emit = silent
) -> None:
    """One finished frame as a picture; only the segment that shows is synced.

    Raises:
        ScriptError: the time lies outside the programme.
    """
    run = _Run(emit)
    context = Context(emit=run.emit)
    resolved = resolve(script, choices, services)
    utterances = prepare(script, services, context)
    narrated = narrated_tracks(
        script, utterances, choices.narration, resolved.cast, resolved.rendition, services, context
    )
    spoken: list[SpokenSegment] = []
    for segment, utterance in zip(script.segments, utterances, strict=True):
        cast = resolved.cast_of(segment)
        with _at(segment):
            track, _ = narrated.get(segment.id) or speak_on_air(
                utterance, cast.voice, resolved.rendition, services, context
            )
        spoken.append(SpokenSegment(segment, utterance, track, None, cast))
    plan = compose(script, spoken, resolved.look, resolved.rendition, resolved.together)
    timebase = plan.rendition.timebase
    frame = int(at_seconds * timebase.rate)
    if not 0 <= frame < plan.frames:
        raise ScriptError(
            f"second {at_seconds:g} is outside the clip", hint=f"it lasts {timebase.seconds(plan.frames):.2f} seconds"
        )
    shown = scene_at(plan, frame)
    if shown.segment is not None:
        item = next(s for s in spoken if s.segment.id == shown.segment)
        clip, _ = sync_segment(item.track, item.cast.avatar, timebase, services, context)
        speaking = (replace(scene, clip=clip) if scene.segment == shown.segment else scene for scene in plan.scenes)
        plan = replace(plan, scenes=tuple(speaking))
    with PictureMaker(plan, services, context) as pictures:
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
    with storage_errors(wav):
        partial = wav.with_name(f".{wav.name}.partial")
        try:
            shutil.copyfile(services.store.path(track.audio), partial)
            partial.replace(wav)
        finally:
            partial.unlink(missing_ok=True)
    return utterance, track, plan_captions(utterance, track.timeline)
