"""prepare, speak, sync: from the script to what is heard of it and whose mouth moves."""

from __future__ import annotations

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.errors import AnchorError
from anchor.core.events import Notice
from anchor.core.face import AnchorClip
from anchor.core.script import Script
from anchor.core.speech import SpeechTrack
from anchor.pipeline.graph import version_of
from anchor.pipeline.narration_tracks import narrated_key, narrated_tracks
from anchor.pipeline.programme import Made, Prepared, Programme
from anchor.pipeline.segments import (
    MONO_AS_STEREO_LU,
    at_segment,
    prepare_script,
    speak_key,
    speak_on_air,
    sync_key,
    sync_segment,
)
from anchor.pipeline.services import Context


def prepare_key(programme: Programme) -> str:
    """Of `Prepared`."""
    layers = programme.services.reader.layers
    return digest_of(version_of("prepare"), __version__, programme.spec.script.segments, layers)


def prepare(programme: Programme, index: int, context: Context) -> Made[Prepared]:
    """What is said; its notices are told also when it was read before."""
    script, services = programme.spec.script, programme.services
    key = prepare_key(programme)
    made = programme.kept("prepare", key, Prepared, lambda: Prepared(prepare_script(script, services, context)))
    for notice in notices_of(script, made.value):
        context.emit(notice)
    return made


def notices_of(script: Script, prepared: Prepared) -> tuple[Notice, ...]:
    """What somebody should look at: in the script, and in what will be said."""
    return tuple(dict.fromkeys((*script.notices, *(n for u in prepared.utterances for n in u.notices))))


def speak(programme: Programme, index: int, context: Context) -> Made[SpeechTrack]:
    """A segment's speech: of its recording, if one reads it, else of its voice."""
    segment, utterance = programme.spec.script.segments[index], programme.utterances[index]
    by_recording = _narrated(programme, index, context)
    if by_recording is not None:
        return by_recording
    services, rendition = programme.services, programme.resolved.rendition
    voice = programme.resolved.cast_of(segment).voice
    try:
        track, cached = speak_on_air(utterance, voice, rendition, services, context)
    except AnchorError as error:
        raise at_segment(error, segment) from error.__cause__
    speaker = next(v for v in (*voice.members, voice) if (v.digest, v.engine) == (track.voice_digest, track.engine))
    key = speak_key(utterance, speaker, rendition.lufs - MONO_AS_STEREO_LU, rendition.dbtp, services)
    return Made(track, key, cached)


def _narrated(programme: Programme, index: int, context: Context) -> Made[SpeechTrack] | None:
    """A segment's speech out of a recording; None: no recording reads it."""
    script, narration = programme.spec.script, programme.recordings
    segment, utterances = script.segments[index], programme.utterances
    resolved, services = programme.resolved, programme.services
    key = narrated_key(script, utterances, narration, segment, resolved.rendition, services)
    if key is None:
        return None
    with programme.aligning:
        tracks = narrated_tracks(script, utterances, narration, resolved.cast, resolved.rendition, services, context)
    track, cached = tracks[segment.id]
    return Made(track, key, cached)


def sync(programme: Programme, index: int, context: Context) -> Made[AnchorClip]:
    """A segment's mouth."""
    segment, track = programme.spec.script.segments[index], programme.track(index)
    avatar, timebase = programme.resolved.cast_of(segment).avatar, programme.resolved.rendition.timebase
    try:
        clip, cached = sync_segment(track, avatar, timebase, programme.services, context)
    except AnchorError as error:
        raise at_segment(error, segment) from error.__cause__
    return Made(clip, sync_key(track, avatar, timebase, programme.services), cached)
