"""The `coqui` engine: neural voices of the Coqui toolkit, VITS with exact timing and XTTS by alignment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineError, EngineUnavailable, PackError
from anchor.core.ports import SpeechCapabilities, SpeechEngine, Spoken, Voice
from anchor.core.speech import SILENCE, BreakKind, Phoneme, Utterance
from anchor.core.time import Span
from anchor.messages import message
from anchor.neural import hushed
from anchor.packs import Shelf, find_pack
from anchor.registry import speech_engine
from anchor.settings import default_shelves
from anchor.speech.concatenation import faded, merged_silences
from anchor.speech.engines.coqui.load import LOCK, Model, import_libraries, loaded
from anchor.speech.engines.coqui.pack import at
from anchor.speech.engines.coqui.text import BreathGroup, plan_breath_groups
from anchor.speech.engines.coqui.timing import aligned, proportional
from anchor.speech.voice import resolve_voice

PAUSES_MS = {BreakKind.MINOR: 80, BreakKind.COMMA: 220, BreakKind.CLAUSE: 320, BreakKind.SENTENCE: 480}
"""Silence by kind; a voice may say otherwise: `pause_comma_ms` and so on."""
REFERENCE = "lan-espeak"
"""Voice of the shelf that alignment listens with."""
TRIES = 3
"""How often a model without timing is asked for a phrase that does not come out as given."""
FADE_S = 0.004
"""Ramp at the ends of each phrase, where the model is cut."""


class CoquiEngine:
    """Speaks readings, never characters: the model's own normaliser is not asked."""

    capabilities = SpeechCapabilities(exact_timing=False, latin=True, streams=True)
    """Timing is exact for VITS; the engine promises what holds for every voice."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._reference: tuple[SpeechEngine, Voice] | None = None

    def __enter__(self) -> Self:
        with LOCK, hushed():
            import_libraries()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Models stay in memory for the process: loading is what takes time."""
        self._reference = None
        self._stack.close()

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
        start = 0
        for phrase in plan_breath_groups(utterance, lengths, model.size, model.limit):
            for pcm, sounds in (self._said(model, phrase, voice, utterance.pace), _silence(phrase, model.rate)):
                pieces.append(pcm)
                phonemes += [replace(p, span=p.span.shifted(start)) for p in sounds]
                start += len(pcm)
        return Spoken(np.concatenate([*pieces, np.zeros(0, np.float32)]), model.rate, merged_silences(phonemes))

    def stream(self, utterance: Utterance, voice: Voice) -> Iterator[NDArray[np.float32]]:
        """The utterance's sound while it is made, at the model's own rate, for listening in; no timing.

        XTTS gives pieces of a phrase, VITS phrase by phrase. The model is held until the last piece is taken or the
        iterator is closed.

        Raises:
            As `speak`.
        """
        model = loaded(voice)
        lengths = {kind: int(voice.option(f"pause_{kind.value}_ms", default)) for kind, default in PAUSES_MS.items()}
        for phrase in plan_breath_groups(utterance, lengths, model.size, model.limit):
            if phrase.units:
                with LOCK:
                    yield from model.stream(phrase, _seed(phrase, voice), utterance.pace)
            silence, _ = _silence(phrase, model.rate)
            if len(silence):
                yield silence

    def stream_rate(self, voice: Voice) -> int:
        """Samples a second of what `stream` gives."""
        return int(loaded(voice).rate)

    def _said(
        self, model: Model, phrase: BreathGroup, voice: Voice, pace: float
    ) -> tuple[NDArray[np.float32], list[Phoneme]]:
        """A phrase with its timing; a model without any is asked again when something else is heard."""
        if not phrase.units:
            return np.zeros(0, np.float32), []
        seed = _seed(phrase, voice)
        for attempt in range(TRIES):
            with LOCK, hushed():
                pcm, phonemes = model.say(phrase, seed + TRIES * attempt, pace)
            try:
                timed = self._timed(pcm, model.rate, phrase, voice) if phonemes is None else phonemes
                break
            except EngineUnavailable:
                raise
            except EngineError:
                if attempt == TRIES - 1:
                    raise
        if any(not len(p.span) for p in timed):
            raise EngineError(
                message("coqui.too-fast", samples=len(pcm), sounds=len(timed)),
                hint=message("coqui.too-fast-hint"),
            )
        return faded(pcm, round(model.rate * FADE_S)), timed

    def _timed(self, pcm: NDArray[np.float32], rate: int, phrase: BreathGroup, voice: Voice) -> list[Phoneme]:
        """Timing of a phrase from its sound.

        Raises:
            PackError: the option `timing` is unknown.
            EngineUnavailable: the formant voice that alignment listens with is not there.
            EngineError: something else is heard.
        """
        timing = voice.option("timing", "align")
        if timing == "proportional":
            return proportional(len(pcm), phrase)
        if timing != "align":
            what, hint = message("coqui.timing", timing=timing), message("coqui.timing-hint")
            raise PackError(what, hint=hint, place=at(voice, "timing"))
        if self._reference is None:
            pack = find_pack(Shelf.VOICES, REFERENCE, default_shelves())
            engine = self._stack.enter_context(speech_engine(pack.engine))
            self._reference = engine, resolve_voice(pack)
        return aligned(pcm, rate, phrase, *self._reference)


def _seed(phrase: BreathGroup, voice: Voice) -> int:
    """The same for the same words of the same voice."""
    said = " ".join(unit.text for unit in phrase.units)
    key = f"{voice.option('seed', 0)} {voice.digest} {phrase.mark} {said}"
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:4])


def _silence(phrase: BreathGroup, rate: int) -> tuple[NDArray[np.float32], list[Phoneme]]:
    samples = round(phrase.silence_ms * rate / 1000)
    return np.zeros(samples, np.float32), [Phoneme(SILENCE, Span(0, samples), None)] if samples else []
