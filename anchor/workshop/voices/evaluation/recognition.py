"""What a voice said and how it was understood, sentence by sentence and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from anchor.core.quality import CheckItem
from anchor.core.speech import BreakKind
from anchor.messages import Message, message
from anchor.workshop.voices.evaluation.error_rates import Errors, total
from anchor.workshop.voices.evaluation.mos import Opinion
from anchor.workshop.voices.evaluation.sentences import EvaluationSentence
from anchor.workshop.voices.evaluation.speech_timing import SpeechTiming

MISHEARD = 0.08
"""Share of syllables, by sound and tone, that may be misheard of everyday news: the house's natural voice stands at 5
in a hundred, nearly all by their tones, its formant voices at ninety."""
SLOWEST, FASTEST = 200, 360
"""Syllables a minute inside sentences; news is read at 250 to 320."""
CLIPPED_A_MINUTE = 10.0
"""Samples in flat tops."""
PAUSES = {
    BreakKind.MINOR: "voices.pause-minor",
    BreakKind.COMMA: "voices.pause-comma",
    BreakKind.CLAUSE: "voices.pause-clause",
    BreakKind.SENTENCE: "voices.pause-sentence",
    BreakKind.PAUSE: "voices.pause-of-the-script",
}
"""What people call the pauses."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence, as it was spoken and understood."""

    sentence: EvaluationSentence
    text: str
    """What the recogniser wrote down."""
    errors: Errors
    timing: SpeechTiming
    lufs: float
    """Of the finished sound, as it goes on air."""
    dbtp: float
    clipped: int
    """Samples of the engine's own sound in flat tops."""
    opinion: Opinion
    voice: str
    """Who spoke: of a chain, the first that could."""
    engine: str

    @property
    def pace(self) -> float:
        """Syllables a minute, pauses inside the sentence included."""
        return 60 * self.errors.syllables / max(self.timing.seconds, 1e-3)


@dataclass(frozen=True, slots=True)
class HeardBlock:
    """Sentences that were heard in one go."""

    sentences: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Understanding:
    """All sentences together."""

    spoken_by: tuple[tuple[str, str], ...]
    """Voice and engine; more than one where a member of a chain stepped in."""
    sentences: int
    errors: Errors
    seconds: float
    """Of speech."""
    pace: float
    """Syllables a minute inside sentences."""
    sounding_pace: float
    """The same without the pauses."""
    pauses: tuple[tuple[BreakKind, float], ...]
    """Median milliseconds at each kind of mark that occurs."""
    lufs: tuple[float, float]
    """Quietest and loudest sentence."""
    dbtp: float
    clipped: int
    """Samples of the engine's own sound in flat tops."""
    opinion: Opinion


def understanding_of(heard: Sequence[Heard]) -> Understanding:
    """What the sentences say together; there is at least one."""
    errors = total([h.errors for h in heard])
    seconds = sum(h.timing.seconds for h in heard)
    silent = sum(h.timing.silent_seconds for h in heard)
    pauses: dict[BreakKind, list[int]] = {}
    for kind, ms in (pause for h in heard for pause in h.timing.pauses):
        pauses.setdefault(kind, []).append(ms)
    return Understanding(
        spoken_by=tuple(dict.fromkeys((h.voice, h.engine) for h in heard)),
        sentences=len(heard),
        errors=errors,
        seconds=seconds,
        pace=60 * errors.syllables / seconds,
        sounding_pace=60 * errors.syllables / (seconds - silent),
        pauses=tuple((kind, median(pauses[kind])) for kind in BreakKind if kind in pauses),
        lufs=(min(h.lufs for h in heard), max(h.lufs for h in heard)),
        dbtp=max(h.dbtp for h in heard),
        clipped=sum(h.clipped for h in heard),
        opinion=Opinion(
            fmean(h.opinion.speech for h in heard),
            fmean(h.opinion.background for h in heard),
            fmean(h.opinion.overall for h in heard),
        ),
    )


def worst(heard: Sequence[Heard], count: int) -> tuple[Heard, ...]:
    """Those with the largest share of misheard syllables, only where any is."""
    wrong = [h for h in heard if h.errors.toned]
    return tuple(sorted(wrong, key=lambda h: -h.errors.toned_rate)[:count])


def items_of(found: Understanding) -> tuple[CheckItem, ...]:
    """Lines of the quality report: what is judged."""
    who = ", ".join(f"{voice} ({engine})" for voice, engine in found.spoken_by)
    clipped = 60 * found.clipped / found.seconds
    return (
        CheckItem("spoken-by", who, message("voices.one-voice"), len(found.spoken_by) == 1),
        CheckItem(
            "understood",
            message("voices.misheard", share=found.errors.toned_rate, syllables=found.errors.syllables),
            message("voices.misheard-at-most", share=MISHEARD),
            found.errors.toned_rate <= MISHEARD,
        ),
        CheckItem(
            "reading-pace",
            message("voices.reading-pace", pace=found.pace),
            message("voices.from-to", low=SLOWEST, high=FASTEST, unit=message("voices.syllables-a-minute")),
            SLOWEST <= found.pace <= FASTEST,
        ),
        CheckItem(
            "clipping",
            message("voices.clipped-samples", samples=found.clipped, a_minute=clipped),
            message("voices.clipped-at-most", a_minute=CLIPPED_A_MINUTE),
            clipped <= CLIPPED_A_MINUTE,
        ),
    )


def notes_of(found: Understanding) -> tuple[Message, ...]:
    """What was measured beside, and nothing depends on."""
    errors, opinion = found.errors, found.opinion
    pauses = tuple(message(PAUSES[kind], ms=ms) for kind, ms in found.pauses) or message("voices.no-pauses")
    low, high = found.lufs
    return (
        message("voices.misheard-without-tones", share=errors.toneless_rate),
        message("voices.written-otherwise", share=errors.character_rate),
        message("voices.pace-and-pauses", pace=found.sounding_pace, pauses=pauses),
        message("voices.levels", low=low, high=high, dbtp=found.dbtp),
        message("voices.dnsmos", overall=opinion.overall, speech=opinion.speech, background=opinion.background),
    )
