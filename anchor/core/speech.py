"""What is said and when: utterances, phonemes, speech tracks, captions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from anchor.core.artifact import Artifact
from anchor.core.events import Notice
from anchor.core.time import Span


@dataclass(frozen=True, slots=True)
class Syllable:
    """One spoken syllable of Mandarin, or one Latin word that the voice speaks in its own way."""

    char: str
    """The spoken character, or the Latin word."""
    pinyin: str | None
    """Tone digit 1–5, ü as v; None for a Latin word. Tones of 一 and 不 as said; the third tone stays lexical."""
    zhuyin: str | None
    """ㄌㄜˋ; the neutral tone's dot comes first; None for a Latin word."""
    span: Span
    """Characters of the written text that this syllable says."""


@dataclass(frozen=True, slots=True)
class Word:
    """Syllables said without a seam."""

    text: str
    """As spoken."""
    syllables: tuple[Syllable, ...]
    span: Span
    """Characters of the written text."""
    latin: bool = False
    """One syllable entry whose `char` is the whole word."""
    stress: bool = False
    """Stands inside `**…**` in the written text."""


class BreakKind(StrEnum):
    """How strongly speech is interrupted."""

    MINOR = "minor"
    """、 and breath-group seams: a short pause."""
    COMMA = "comma"
    CLAUSE = "clause"
    """；：— and brackets."""
    SENTENCE = "sentence"
    """。！？"""
    PAUSE = "pause"
    """Asked for by the script; `ms` says how long."""


@dataclass(frozen=True, slots=True)
class Break:
    """A pause between words."""

    kind: BreakKind
    span: Span
    """The punctuation's characters in the written text (empty span for a cue)."""
    mark: str = ""
    """The punctuation as the spoken text shows it: engines ask `？` from `。`."""
    ms: int = 0
    """Length for PAUSE; 0: the engine's own length for the kind."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A segment's text as written and as it will be spoken."""

    written: str
    spoken: str
    """In Traditional Chinese characters with punctuation, numbers written out."""
    items: tuple[Word | Break, ...]
    notices: tuple[Notice, ...] = ()
    pace: float = 1.0
    """How fast it is said; 1 is the voice's own pace."""

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """All spoken syllables in order; `Phoneme.syllable` indexes this."""
        return tuple(s for item in self.items if isinstance(item, Word) for s in item.syllables)


SILENCE = "sil"
"""The phoneme symbol of silence. All others: anchor/mandarin/phonemes.tsv."""


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One sound of a timeline."""

    symbol: str
    span: Span
    """Samples."""
    syllable: int | None
    """Index into `Utterance.syllables`; None in silence."""
    onset: bool = False
    """True on the first phoneme of a syllable."""


@dataclass(frozen=True, slots=True)
class PhonemeTimeline:
    """Phonemes that tile `[0, samples)` without gap or overlap; silence is a phoneme."""

    rate: int
    samples: int
    phonemes: tuple[Phoneme, ...]

    def __post_init__(self) -> None:
        at = 0
        for phoneme in self.phonemes:
            if phoneme.span.start != at or not len(phoneme.span):
                raise ValueError(f"phoneme {phoneme.symbol!r} starts at {phoneme.span.start}, expected {at}")
            at = phoneme.span.end
        if at != self.samples:
            raise ValueError(f"phonemes end at {at} of {self.samples} samples")


@dataclass(frozen=True, slots=True)
class SpeechTrack:
    """A segment spoken: mono WAV (48 kHz, 24-bit or float) and its exact timeline."""

    audio: Artifact
    timeline: PhonemeTimeline
    """At 48 kHz, in samples of `audio`."""
    lufs: float
    """Integrated loudness, BS.1770."""
    dbtp: float
    """True peak."""
    engine: str
    """Registry name and version."""
    voice: str
    """Pack name."""
    voice_digest: str


@dataclass(frozen=True, slots=True)
class Caption:
    """Text lines shown together."""

    lines: tuple[str, ...]
    span: Span
    """Samples of the segment's audio, or of the programme after compose."""
