"""What is made of one segment: its reading, its speech, its presenter's mouth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.errors import AnchorError, EngineUnavailable, Place, ScriptError
from anchor.core.events import Notice
from anchor.core.face import AnchorClip, Avatar
from anchor.core.plan import Rendition
from anchor.core.ports import SpeechEngine, Voice
from anchor.core.script import PAUSE, Script, Segment
from anchor.core.speech import SpeechTrack, Utterance
from anchor.core.time import AUDIO, Timebase
from anchor.messages import message
from anchor.pipeline.graph import version_of
from anchor.pipeline.services import Context, Services
from anchor.speech.engines.fallback import FallbackEngine, Passed
from anchor.speech.speak import speak_utterance
from anchor.speech.stream import engine_stream

NEWS_PACE = 270
"""Characters a minute that voices read at pace 1."""

MONO_AS_STEREO_LU = 3.01
"""BS.1770 sums the channels' power: the same mono speech on two channels measures 10·log10(2) LU more."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks a segment, resolved."""

    avatar: Avatar
    voice: Voice


def prepare_segment(segment: Segment, services: Services) -> Utterance:
    """What will be said in a segment.

    Raises:
        ScriptError: with the segment and the place in the file.
    """
    pauses = [(c.at, int(c.field("ms", "0"))) for c in segment.cues if c.kind == PAUSE]
    try:
        utterance = services.reader.read(segment.text, pauses)
    except ScriptError as error:
        span = error.place.span if error.place else None
        place = segment.place(span) if span is not None else Place(file=segment.file, segment=segment.id)
        raise ScriptError(error.message, hint=error.hint, place=place) from error
    pace = segment.pace / NEWS_PACE if segment.pace else 1.0
    return replace(utterance, pace=pace, notices=tuple(_placed(n, segment) for n in utterance.notices))


def _placed(notice: Notice, segment: Segment) -> Notice:
    span = notice.place.span if notice.place else None
    return notice if span is None else replace(notice, place=segment.place(span))


def prepare_script(script: Script, services: Services, context: Context) -> tuple[Utterance, ...]:
    """What will be said, segment by segment."""
    utterances = []
    for segment in script.segments:
        context.check_cancelled()
        utterances.append(prepare_segment(segment, services))
    return tuple(utterances)


def speak_segment(
    utterance: Utterance, voice: Voice, lufs: float, dbtp: float, services: Services, context: Context
) -> tuple[SpeechTrack, bool]:
    """The segment spoken at `lufs` (as a mono file) and whether it came from the cache.

    Of a chain, what each member spoke is kept under that member's own key and asked for only while its engine runs
    here: an engine that is installed later speaks anew.
    """

    def spoken(member: Voice, engine: SpeechEngine) -> tuple[SpeechTrack, bool]:
        return _spoken_by(member, engine, utterance, lufs, dbtp, services, context)

    return FallbackEngine(voice.members or (voice,), services.speech, _teller(context)).first(spoken)


def _teller(context: Context) -> Passed:
    """Says who speaks instead of whom, and how to have the better voice."""

    def passed(could_not: Voice, instead: Voice, error: EngineUnavailable) -> None:
        why = message("pipeline.and-also", first=error.message, rest=error.hint) if error.hint else error.message
        text = message(
            "pipeline.voice-fallback",
            engine=could_not.engine,
            reason=why,
            instead=instead.engine,
            voice=instead.name,
        )
        context.emit(Notice("voice-fallback", text))

    return passed


def stream_segment(
    utterance: Utterance, voice: Voice, services: Services, context: Context
) -> tuple[Voice, int, Iterator[NDArray[np.float32]]]:
    """The utterance while it is made: who speaks, samples a second, and pieces of sound, the first of them ready.

    For listening in: without voice chain and loudness. An engine that cannot stream gives all at once.

    Shapes:
        pieces: [n] float32, −1…1, mono

    Raises:
        As `speak_segment`; the pieces may raise as well.
    """

    def begun(member: Voice, engine: SpeechEngine) -> tuple[Voice, int, Iterator[NDArray[np.float32]]]:
        rate, pieces = engine_stream(engine, utterance, member)
        first = next(pieces, np.zeros(0, np.float32))
        return member, rate, chain((first,), pieces)

    return FallbackEngine(voice.members or (voice,), services.speech, _teller(context)).first(begun)


def speak_key(utterance: Utterance, voice: Voice, lufs: float, dbtp: float, services: Services) -> str:
    """Under which the store keeps what one voice (of a chain: one member) makes of an utterance."""
    return digest_of(
        version_of("speak"),
        __version__,
        utterance.written,
        utterance.items,
        utterance.pace,
        voice.digest,
        voice.engine,
        lufs,
        dbtp,
        services.ffmpeg.version,
    )


def _spoken_by(
    voice: Voice,
    engine: SpeechEngine,
    utterance: Utterance,
    lufs: float,
    dbtp: float,
    services: Services,
    context: Context,
) -> tuple[SpeechTrack, bool]:
    key = speak_key(utterance, voice, lufs, dbtp, services)
    found = services.store.result("speak", key, SpeechTrack)
    if found is not None:
        return found, True
    with services.store.workdir() as work:
        wav = work / "speech.wav"
        speech = speak_utterance(
            utterance,
            voice,
            engine,
            lufs=lufs,
            dbtp=dbtp,
            wav=wav,
            ffmpeg=services.ffmpeg,
            cancelled=context.is_cancelled,
        )
        context.check_cancelled()
        track = SpeechTrack(
            audio=services.store.put(wav),
            timeline=speech.timeline,
            lufs=speech.lufs,
            dbtp=speech.dbtp,
            engine=voice.engine,
            voice=voice.name,
            voice_digest=voice.digest,
        )
    services.store.keep("speak", key, track)
    return track, False


def speak_on_air(
    utterance: Utterance, voice: Voice, rendition: Rendition, services: Services, context: Context
) -> tuple[SpeechTrack, bool]:
    """The segment spoken so that it measures the rendition's loudness on two channels."""
    return speak_segment(utterance, voice, rendition.lufs - MONO_AS_STEREO_LU, rendition.dbtp, services, context)


def sync_key(track: SpeechTrack, avatar: Avatar, timebase: Timebase, services: Services) -> str:
    """Under which the store keeps a presenter's mouth for a track."""
    frames = timebase.ticks_covering(track.timeline.samples, AUDIO)
    heard = track.audio.digest if services.lip_sync(avatar.engine).capabilities.needs_audio else ""
    return digest_of(
        version_of("sync"), __version__, track.timeline, heard, avatar.digest, avatar.engine, frames, timebase
    )


def sync_segment(
    track: SpeechTrack, avatar: Avatar, timebase: Timebase, services: Services, context: Context
) -> tuple[AnchorClip, bool]:
    """The presenter's mouth for one segment, and whether it came from the cache."""
    from anchor.face.reel import ReelWriter  # brings OpenCV, which speech does without

    frames = timebase.ticks_covering(track.timeline.samples, AUDIO)
    engine = services.lip_sync(avatar.engine)
    key = sync_key(track, avatar, timebase, services)
    found = services.store.result("sync", key, AnchorClip)
    if found is not None:
        return found, True
    with services.store.workdir() as work:
        reel = work / "mouth.reel"
        with ReelWriter(reel, frames) as writer:
            audio = services.store.path(track.audio)
            for index, patch in enumerate(engine.sync(avatar, track.timeline, audio, frames, timebase)):
                if index % 8 == 0:
                    context.check_cancelled()
                writer.write(patch)
        clip = AnchorClip(
            avatar=avatar.name,
            avatar_digest=avatar.digest,
            engine=avatar.engine,
            frames=frames,
            timebase=timebase,
            reel=services.store.put(reel),
        )
    services.store.keep("sync", key, clip)
    return clip, False


def at_segment(error: AnchorError, segment: Segment) -> AnchorError:
    """`error` with the segment added to its place."""
    place = error.place or Place(file=segment.file)
    error.place = replace(place, segment=place.segment or segment.id)
    return error
