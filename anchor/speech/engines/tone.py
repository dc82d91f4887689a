"""The `tone` engine: a hum with exact phoneme spans, for tests of everything but the voice."""

from __future__ import annotations

from itertools import groupby
from types import TracebackType
from typing import Self

import numpy as np

from anchor.core.errors import EngineError
from anchor.core.ports import SpeechCapabilities, Spoken, Voice
from anchor.core.speech import SILENCE, Break, BreakKind, Phoneme, Utterance, Word
from anchor.core.time import Span
from anchor.mandarin.phonemes import is_syllable, syllable_phonemes
from anchor.messages import message
from anchor.speech.pauses import silence_ms

RATE_HZ = 16000
CONSONANT_S, VOWEL_S = 0.06, 0.10
PAUSES_MS = {BreakKind.MINOR: 60, BreakKind.COMMA: 200, BreakKind.CLAUSE: 300, BreakKind.SENTENCE: 400}
PITCH_HZ = {"1": 220.0, "2": 196.0, "3": 165.0, "4": 208.0, "5": 175.0}
LATIN = ("EH", "L")
"""What a Latin word hums."""


class ToneEngine:
    """One steady pitch a syllable; consonants softer than vowels."""

    capabilities = SpeechCapabilities(exact_timing=True, latin=True, on_air=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Hum; the same utterance gives the same samples."""
        sounds: list[tuple[str, int | None, bool, float, float]] = []  # symbol, syllable, onset, seconds, Hz
        syllable = 0
        runs = [list(run) for _, run in groupby(utterance.items, lambda item: isinstance(item, Break))]
        for index, run in enumerate(runs):
            for word in (item for item in run if isinstance(item, Word)):
                for spoken in word.syllables:
                    sounds += _syllable(spoken.pinyin, syllable)
                    syllable += 1
            inside = 0 < index < len(runs) - 1
            silence = silence_ms([item for item in run if isinstance(item, Break)], PAUSES_MS if inside else {})
            if silence:
                sounds.append((SILENCE, None, False, silence / 1000, 0.0))
        return _hum(sounds, utterance.pace)


def _syllable(pinyin: str | None, syllable: int) -> list[tuple[str, int | None, bool, float, float]]:
    if pinyin is not None and not is_syllable(pinyin):
        raise EngineError(message("speech.no-syllable", pinyin=pinyin))
    symbols = LATIN if pinyin is None else syllable_phonemes(pinyin)
    hz = PITCH_HZ["1" if pinyin is None else pinyin[-1]]
    vowel = next(s for s in symbols if s[0] in "aeiouvE")
    return [
        (symbol, syllable, number == 0, VOWEL_S if symbol == vowel else CONSONANT_S, hz)
        for number, symbol in enumerate(symbols)
    ]


def _hum(sounds: list[tuple[str, int | None, bool, float, float]], pace: float) -> Spoken:
    pieces = [np.zeros(0, np.float32)]
    phonemes: list[Phoneme] = []
    at = 0
    for symbol, syllable, onset, seconds, hz in sounds:
        count = round((seconds if symbol == SILENCE else seconds / pace) * RATE_HZ)
        clock = np.arange(count) / RATE_HZ
        level = 0.0 if symbol == SILENCE else 0.4 if seconds == VOWEL_S else 0.15
        wave = level * sum(np.sin(2 * np.pi * hz * k * clock) / k for k in (1, 2, 3))
        edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.004 * RATE_HZ))
        pieces.append(np.asarray(wave * edge, np.float32))
        phonemes.append(Phoneme(symbol, Span(at, at + count), syllable, onset))
        at += count
    return Spoken(np.concatenate(pieces), RATE_HZ, tuple(phonemes))
