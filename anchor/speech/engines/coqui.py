"""The `coqui` engine: neural voices of the Coqui toolkit, VITS with exact timing and XTTS by alignment."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError
from anchor.core.ports import SpeechCapabilities, Spoken, Voice
from anchor.core.speech import SILENCE, BreakKind, Phoneme, Utterance
from anchor.core.time import Span
from anchor.speech.engines.coqui_load import LOCK, Model, hushed, loaded, preflight
from anchor.speech.engines.coqui_text import Phrase, plan_phrases

PAUSES_MS = {BreakKind.MINOR: 80, BreakKind.COMMA: 220, BreakKind.CLAUSE: 320, BreakKind.SENTENCE: 480}
"""Silence by kind; a voice may say otherwise: `pause_comma_ms` and so on."""
FADE_S = 0.004
"""Ramp at the ends of each phrase, where the model is cut."""


class CoquiEngine:
    """Speaks readings, never characters: the model's own normaliser is not asked."""

    capabilities = SpeechCapabilities(exact_timing=False, latin=True)
    """Timing is exact for VITS; the engine promises what holds for every voice."""

    def __enter__(self) -> Self:
        with LOCK, hushed():
            preflight()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Models stay in memory for the process: loading is what takes time."""

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Speak; the same utterance and voice give the same samples on the same machine.

        Raises:
            EngineUnavailable: a library or the device is missing.
            EngineError: a reading has no symbol in the model, or the model fails.
            PackError: the pack or its model cannot be read.
            ConsentError: the terms of its licence were not accepted.
        """
        model = loaded(voice)
        lengths = {kind: int(voice.option(f"pause_{kind.value}_ms", default)) for kind, default in PAUSES_MS.items()}
        pieces: list[NDArray[np.float32]] = []
        phonemes: list[Phoneme] = []
        at = 0
        for phrase in plan_phrases(utterance, lengths, model.size, model.limit):
            for pcm, sounds in (_said(model, phrase, voice), _silence(phrase, model.rate)):
                pieces.append(pcm)
                phonemes += [replace(p, span=p.span.shifted(at)) for p in sounds]
                at += len(pcm)
        return Spoken(np.concatenate([*pieces, np.zeros(0, np.float32)]), model.rate, _merged(phonemes))


def _said(model: Model, phrase: Phrase, voice: Voice) -> tuple[NDArray[np.float32], list[Phoneme]]:
    if not phrase.units:
        return np.zeros(0, np.float32), []
    said = " ".join(unit.text for unit in phrase.units)
    key = f"{voice.option('seed', 0)} {voice.digest} {phrase.mark} {said}"
    seed = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:4])
    with LOCK, hushed():
        pcm, phonemes = model.say(phrase, seed)
    if any(not len(p.span) for p in phonemes):
        raise EngineError(
            f"the model gives {len(pcm)} samples for {len(phonemes)} sounds",
            hint="it speaks faster than can be; lower speed, or the checkpoint is not trained",
        )
    return _faded(pcm, round(model.rate * FADE_S)), phonemes


def _silence(phrase: Phrase, rate: int) -> tuple[NDArray[np.float32], list[Phoneme]]:
    samples = round(phrase.silence_ms * rate / 1000)
    return np.zeros(samples, np.float32), [Phoneme(SILENCE, Span(0, samples), None)] if samples else []


def _faded(pcm: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    length = min(length, len(pcm) // 2)
    made = pcm.astype(np.float32, copy=True)
    if length:
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
        made[:length] *= ramp
        made[len(made) - length :] *= ramp[::-1]
    return made


def _merged(phonemes: list[Phoneme]) -> tuple[Phoneme, ...]:
    """Silences that touch are one."""
    merged: list[Phoneme] = []
    for phoneme in phonemes:
        if merged and phoneme.symbol == SILENCE == merged[-1].symbol:
            merged[-1] = replace(merged[-1], span=Span(merged[-1].span.start, phoneme.span.end))
        else:
            merged.append(phoneme)
    return tuple(merged)
