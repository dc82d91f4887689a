"""What a voice said and how it was understood, sentence by sentence and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from anchor.core.quality import CheckItem
from anchor.core.speech import BreakKind
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
        CheckItem("spoken-by", who, "one voice", len(found.spoken_by) == 1),
        CheckItem(
            "understood",
            f"{found.errors.toned_rate:.1%} of {found.errors.syllables:,} syllables misheard",
            f"at most {MISHEARD:.0%}",
            found.errors.toned_rate <= MISHEARD,
        ),
        CheckItem(
            "reading-pace",
            f"{found.pace:.0f} syllables/min inside sentences",
            f"{SLOWEST} to {FASTEST} syllables/min",
            SLOWEST <= found.pace <= FASTEST,
        ),
        CheckItem(
            "clipping",
            f"{found.clipped} samples, {clipped:.1f} a minute",
            f"at most {CLIPPED_A_MINUTE:g} a minute",
            clipped <= CLIPPED_A_MINUTE,
        ),
    )


def notes_of(found: Understanding) -> tuple[str, ...]:
    """What was measured beside, and nothing depends on."""
    errors, opinion = found.errors, found.opinion
    pauses = ", ".join(f"{kind.value} {ms:.0f} ms" for kind, ms in found.pauses) or "none"
    return (
        f"syllables misheard if tones do not count: {errors.toneless_rate:.1%}",
        f"characters written otherwise: {errors.character_rate:.1%}, homophones and figures included",
        f"pace without pauses: {found.sounding_pace:.0f} syllables/min; pauses (median): {pauses}",
        f"levels: {found.lufs[0]:.1f} to {found.lufs[1]:.1f} LUFS, peaks to {found.dbtp:.1f} dBTP",
        f"DNSMOS of 5: overall {opinion.overall:.2f}, speech {opinion.speech:.2f}, background {opinion.background:.2f}",
    )
