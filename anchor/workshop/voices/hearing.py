"""How well a voice is understood: it reads sentences, a recogniser listens, and what was heard is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.errors import JobCancelled
from anchor.core.ports import SpeechEngine, Spoken, Voice
from anchor.core.speech import Utterance
from anchor.media.wav import RATE_HZ, read_wav
from anchor.models.sets import model_set
from anchor.pipeline.run import SPEAK_DBTP, SPEAK_LUFS
from anchor.pipeline.services import Services, never
from anchor.speech.engines.fallback import FallbackEngine
from anchor.speech.recogniser import SET, Recogniser
from anchor.speech.speak import Speech, speak_utterance
from anchor.workshop.voices.evaluation.heard import Heard
from anchor.workshop.voices.evaluation.mos import Judge
from anchor.workshop.voices.evaluation.scoring import compare
from anchor.workshop.voices.evaluation.sentences import Sentence
from anchor.workshop.voices.evaluation.sound import clipped_samples, timing_of

VERSION = 1
"""Of what is counted; kept results of another are counted anew."""

Progress = Callable[[str, int, int], None]


def hear_voice(
    name: str,
    sentences: tuple[Sentence, ...],
    services: Services,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = never,
) -> tuple[Heard, ...]:
    """Let a voice read sentences and listen to each; what was heard before is not made again.

    Raises:
        PackError: no such voice.
        EngineUnavailable: the engine, the recogniser or its models are not here.
        EngineError: the voice cannot speak.
        JobCancelled: `cancelled` said so; what was heard is kept.
    """
    voice = services.voice(name)
    judge = Judge()
    heard: list[Heard] = []
    with Recogniser(services.settings.models) as ears:
        # What is missing is said before anything is spoken.
        ears.load()
        judge.load()
        for done, sentence in enumerate(sentences):
            if cancelled():
                raise JobCancelled("stopped on request", hint="what was heard is kept")
            if progress is not None:
                progress("listen", done, len(sentences))
            heard.append(_heard(sentence, voice, ears, judge, services, cancelled))
    if progress is not None:
        progress("listen", len(sentences), len(sentences))
    return tuple(heard)


def _heard(
    sentence: Sentence,
    voice: Voice,
    ears: Recogniser,
    judge: Judge,
    services: Services,
    cancelled: Callable[[], bool],
) -> Heard:
    utterance = services.reader.read(sentence.text)

    def by(member: Voice, engine: SpeechEngine) -> Heard:
        key = digest_of(
            *("hear", VERSION, __version__, utterance.items, member.digest, member.engine, services.ffmpeg.version),
            [file.sha256 for file in model_set(SET).files],
        )
        found = services.store.result("hear", key, Heard)
        if found is None:
            found = _listened(sentence, utterance, member, engine, ears, judge, services, cancelled)
            services.store.keep("hear", key, found)
        return found

    return FallbackEngine(voice.members or (voice,), services.speech).first(by)


def _listened(
    sentence: Sentence,
    utterance: Utterance,
    voice: Voice,
    engine: SpeechEngine,
    ears: Recogniser,
    judge: Judge,
    services: Services,
    cancelled: Callable[[], bool],
) -> Heard:
    tap = _Tap(engine)
    with services.store.workdir() as work:
        wav = work / "sentence.wav"
        speech = speak_utterance(
            utterance,
            voice,
            tap,
            lufs=SPEAK_LUFS,
            dbtp=SPEAK_DBTP,
            wav=wav,
            ffmpeg=services.ffmpeg,
            cancelled=cancelled,
        )
        return _counted(sentence, utterance, voice, speech, wav, tap.clipped, ears, judge, services)


def _counted(
    sentence: Sentence,
    utterance: Utterance,
    voice: Voice,
    speech: Speech,
    wav: Path,
    clipped: int,
    ears: Recogniser,
    judge: Judge,
    services: Services,
) -> Heard:
    text = ears.hear(wav)
    pcm = np.concatenate([block.mean(axis=1) for block in read_wav(wav)])
    return Heard(
        sentence=sentence,
        text=text,
        errors=compare(utterance, text, services.reader),
        timing=timing_of(utterance, speech.timeline),
        lufs=speech.lufs,
        dbtp=speech.dbtp,
        clipped=clipped,
        opinion=judge.judge(pcm, RATE_HZ),
        voice=voice.name,
        engine=voice.engine,
    )


class _Tap:
    """An engine whose sound is looked at on its way, before chain and limiter hide what it did."""

    def __init__(self, engine: SpeechEngine) -> None:
        self._engine = engine
        self.capabilities = engine.capabilities
        self.clipped = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The engine stays open: it is not ours."""

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """What the engine says."""
        spoken = self._engine.speak(utterance, voice)
        self.clipped += clipped_samples(spoken.pcm)
        return spoken
