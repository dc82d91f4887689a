"""The engine: sentences side by side on the machine's cores, silences to the sample, sound while it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor.core.errors import EngineUnavailable
from anchor.core.machine import available_cores, in_order
from anchor.core.ports import SpeechCapabilities, Spoken, Voice
from anchor.core.speech import SILENCE, BreakKind, Phoneme, Utterance
from anchor.core.time import Span
from anchor.messages import message
from anchor.speech.concatenation import merged_silences
from anchor.speech.engines.kokoro.english import EnglishSounds
from anchor.speech.engines.kokoro.melody import set_loudness, set_melody, settings_of, whole_frames
from anchor.speech.engines.kokoro.model import FRAME, RATE_HZ, KokoroModel, held_model, style_of
from anchor.speech.engines.kokoro.phrase_cuts import HURRIED_FRAMES, SHIFT_MS, PhraseAudio, cut_phrases, trim_frames
from anchor.speech.engines.kokoro.sentences import AT_FIRST, Sentence, plan_sentences
from anchor.speech.engines.kokoro.tokens import numbers

PAUSES_MS = {BreakKind.MINOR: 90, BreakKind.COMMA: 210, BreakKind.CLAUSE: 300, BreakKind.SENTENCE: 470}
"""Silence by kind; a voice may say otherwise: `pause_comma_ms` and so on."""
LEAST_MARK_FRAMES = 4.0
"""A mark inside a sentence lasts so long at least, so that there is a silence to cut in."""
GAIN_DB = -3.0
"""So that no voice's peaks reach full scale; they come up to 1.06."""


@dataclass(frozen=True, slots=True)
class UtteranceProsody:
    """How one utterance is said."""

    voice: Voice
    speed: float
    """1 is the voice's own pace."""
    shift_ms: float
    gain: float


class KokoroEngine:
    """Speaks Anchor's readings; the model's own front end is never asked.

    The network is loaded with the first sentence and shared by all engines of the process; it is given back when the
    last of them is left.
    """

    capabilities = SpeechCapabilities(exact_timing=True, latin=True, streams=True, natural=True)

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._models: dict[Path, KokoroModel] = {}
        self._english = EnglishSounds()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._english)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._models.clear()
        self._stack.close()

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Speak; the same utterance and voice give the same samples on the same machine.

        Raises:
            EngineUnavailable: onnxruntime or the model is not here.
            EngineError: a reading is no syllable, or the network fails.
            PackError: the voice's style or a file of the model is not what it should be.
        """
        pcm: list[NDArray[np.float32]] = []
        phonemes: list[Phoneme] = []
        at = 0
        for piece in self._pieces(utterance, voice):
            for samples, sounds in (piece.pcm, piece.phonemes), _silence(piece.silence_ms):
                pcm.append(samples)
                phonemes += [replace(p, span=p.span.shifted(at)) for p in sounds]
                at += len(samples)
        return Spoken(np.concatenate([*pcm, np.zeros(0, np.float32)]), RATE_HZ, merged_silences(phonemes))

    def warm(self, voice: Voice, *, hurried: bool = False) -> None:
        """Begin to load the network, for `stream` where somebody is in a hurry.

        Raises:
            EngineUnavailable: onnxruntime or the model is not here.
            PackError: a file of the model is not what it should be.
        """
        self._model(voice).load(available_cores() if hurried else 1)

    def stream(self, utterance: Utterance, voice: Voice) -> Iterator[NDArray[np.float32]]:
        """The utterance's sound at 24 kHz phrase by phrase, the first before the rest is made; no timing.

        The first phrases are said by themselves, so that a listener does not wait: their melody may differ a little
        from what `speak` makes.

        Raises:
            As `speak`.
        """
        for piece in self._pieces(utterance, voice, AT_FIRST):
            yield piece.pcm
            if piece.silence_ms:
                yield _silence(piece.silence_ms)[0]

    def stream_rate(self, voice: Voice) -> int:
        """Samples a second of what `stream` gives."""
        return RATE_HZ

    def _pieces(self, utterance: Utterance, voice: Voice, at_first: tuple[int, ...] = ()) -> Iterator[PhraseAudio]:
        """Phrases in order; silence before the first word is a piece without sound."""
        model = self._model(voice)
        lengths = {
            kind: round(float(voice.option(f"pause_{kind.value}_ms", default)) / utterance.pace)
            for kind, default in PAUSES_MS.items()
        }
        lead, sentences = plan_sentences(utterance, lengths, self._english, at_first)
        manner = UtteranceProsody(
            voice,
            float(voice.option("speed", 1.0)) * utterance.pace,
            float(voice.option("shift_ms", SHIFT_MS)),
            10.0 ** (float(voice.option("gain_db", GAIN_DB)) / 20.0),
        )
        if lead:
            yield PhraseAudio(np.zeros(0, np.float32), (), lead)
        hurried, sentences = sentences[: len(at_first)], sentences[len(at_first) :]
        for sentence in hurried:
            yield from say_sentence(model, sentence, manner, hurried=True)
        for pieces in in_order(lambda sentence: say_sentence(model, sentence, manner), sentences, "sentence"):
            yield from pieces

    def _model(self, voice: Voice) -> KokoroModel:
        if voice.models is None:
            raise EngineUnavailable(message("kokoro.no-folder"), hint=message("kokoro.no-folder-hint"))
        folder = voice.models
        if folder not in self._models:
            self._models[folder] = self._stack.enter_context(held_model(folder))
        return self._models[folder]


def say_sentence(
    model: KokoroModel, sentence: Sentence, manner: UtteranceProsody, *, hurried: bool = False
) -> list[PhraseAudio]:
    """One sentence's phrases; `hurried`: somebody waits, so it has every core and little silence around."""
    ids = list(numbers(sentence.symbols))
    style = style_of(manner.voice, len(ids))
    durations, between = model.frames(ids, style)
    marks = [phrase.end for phrase, _, _ in sentence.phrases]
    frames = whole_frames(durations, sentence, manner.speed, marks, LEAST_MARK_FRAMES)
    laid, first = trim_frames(model.lay(between, frames, style), *([HURRIED_FRAMES] if hurried else []))
    settings = settings_of(sentence, frames)
    settings = settings.cut(2 * first, len(laid.f0))
    laid = replace(laid, f0=set_melody(laid.f0, settings))
    pcm = set_loudness(model.sound(laid, style, available_cores() if hurried else 1), settings, FRAME)
    return cut_phrases(sentence, pcm, frames, first, manner.shift_ms, manner.gain)


def _silence(ms: int) -> tuple[NDArray[np.float32], tuple[Phoneme, ...]]:
    samples = round(ms * RATE_HZ / 1000)
    return np.zeros(samples, np.float32), (Phoneme(SILENCE, Span(0, samples), None),) if samples else ()
