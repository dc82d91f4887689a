"""Engines that cannot run, for chains."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from anchor.core.errors import EngineError, EngineUnavailable
from anchor.core.ports import SpeechCapabilities, Spoken, Voice
from anchor.core.speech import Utterance
from anchor.speech.engines.tone import ToneEngine


class Absent(ToneEngine):
    """Its library is not installed."""

    def __enter__(self) -> Self:
        raise EngineUnavailable("no such library", hint="install it")


class Dying(ToneEngine):
    """Enters, but its process dies at the first word."""

    capabilities = SpeechCapabilities(exact_timing=False, latin=True)

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        raise EngineUnavailable("the process died")


class Refusing(ToneEngine):
    """Runs, but refuses the text."""

    left = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        Refusing.left += 1

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        raise EngineError("not this text")
