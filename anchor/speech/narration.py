"""A recording of somebody who read the script: from file to speech with exact phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import MediaError, Place, ScriptError
from anchor.core.events import Notice
from anchor.core.ports import Spoken
from anchor.core.script import Segment
from anchor.core.speech import SILENCE, Break, BreakKind, Phoneme, PhonemeTimeline, Utterance
from anchor.core.time import Span
from anchor.media.loudness import level
from anchor.media.meter import RATE_HZ
from anchor.media.probe import probe_media
from anchor.media.process import Cancelled
from anchor.media.run import run_ffmpeg
from anchor.media.tool import LOCAL, FFmpeg, file_url
from anchor.messages import message
from anchor.speech.align import DOUBT, REFUSE, Alignment, align_speech
from anchor.speech.speak import LEAD_MS, SHORT_S, TAIL_MS, Speech, span_lufs, speech_span, write_raw

LONGEST_S = 40 * 60
SHORTEST_S = 1.0
SILENT_PEAK = 10 ** (-50 / 20)
"""A recording that never gets louder holds no speech."""
STRANGE = 0.4
"""Share of a recording's speech that may be in no script."""
FADE_S = 0.01


@dataclass(frozen=True, slots=True)
class NarratedSegment:
    """One segment as it should be read."""

    segment: Segment
    utterance: Utterance
    reference: Spoken
    """The utterance with exact phonemes."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """One segment as it was read."""

    samples: Span
    """Of the recording; what is missing of lead and tail is silence to be added."""
    timeline: PhonemeTimeline
    lead: int
    """Silent samples to be added before."""


def narration_args(program: str, source: Path, target: Path) -> tuple[str, ...]:
    """The argv: the first sound of any file → raw float mono at 48 kHz, a second more than may be."""
    given = ("-protocol_whitelist", LOCAL, "-i", file_url(source), "-map", "0:a:0", "-t", str(LONGEST_S + 1))
    return (program, "-v", "error", "-y", *given, "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", file_url(target))


def load_narration(ffmpeg: FFmpeg, source: Path, raw: Path, cancelled: Cancelled | None = None) -> NDArray[np.float32]:
    """The recording's samples at 48 kHz, mono, in the file `raw` and mapped into memory.

    Raises:
        MediaError: no such file, no sound in it, shorter than a second, longer than 40 minutes, or silent.
    """
    facts = probe_media(ffmpeg, source)
    if facts.audio is None:
        hint = message("speech.give-a-recording")
        raise MediaError(message("speech.no-sound", name=source.name), hint=hint)
    if facts.audio.duration > LONGEST_S:
        _too_long(source, float(facts.audio.duration) / 60)
    run_ffmpeg(narration_args(ffmpeg.path, source, raw), cancelled=cancelled)
    samples = raw.stat().st_size // 4
    if samples > LONGEST_S * RATE_HZ:
        _too_long(source, samples / RATE_HZ / 60)
    if samples < SHORTEST_S * RATE_HZ:
        what = message("speech.too-short", name=source.name, seconds=samples / RATE_HZ)
        raise MediaError(what, hint=message("speech.short-narration-hint"))
    heard = np.memmap(raw, np.float32, "r")
    peaks = [float(np.abs(heard[at : at + (1 << 20)]).max()) for at in range(0, len(heard), 1 << 20)]
    if not max(peaks) > SILENT_PEAK:
        what = message("speech.silent", name=source.name)
        raise MediaError(what, hint=message("speech.silent-narration-hint"))
    return heard


def _too_long(source: Path, minutes: float) -> None:
    raise MediaError(
        message("speech.long-narration", name=source.name, minutes=minutes, most=LONGEST_S // 60),
        hint=message("speech.long-narration-hint"),
    )


def join_segments(parts: Sequence[NarratedSegment]) -> tuple[Utterance, Spoken]:
    """Several segments as one utterance and its reference; each begins a sentence."""
    items: list[object] = []
    phonemes: list[Phoneme] = []
    pcm: list[NDArray[np.float32]] = []
    at = syllable = 0
    rate = parts[0].reference.rate
    gap = round(0.3 * rate)
    for part in parts:
        items += [*part.utterance.items, Break(BreakKind.SENTENCE, Span(0, 0), "。")]
        for p in part.reference.phonemes:
            number = None if p.syllable is None else p.syllable + syllable
            phonemes.append(replace(p, span=p.span.shifted(at), syllable=number))
        at += len(part.reference.pcm)
        phonemes.append(Phoneme(SILENCE, Span(at, at + gap), None))
        at += gap
        pcm += [part.reference.pcm, np.zeros(gap, np.float32)]
        syllable += len(part.utterance.syllables)
    whole = Utterance("", "", tuple(items))  # type: ignore[arg-type]  # words and breaks of the parts
    return whole, Spoken(np.concatenate(pcm), rate, tuple(phonemes))


def cut_narration(
    heard: NDArray[np.float32], parts: Sequence[NarratedSegment], name: str
) -> tuple[tuple[Cutting, ...], tuple[Notice, ...]]:
    """Find every segment in a recording that reads them in order.

    Args:
        heard: samples at 48 kHz.
        parts: what should be read.
        name: the recording's, for messages.

    Raises:
        ScriptError: a sentence of the script is not what is said there, or most that is said is in no script.
    """
    utterance, reference = join_segments(parts)
    if len(heard) / RATE_HZ < 0.25 * len(reference.pcm) / reference.rate:
        lasts, takes = len(heard) / RATE_HZ, len(reference.pcm) / reference.rate
        raise ScriptError(
            message("speech.narration-lacks-much", name=name, lasts=lasts, takes=takes),
            hint=message("speech.narration-lacks-much-hint"),
            place=Place(file=parts[0].segment.file, segment=parts[0].segment.id),
        )
    found = align_speech(heard, RATE_HZ, utterance, reference)
    firsts = np.cumsum([0, *(len(p.utterance.syllables) for p in parts)])
    notices = [*_doubts(found, parts, firsts, name), *_extra(found, name)]
    cuttings = tuple(_cut(found, int(first), int(last), len(heard)) for first, last in pairwise(firsts))
    return cuttings, tuple(notices)


def _doubts(found: Alignment, parts: Sequence[NarratedSegment], firsts: NDArray[np.int64], name: str) -> list[Notice]:
    """Notices of sentences that fit badly.

    Raises:
        ScriptError: one does not fit, or the recording is of something else.
    """
    worst = max(found.sentences, key=lambda s: s.doubt)
    strange = sum(len(s) for s in found.extra)
    spoken = strange + sum(len(p.span) for p in found.phonemes if p.symbol != SILENCE)
    refused = [s for s in found.sentences if s.doubt > REFUSE] or ([worst] if strange > STRANGE * spoken else [])
    notices = []
    for sentence in found.sentences:
        number = int(np.searchsorted(firsts, sentence.syllables.start, "right")) - 1
        part, first = parts[number], int(firsts[number])
        said = part.utterance.syllables[sentence.syllables.start - first : sentence.syllables.end - first]
        span = Span(said[0].span.start, said[-1].span.end)
        words = part.utterance.written[span.start : span.end]
        words = words if len(words) <= 30 else words[:30] + "…"
        place = part.segment.place(span)
        when = _clock(sentence.samples.start)
        if refused and sentence is refused[0]:
            raise ScriptError(
                message("speech.narration-differs", name=name, words=words, when=when),
                hint=message("speech.narration-differs-hint"),
                place=place,
            )
        if sentence.doubt > DOUBT:
            text = message("notice.doubtful-narration", name=name, when=when, words=words)
            notices.append(Notice("doubtful-narration", text, place))
    return notices


def _extra(found: Alignment, name: str) -> list[Notice]:
    return [
        Notice(
            "unwritten-speech",
            message("notice.unwritten-speech", name=name, start=_clock(span.start), end=_clock(span.end)),
            None,
        )
        for span in found.extra
    ]


def _clock(sample: int) -> str:
    minutes, seconds = divmod(sample / RATE_HZ, 60)
    return f"{int(minutes)}:{seconds:04.1f}"


def _cut(found: Alignment, first: int, last: int, samples: int) -> Cutting:
    """The stretch of syllables `[first, last)` with lead and tail, as far as nobody speaks there."""
    lead, tail = (round(ms * RATE_HZ / 1000) for ms in (LEAD_MS, TAIL_MS))
    numbers = [i for i, p in enumerate(found.phonemes) if p.syllable is not None and first <= p.syllable < last]
    inner = found.phonemes[numbers[0] : numbers[-1] + 1]
    begin, end = inner[0].span.start, inner[-1].span.end
    before = found.phonemes[numbers[0] - 1].span if numbers[0] else Span(0, 0)
    after = found.phonemes[numbers[-1] + 1].span if numbers[-1] + 1 < len(found.phonemes) else Span(end, end)
    taken = begin - min(lead, len(before) if not before.start else len(before) // 2)
    left = end + min(tail, len(after) if after.end == samples else len(after) // 2)
    shift = lead - begin
    phonemes = [
        replace(
            p,
            span=Span(p.span.start + shift, p.span.end + shift),
            syllable=None if p.syllable is None else p.syllable - first,
        )
        for p in inner
    ]
    total = lead + end - begin + tail
    tiled = (
        Phoneme(SILENCE, Span(0, lead), None),
        *phonemes,
        Phoneme(SILENCE, Span(total - tail, total), None),
    )
    return Cutting(Span(taken, left), PhonemeTimeline(RATE_HZ, total, tiled), taken + shift)


def write_narration(
    heard: NDArray[np.float32],
    cutting: Cutting,
    *,
    lufs: float,
    dbtp: float,
    wav: Path,
    ffmpeg: FFmpeg,
    cancelled: Cancelled | None = None,
) -> Speech:
    """Write one segment as a mono 24-bit WAV at a loudness; nothing but its level changes.

    Raises:
        MediaError: ffmpeg failed.
        StorageError: the disk is full.
        JobCancelled: `cancelled` said so.
    """
    piece = np.array(heard[cutting.samples.start : cutting.samples.end], np.float32)
    length = min(round(FADE_S * RATE_HZ), len(piece) // 4)
    ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
    piece[:length] *= ramp
    piece[len(piece) - length :] *= ramp[::-1]
    whole = np.zeros(cutting.timeline.samples, np.float32)
    whole[cutting.lead : cutting.lead + len(piece)] = piece
    raw = wav.with_suffix(".f32")
    write_raw(raw, whole)
    speech = speech_span(cutting.timeline)
    measure = (lambda path: span_lufs(path, speech)) if len(speech) < SHORT_S * RATE_HZ else None
    made = level(ffmpeg, raw, wav, lufs=lufs, dbtp=dbtp, measure=measure, cancelled=cancelled)
    raw.unlink()
    return Speech(cutting.timeline, made.lufs, made.dbtp)
