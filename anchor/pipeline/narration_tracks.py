"""Recordings as the source of speech: which segment is read by which file, and the tracks that come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anchor import __version__
from anchor.core.artifact import digest_of, file_digest
from anchor.core.errors import MediaError, ScriptError
from anchor.core.events import Notice
from anchor.core.files import storage_errors
from anchor.core.plan import Rendition
from anchor.core.script import Script, Segment
from anchor.core.speech import SpeechTrack, Utterance
from anchor.messages import message, os_reason
from anchor.pipeline.graph import version_of
from anchor.pipeline.plan.casting import LISTENER
from anchor.pipeline.segments import MONO_AS_STEREO_LU, Cast
from anchor.pipeline.services import Context, Services
from anchor.speech.narration import NarratedSegment, cut_narration, load_narration, write_narration

ENGINE = "narration"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file in which somebody reads segments."""

    path: Path
    name: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Narrated:
    """A segment's track out of a recording, and what should be looked at."""

    track: SpeechTrack
    notices: tuple[Notice, ...]


def narrated_tracks(
    script: Script,
    utterances: Sequence[Utterance],
    narration: Sequence[tuple[str, Recording]],
    cast: Mapping[str, Cast],
    rendition: Rendition,
    services: Services,
    context: Context,
) -> dict[str, tuple[SpeechTrack, bool]]:
    """Segment id → track and whether it came from the cache, for every segment that a recording reads.

    Args:
        script: the whole script.
        utterances: of its segments.
        narration: (segment id, recording); the id "" is for all segments that have no recording of their own, in order.
        cast: presenter → who speaks.
        rendition: for the loudness.
        services: engines, store, ffmpeg.
        context: where notices go.

    Raises:
        ScriptError: no such segment, one is given twice, or the recording says something else.
        MediaError: the recording cannot be used.
    """
    made: dict[str, tuple[SpeechTrack, bool]] = {}
    for source, own in _parts(script, utterances, narration):
        made |= _read_by(source, own, cast, rendition, services, context)
    return made


def narrated_key(
    script: Script,
    utterances: Sequence[Utterance],
    narration: Sequence[tuple[str, Recording]],
    segment: Segment,
    rendition: Rendition,
    services: Services,
) -> str | None:
    """Under which the store keeps what a recording gives a segment; None: no recording reads it.

    Raises:
        ScriptError, MediaError: as of `narrated_tracks`.
    """
    for source, own in _parts(script, utterances, narration):
        for (read, _), key in zip(own, _keys(heard(source), own, rendition, services), strict=True):
            if read.id == segment.id:
                return key
    return None


def _parts(
    script: Script, utterances: Sequence[Utterance], narration: Sequence[tuple[str, Recording]]
) -> Iterator[tuple[Recording, list[tuple[Segment, Utterance]]]]:
    """Each recording with the segments that it reads."""
    given = dict(narration)
    known = [s.id for s in script.segments]
    for name, _ in narration:
        if name and name not in known:
            what = message("pipeline.no-segment", name=name)
            raise ScriptError(what, hint=message("pipeline.there-are", known=tuple(known)))
    if len(given) < len(narration):
        raise ScriptError(message("pipeline.two-narrations"), hint=message("pipeline.two-narrations-hint"))
    pairs = list(zip(script.segments, utterances, strict=True))
    for name, recording in given.items():
        own = [(s, u) for s, u in pairs if s.id == name or (not name and s.id not in given)]
        if own:
            yield recording, own


def heard(recording: Recording) -> str:
    """Digest of a recording.

    Raises:
        MediaError: there is none, or it cannot be read.
    """
    if not recording.path.is_file():
        what = message("pipeline.no-recording", path=str(recording.path))
        raise MediaError(what, hint=message("pipeline.no-recording-hint"))
    try:
        return file_digest(recording.path)
    except OSError as error:
        what = message("pipeline.cannot-read", path=str(recording.path), reason=os_reason(error))
        raise MediaError(what, hint=message("pipeline.cannot-read-hint")) from error


def _keys(
    heard: str, pairs: Sequence[tuple[Segment, Utterance]], rendition: Rendition, services: Services
) -> list[str]:
    lufs = rendition.lufs - MONO_AS_STEREO_LU
    texts = [u.items for _, u in pairs]
    basis = (version_of("speak"), __version__, heard, texts, lufs, rendition.dbtp, services.ffmpeg.version)
    return [digest_of("narrate", *basis, index) for index in range(len(pairs))]


def _read_by(
    source: Recording,
    pairs: Sequence[tuple[Segment, Utterance]],
    cast: Mapping[str, Cast],
    rendition: Rendition,
    services: Services,
    context: Context,
) -> dict[str, tuple[SpeechTrack, bool]]:
    digest = heard(source)
    keys = _keys(digest, pairs, rendition, services)
    found = [services.store.result("speak", key, Narrated) for key in keys]
    cached = all(item is not None for item in found)
    kept = (
        [item for item in found if item is not None]
        if cached
        else _align(source, digest, pairs, cast, rendition, services, context)
    )
    if not cached:
        for key, item in zip(keys, kept, strict=True):
            services.store.keep("speak", key, item)
    for item in kept:
        for notice in item.notices:
            context.emit(notice)
    return {segment.id: (item.track, cached) for (segment, _), item in zip(pairs, kept, strict=True)}


def _align(
    source: Recording,
    heard: str,
    pairs: Sequence[tuple[Segment, Utterance]],
    cast: Mapping[str, Cast],
    rendition: Rendition,
    services: Services,
    context: Context,
) -> list[Narrated]:
    listener = services.voice(LISTENER, context.shelves)
    parts = [NarratedSegment(s, u, services.speech(listener.engine).speak(u, listener)) for s, u in pairs]
    made = []
    with services.store.workdir() as work, storage_errors(work):
        raw = work / "narration.f32"
        samples = load_narration(services.ffmpeg, source.path, raw, context.is_cancelled)
        context.check_cancelled()
        cuttings, notices = cut_narration(samples, parts, source.name)
        for index, ((segment, _), cutting) in enumerate(zip(pairs, cuttings, strict=True)):
            context.check_cancelled()
            wav = work / "speech.wav"
            speech = write_narration(
                samples,
                cutting,
                lufs=rendition.lufs - MONO_AS_STEREO_LU,
                dbtp=rendition.dbtp,
                wav=wav,
                ffmpeg=services.ffmpeg,
                cancelled=context.is_cancelled,
            )
            track = SpeechTrack(
                audio=services.store.put(wav),
                timeline=speech.timeline,
                lufs=speech.lufs,
                dbtp=speech.dbtp,
                engine=ENGINE,
                voice=cast[segment.presenter].voice.name,
                voice_digest=heard,
            )
            made.append(Narrated(track, notices if index == 0 else ()))
    return made
