"""The `espeak` engine: a formant voice with exact timing, spoken by eSpeak NG in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, EngineUnavailable, Place
from anchor.core.ports import SpeechCapabilities, Spoken, Voice
from anchor.core.speech import SILENCE, BreakKind, Phoneme, Utterance
from anchor.core.time import Span
from anchor.mandarin.phonemes import syllable_table
from anchor.messages import message
from anchor.packs.paths import pack_file
from anchor.speech.concatenation import faded, merged_silences
from anchor.speech.engines.espeak.link import ClauseSound, EspeakLink
from anchor.speech.engines.espeak.text import Clause, clause_text, plan_clauses, reading_clause
from anchor.speech.engines.espeak.timing import Lost, clause_phonemes
from anchor.speech.engines.prosody import WordProsody

PAUSES_MS = {BreakKind.MINOR: 80, BreakKind.COMMA: 240, BreakKind.CLAUSE: 330, BreakKind.SENTENCE: 520}
"""Silence by kind; a voice may say otherwise: `pause_comma_ms` and so on."""
RATE_OFFSET = 33
"""The library's rate at which its speech would stand still: syllables a minute grow in proportion to what is above."""
CRITICAL = ("xiong2", "qiong2", "jiong3", "le4", "de2", "lv4", "zhi1", "er2", "yuan2", "dong1", "a1", "lve4")
"""Readings that some version of the library gets wrong: tried before the first word of each voice."""
AT_ONCE = 32
"""Clauses per question, so that a long text costs the worker no memory."""
LIMIT_S = 30.0
"""Patience for one answer, which takes milliseconds."""
FADE_S = 0.002
"""Ramp at the ends of each clause, where the library stops within a period."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice at one pace, as the library gets it."""

    file: Path
    manner: WordProsody


class EspeakEngine:
    """Speaks pinyin, never characters: readings are decided before."""

    capabilities = SpeechCapabilities(exact_timing=True, latin=True)

    def __init__(self) -> None:
        self._link = EspeakLink()
        self._tested: set[str] = set()
        self.odd_words = 0
        """Words whose sounds were not as asked, so that their span was shared out in proportion."""

    def __enter__(self) -> Self:
        self._link.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()

    @property
    def version(self) -> str:
        """Version of the library, known once entered."""
        return self._link.version

    @property
    def pid(self) -> int | None:
        """Process id of the worker while it runs."""
        return self._link.pid

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Speak; the same utterance and voice give the same samples.

        Raises:
            EngineUnavailable: the library is missing or misreads, or its process died or took too long.
            EngineError: the voice's file or options are refused, or a reading is no syllable.
        """
        if voice.digest not in self._tested:
            faults = self.self_test(voice, CRITICAL)
            if faults:
                what = message("espeak.misreads", version=self.version, readings=faults)
                raise EngineUnavailable(what, hint=message("espeak.misreads-hint"))
            self._tested.add(voice.digest)
        lengths = {
            kind: round(float(voice.option(f"pause_{kind.value}_ms", default)) / utterance.pace)
            for kind, default in PAUSES_MS.items()
        }
        speaker = speaker_of(voice, utterance.pace)
        clauses = plan_clauses(utterance, lengths)
        pieces: list[NDArray[np.float32]] = []
        phonemes: list[Phoneme] = []
        at, latin = 0, None
        for first in range(0, len(clauses), AT_ONCE):
            for clause, pcm, sounds in self._say(clauses[first : first + AT_ONCE], speaker, latin):
                pieces.append(pcm)
                phonemes += [replace(p, span=p.span.shifted(at)) for p in sounds]
                at += len(pcm)
                if clause.words:
                    latin = None if clause.words[-1].pinyin else clause.words[-1].first
        merged = merged_silences(phonemes)
        _check(merged, len(utterance.syllables))
        return Spoken(np.concatenate([*pieces, np.zeros(0, np.float32)]), self._link.rate, merged)

    def self_test(self, voice: Voice, readings: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Readings that the library does not say as they are written; without `readings` all of Mandarin (1 s)."""
        speaker = speaker_of(voice, 1.0)
        table = readings or tuple(f"{syllable}{tone}" for syllable in syllable_table() for tone in "12345")
        clauses = [reading_clause(reading) for reading in table]
        return tuple(
            reading
            for reading, clause, sound in zip(table, clauses, self._ask(clauses, speaker), strict=True)
            if not self._as_asked(clause, sound, speaker)
        )

    def _as_asked(self, clause: Clause, sound: ClauseSound, speaker: Speaker) -> bool:
        starts = clause_text(clause, speaker.manner)[1]
        try:
            odd = clause_phonemes(clause.words, starts, sound.events, _samples(sound), self._link.rate, None)[2]
        except Lost:
            return False
        return not odd and not any(event.name.startswith("(") for event in sound.events)

    def _say(
        self, clauses: tuple[Clause, ...], speaker: Speaker, latin: int | None
    ) -> list[tuple[Clause, NDArray[np.float32], list[Phoneme]]]:
        """Each clause's samples and phonemes, silence included; a clause that loses a word is asked for in halves."""
        while True:
            said: list[tuple[Clause, NDArray[np.float32], list[Phoneme]]] = []
            sounds = iter(self._ask([c for c in clauses if c.words], speaker))
            before, odd = latin, 0
            for index, clause in enumerate(clauses):
                try:
                    pcm, phonemes, odd_here = self._clause(clause, sounds, speaker, before)
                except Lost as lost:
                    if len(clause.words) == 1:
                        raise EngineError(message("espeak.says-nothing", text=str(lost))) from lost
                    middle = len(clause.words) // 2
                    halves = (
                        replace(clause, words=clause.words[:middle], silence_ms=0, closed=False),
                        replace(clause, words=clause.words[middle:]),
                    )
                    clauses = (*clauses[:index], *halves, *clauses[index + 1 :])
                    break
                said.append((clause, pcm, phonemes))
                odd += odd_here
                if clause.words:
                    before = None if clause.words[-1].pinyin else clause.words[-1].first
            else:
                self.odd_words += odd
                return said

    def _clause(
        self, clause: Clause, sounds: Iterator[ClauseSound], speaker: Speaker, latin: int | None
    ) -> tuple[NDArray[np.float32], list[Phoneme], int]:
        rate = self._link.rate
        silence = np.zeros(round(clause.silence_ms * rate / 1000), np.float32)
        end, odd, phonemes = 0, 0, list[Phoneme]()
        pcm = np.zeros(0, np.float32)
        if clause.words:
            raw = _samples(sound := next(sounds))
            starts = clause_text(clause, speaker.manner)[1]
            phonemes, end, odd = clause_phonemes(clause.words, starts, sound.events, raw, rate, latin)
            pcm = faded(raw[:end].astype(np.float32) / 32768.0, round(rate * FADE_S))
        if len(silence):
            phonemes.append(Phoneme(SILENCE, Span(end, end + len(silence)), None))
        return np.concatenate([pcm, silence]), phonemes, odd

    def _ask(self, clauses: list[Clause], speaker: Speaker) -> tuple[ClauseSound, ...]:
        if not clauses:
            return ()
        manner = speaker.manner
        parameters = {
            "rate": manner.rate,
            "pitch": manner.pitch,
            "range": manner.width,
            "volume": manner.volume,
        }
        texts = tuple(clause_text(clause, manner)[0] for clause in clauses)
        return self._link.speak(speaker.file, parameters, texts, LIMIT_S)


def speaker_of(voice: Voice, pace: float) -> Speaker:
    """The voice's own settings, its rate changed so that syllables come `pace` times as fast."""
    place = Place(file=str(voice.path / "voice.toml"), field="engine_options.voice_file")
    file = pack_file(voice.path, str(voice.option("voice_file", "espeak-voice")), place).resolve()
    rate = int(voice.option("rate", 236))
    manner = WordProsody(
        rate=max(80, min(450, round((rate - RATE_OFFSET) * pace + RATE_OFFSET))),
        pitch=int(voice.option("pitch", 50)),
        width=int(voice.option("range", 50)),
        volume=int(voice.option("volume", 55)),
    )
    return Speaker(file, manner)


def _samples(sound: ClauseSound) -> NDArray[np.int16]:
    return np.frombuffer(sound.pcm, np.int16)


def _check(phonemes: tuple[Phoneme, ...], syllables: int) -> None:
    """Every syllable was said once and in order.

    Raises:
        EngineError: one was not.
    """
    onsets = [p.syllable for p in phonemes if p.onset]
    if onsets != list(range(syllables)):
        lost = sorted(set(range(syllables)) - {o for o in onsets if o is not None})
        raise EngineError(
            message("espeak.not-all-spoken", spoken=len(onsets), syllables=syllables, lost=tuple(lost[:5]))
        )
