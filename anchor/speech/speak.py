"""Utterance → WAV at 48 kHz with its timeline: engine, voice chain, loudness."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, StorageError
from anchor.core.ports import SpeechEngine, Spoken, Voice
from anchor.core.speech import SILENCE, Phoneme, PhonemeTimeline, Utterance
from anchor.core.time import AUDIO, Span, Timebase
from anchor.media.loudness import level
from anchor.media.meter import RATE_HZ, SILENT_LUFS, power_lufs, weigh
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import FFmpeg
from anchor.messages import message, os_reason
from anchor.speech.voice_chain import voice_args

LEAD_MS = 120
"""Silence before the first sound: the mouth opens from rest."""
TAIL_MS = 180
"""Silence after the last."""
SHORT_S = 1.2
"""Less speech than this fills too few gating blocks of 0.4 s; its own mean is levelled instead."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What was made of an utterance."""

    timeline: PhonemeTimeline
    """At 48 kHz, in samples of the WAV."""
    lufs: float
    """Integrated loudness of the WAV; −70 where it is silent."""
    dbtp: float
    """True peak of the WAV."""


def speak_utterance(
    utterance: Utterance,
    voice: Voice,
    engine: SpeechEngine,
    *,
    lufs: float,
    dbtp: float,
    wav: Path,
    ffmpeg: FFmpeg,
    cancelled: Cancelled | None = None,
) -> Speech:
    """Speak into a mono 24-bit WAV; the same utterance, voice and ffmpeg give the same bytes.

    Args:
        utterance: what to say.
        voice: who says it.
        engine: the voice's engine, entered.
        lufs: loudness aimed at.
        dbtp: true-peak ceiling.
        wav: file to write.
        ffmpeg: the program for chain and limiter.
        cancelled: asked while ffmpeg runs.

    Raises:
        EngineError: the engine failed, or its phonemes do not tile its samples.
        MediaError: ffmpeg failed.
        StorageError: the disk is full.
        JobCancelled: `cancelled` said so.
    """
    spoken = with_silence(engine.speak(utterance, voice))
    timeline = at_48_khz(spoken)
    speech = speech_span(timeline)
    with tempfile.TemporaryDirectory(dir=wav.parent, prefix=".speak-") as scratch:
        raw, chained = Path(scratch) / "engine.f32", Path(scratch) / "chain.f32"
        write_raw(raw, spoken.pcm)
        natural = engine.capabilities.natural
        chain = voice_args(ffmpeg.path, raw, spoken.rate, chained, timeline.samples, natural=natural)
        run_ffmpeg(chain, cancelled=cancelled)
        short = len(speech) < SHORT_S * RATE_HZ
        measure = (lambda path: span_lufs(path, speech)) if short else None
        found = level(ffmpeg, chained, wav, lufs=lufs, dbtp=dbtp, measure=measure, cancelled=cancelled)
    return Speech(timeline, found.lufs, found.dbtp)


def write_raw(path: Path, pcm: NDArray[np.float32]) -> None:
    """Write samples as they are.

    Raises:
        StorageError: the disk is full.
    """
    try:
        path.write_bytes(pcm.astype("<f4", copy=False).data)
    except OSError as error:
        what = message("core.cannot-write", path=str(path), reason=os_reason(error))
        raise StorageError(what, hint=message("speech.free-some-space")) from error


def with_silence(spoken: Spoken) -> Spoken:
    """Speech with lead and tail.

    Raises:
        EngineError: the phonemes do not tile the samples.
    """
    lead, tail = (round(ms * spoken.rate / 1000) for ms in (LEAD_MS, TAIL_MS))
    at, end = 0, lead + len(spoken.pcm)
    inner: list[Phoneme] = []
    for phoneme in spoken.phonemes:
        if phoneme.span.start != at:
            start = phoneme.span.start
            raise EngineError(message("speech.phoneme-begins", symbol=phoneme.symbol, start=start, at=at))
        at = phoneme.span.end
        inner.append(replace(phoneme, span=phoneme.span.shifted(lead)))
    if at != len(spoken.pcm):
        raise EngineError(message("speech.phonemes-end", at=at, end=len(spoken.pcm)))
    first, last = Span(0, lead), Span(end, end + tail)
    if inner and inner[0].symbol == SILENCE:
        first = Span(0, inner.pop(0).span.end)
    if inner and inner[-1].symbol == SILENCE:
        last = Span(inner.pop().span.start, end + tail)
    if not inner:
        first, last = Span(0, end + tail), Span(end + tail, end + tail)
    silences = [Phoneme(SILENCE, span, None) for span in (first, last)]
    phonemes = (silences[0], *inner, *(s for s in silences[1:] if len(s.span)))
    pcm = np.concatenate([np.zeros(lead, np.float32), spoken.pcm, np.zeros(tail, np.float32)])
    return Spoken(pcm, spoken.rate, phonemes)


def at_48_khz(spoken: Spoken) -> PhonemeTimeline:
    """The timeline in samples at 48 kHz, each boundary converted from its absolute position."""
    clock = Timebase(Fraction(spoken.rate))
    edges = [AUDIO.ticks_at(p.span.start, clock) for p in spoken.phonemes]
    edges.append(AUDIO.ticks_at(len(spoken.pcm), clock))
    phonemes = tuple(
        replace(phoneme, span=Span(edges[index], edges[index + 1])) for index, phoneme in enumerate(spoken.phonemes)
    )
    return PhonemeTimeline(RATE_HZ, edges[-1], phonemes)


def speech_span(timeline: PhonemeTimeline) -> Span:
    """From the first sound to the end of the last; empty where nothing is said."""
    sounds = [p.span for p in timeline.phonemes if p.symbol != SILENCE]
    return Span(sounds[0].start, sounds[-1].end) if sounds else Span(0, 0)


def span_lufs(path: Path, span: Span) -> float:
    """Weighted mean loudness of a span of raw mono samples, without gates."""
    if not len(span):
        return SILENT_LUFS
    weighted = weigh(np.fromfile(path, np.float32))[span.start : span.end]
    return power_lufs(float(np.mean(weighted**2)))
