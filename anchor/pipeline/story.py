"""A job's script with every name resolved: what is said, spoken, synced and planned, found in the store or made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.errors import AnchorError, ScriptError
from anchor.core.face import AnchorClip
from anchor.core.plan import RenderPlan
from anchor.core.script import Segment
from anchor.core.speech import SpeechTrack, Utterance
from anchor.core.time import Span
from anchor.pipeline.draw.chunks import plan_chunks
from anchor.pipeline.narrate import NARRATE_VERSION, heard, narrated_key, narrated_tracks
from anchor.pipeline.plan.casting import resolve
from anchor.pipeline.plan.compose import COMPOSE_VERSION, compose
from anchor.pipeline.plan.spoken import SpokenSegment
from anchor.pipeline.segments import (
    MONO_AS_STEREO_LU,
    PREPARE_VERSION,
    SPEAK_VERSION,
    SYNC_VERSION,
    at_segment,
    prepare,
    speak_key,
    speak_on_air,
    sync_key,
    sync_segment,
)
from anchor.pipeline.services import Context, Services, silent
from anchor.pipeline.spec import JobSpec


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is said in every segment of a script."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """The plan of the programme, and where its picture is cut."""

    plan: RenderPlan
    chunks: tuple[Span, ...]


class Story:
    """A job's names resolved, and the ways from unit to unit."""

    def __init__(self, spec: JobSpec, services: Services, context: Context) -> None:
        if not spec.script.segments:
            raise ScriptError("the script has nothing to read", hint="write at least one sentence")
        self.spec, self.services, self.context = spec, services, context
        self.resolved = resolve(spec.script, spec.choices, services)
        self._prepared: Prepared | None = None
        self._composed: Composed | None = None

    @property
    def quiet(self) -> Context:
        """For inputs that are made in passing: their own unit has told of them."""
        return replace(self.context, emit=silent)

    def prepare_key(self) -> str:
        """Of `Prepared`."""
        return digest_of(
            "prepare", PREPARE_VERSION, __version__, self.spec.script.segments, self.services.reader.layers
        )

    def prepared(self, context: Context | None = None) -> tuple[Prepared, bool]:
        """What is said."""
        if self._prepared is not None:
            return self._prepared, True
        key = self.prepare_key()
        self._prepared = self.services.store.result("prepare", key, Prepared)
        if self._prepared is not None:
            return self._prepared, True
        self._prepared = Prepared(prepare(self.spec.script, self.services, context or self.quiet))
        self.services.store.keep("prepare", key, self._prepared)
        return self._prepared, False

    def spoken(self, index: int, context: Context | None = None) -> tuple[SpeechTrack, str, bool]:
        """A segment's speech, its key, and whether it was there."""
        segment = self.spec.script.segments[index]
        utterances = self.prepared()[0].utterances
        by_recording = self._narrated_key(segment, utterances)
        context = context or self.quiet
        if by_recording is not None:
            tracks = narrated_tracks(
                self.spec.script,
                utterances,
                self.spec.choices.narration,
                self.resolved.cast,
                self.resolved.rendition,
                self.services,
                context,
            )
            track, cached = tracks[segment.id]
            return track, by_recording, cached
        voice, rendition = self.resolved.cast_of(segment).voice, self.resolved.rendition
        try:
            track, cached = speak_on_air(utterances[index], voice, rendition, self.services, context)
        except AnchorError as error:
            raise at_segment(error, segment) from error.__cause__
        speaker = next(v for v in (*voice.members, voice) if (v.digest, v.engine) == (track.voice_digest, track.engine))
        lufs = rendition.lufs - MONO_AS_STEREO_LU
        return track, speak_key(utterances[index], speaker, lufs, rendition.dbtp, self.services), cached

    def _narrated_key(self, segment: Segment, utterances: tuple[Utterance, ...]) -> str | None:
        narration = self.spec.choices.narration
        rendition = self.resolved.rendition
        return narrated_key(self.spec.script, utterances, narration, segment, rendition, self.services)

    def synced(self, index: int) -> tuple[AnchorClip, str, bool]:
        """A segment's mouth, its key, and whether it was there."""
        segment = self.spec.script.segments[index]
        track, _, _ = self.spoken(index)
        avatar, timebase = self.resolved.cast_of(segment).avatar, self.resolved.rendition.timebase
        try:
            clip, cached = sync_segment(track, avatar, timebase, self.services, self.context)
        except AnchorError as error:
            raise at_segment(error, segment) from error.__cause__
        return clip, sync_key(track, avatar, timebase, self.services), cached

    def segments(self) -> tuple[SpokenSegment, ...]:
        """Every segment with all that earlier units made of it."""
        segments = self.spec.script.segments
        return tuple(
            SpokenSegment(segment, utterance, self.spoken(i)[0], self.synced(i)[0], self.resolved.cast_of(segment))
            for i, (segment, utterance) in enumerate(zip(segments, self.prepared()[0].utterances, strict=True))
        )

    def compose_key(self) -> str:
        """Of `Composed`: all that the plan depends on, so that later units need not read what was spoken."""
        who = {
            key: (c.avatar.digest, c.avatar.engine, c.voice.digest, c.voice.engine)
            for key, c in self.resolved.cast.items()
        }
        return digest_of(
            "compose",
            (PREPARE_VERSION, SPEAK_VERSION, NARRATE_VERSION, SYNC_VERSION, COMPOSE_VERSION, __version__),
            self.spec.script,
            self.prepare_key(),
            who,
            {name: (v.digest, v.engine) for name, v in self.resolved.quoted.items()},
            [(name, heard(Path(path))) for name, path in self.spec.choices.narration],
            (self.resolved.look.digest, self.resolved.look.path, self.resolved.rendition),
            (self.services.ffmpeg.version, self.services.settings.chunk_frames),
        )

    def composed(self) -> tuple[Composed, bool]:
        """The plan."""
        if self._composed is not None:
            return self._composed, True
        key = self.compose_key()
        self._composed = self.services.store.result("compose", key, Composed)
        if self._composed is not None:
            return self._composed, True
        plan = compose(
            self.spec.script,
            self.segments(),
            self.resolved.look,
            self.resolved.rendition,
            self.resolved.together,
        )
        self._composed = Composed(plan, plan_chunks(plan, self.services.settings.chunk_frames))
        self.services.store.keep("compose", key, self._composed)
        return self._composed, False
