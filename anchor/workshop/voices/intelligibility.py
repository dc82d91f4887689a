"""How well a voice is understood: it reads sentences, a recogniser listens, and what was heard is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anchor import __version__
from anchor.core.artifact import digest_of
from anchor.core.errors import JobCancelled
from anchor.core.events import ProgressCallback
from anchor.core.ports import SpeechEngine, Spoken, Voice
from anchor.core.speech import Utterance
from anchor.media.wav import RATE_HZ, read_wav
from anchor.messages import message
from anchor.models.sets import model_set
from anchor.pipeline.run import SPEAK_DBTP, SPEAK_LUFS
from anchor.pipeline.services import Services, never
from anchor.speech.engines.fallback import FallbackEngine
from anchor.speech.recogniser import SET, Recogniser
from anchor.speech.speak import Speech, speak_utterance
from anchor.workshop.voices.evaluation.blocks import blocks_of, join_sentences
from anchor.workshop.voices.evaluation.error_rates import Understood, share_out
from anchor.workshop.voices.evaluation.mos import Judge, Opinion
from anchor.workshop.voices.evaluation.recognition import Heard, HeardBlock
from anchor.workshop.voices.evaluation.sentences import EvaluationSentence
from anchor.workshop.voices.evaluation.speech_timing import clipped_samples, timing_of

VERSION = 2
"""Of what is counted; kept results of another are counted anew."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One sentence, spoken and measured, not yet heard.

    Shapes:
        pcm: [samples] at 48 kHz
    """

    pcm: NDArray[np.float32]
    speech: Speech
    clipped: int
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class _Room:
    """Who listens, and what it takes to speak."""

    ears: Recogniser
    judge: Judge
    services: Services
    cancelled: Callable[[], bool]

    def stop_if_asked(self) -> None:
        """Raise if somebody asked."""
        if self.cancelled():
            raise JobCancelled(message("voices.stopped-on-request"), hint=message("voices.what-was-heard-is-kept"))


def hear_voice(
    name: str,
    sentences: tuple[EvaluationSentence, ...],
    services: Services,
    progress: ProgressCallback | None = None,
    cancelled: Callable[[], bool] = never,
) -> tuple[Heard, ...]:
    """Let a voice read sentences and listen to them, some in one go; what was heard before is not made again.

    Raises:
        PackError: no such voice.
        EngineUnavailable: the engine, the recogniser or its models are not here.
        EngineError: the voice cannot speak.
        JobCancelled: `cancelled` said so; what was heard is kept.
    """
    voice = services.voice(name)
    utterances = [services.reader.read(sentence.text) for sentence in sentences]
    heard: list[Heard] = []

    def tell(done: int) -> None:
        if progress is not None:
            progress("listen", done, len(sentences))

    with Recogniser(services.settings.models) as ears:
        room = _Room(ears, Judge(), services, cancelled)
        # What is missing is said before anything is spoken.
        ears.load()
        room.judge.load()
        for block in blocks_of(utterances):
            room.stop_if_asked()
            heard += _heard([sentences[n] for n in block], [utterances[n] for n in block], voice, room, tell, block[0])
    tell(len(sentences))
    return tuple(heard)


def _heard(
    sentences: Sequence[EvaluationSentence],
    utterances: Sequence[Utterance],
    voice: Voice,
    room: _Room,
    tell: Callable[[int], None],
    first: int,
) -> tuple[Heard, ...]:
    """A block, by the first member of a chain that can say it; `first` is the number of its first sentence."""
    services = room.services

    def by(member: Voice, engine: SpeechEngine) -> HeardBlock:
        key = digest_of(
            *("hear", VERSION, __version__, member.digest, member.engine, services.ffmpeg.version),
            [utterance.items for utterance in utterances],
            [file.sha256 for file in model_set(SET).files],
        )
        found = services.store.result("hear", key, HeardBlock)
        if found is None:
            said = []
            for number, utterance in enumerate(utterances, first):
                room.stop_if_asked()
                tell(number)
                said.append(_said(utterance, member, engine, room))
            found = _understood(sentences, utterances, said, member, room)
            services.store.keep("hear", key, found)
        return found

    return FallbackEngine(voice.members or (voice,), services.speech).first(by).sentences


def _said(utterance: Utterance, voice: Voice, engine: SpeechEngine, room: _Room) -> _Said:
    tap = _Tap(engine)
    with room.services.store.workdir() as work:
        wav = work / "sentence.wav"
        speech = speak_utterance(
            utterance,
            voice,
            tap,
            lufs=SPEAK_LUFS,
            dbtp=SPEAK_DBTP,
            wav=wav,
            ffmpeg=room.services.ffmpeg,
            cancelled=room.cancelled,
        )
        pcm = np.concatenate([block.mean(axis=1) for block in read_wav(wav)])
    return _Said(pcm, speech, tap.clipped, room.judge.judge(pcm, RATE_HZ))


def _understood(
    sentences: Sequence[EvaluationSentence],
    utterances: Sequence[Utterance],
    said: Sequence[_Said],
    voice: Voice,
    room: _Room,
) -> HeardBlock:
    parts = _listened(utterances, [one.pcm for one in said], room)
    return HeardBlock(
        tuple(
            Heard(
                sentence=sentence,
                text=part.text,
                errors=part.errors,
                timing=timing_of(utterance, one.speech.timeline),
                lufs=one.speech.lufs,
                dbtp=one.speech.dbtp,
                clipped=one.clipped,
                opinion=one.opinion,
                voice=voice.name,
                engine=voice.engine,
            )
            for sentence, utterance, one, part in zip(sentences, utterances, said, parts, strict=True)
        )
    )


def _listened(
    utterances: Sequence[Utterance], sounds: Sequence[NDArray[np.float32]], room: _Room
) -> tuple[Understood, ...]:
    """What is heard of a block; where the listener goes round in circles, of each sentence by itself.

    So a sentence that nobody understands does not spoil those that follow it.
    """
    reader = room.services.reader
    together = room.ears.listen(join_sentences(sounds), RATE_HZ)
    if len(sounds) == 1 or not any(hearing.looped for hearing in together):
        return share_out(utterances, "".join(hearing.text for hearing in together), reader)
    alone = (room.ears.hear(sound, RATE_HZ) for sound in sounds)
    return tuple(part for one, text in zip(utterances, alone, strict=True) for part in share_out((one,), text, reader))


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
