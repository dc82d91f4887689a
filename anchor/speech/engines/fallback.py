"""A chain of engines: the first that can speaks.

Only `EngineUnavailable` passes the word on: a library that is missing, a process that died. A text that an engine
refuses would be refused by the next one too, or worse, be read by another voice without anybody knowing why.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from anchor.core.errors import EngineUnavailable
from anchor.core.ports import SpeechCapabilities, SpeechEngine, Spoken, Voice
from anchor.core.speech import Utterance
from anchor.messages import message
from anchor.registry import speech_engine

T = TypeVar("T")
Passed = Callable[[Voice, Voice, EngineUnavailable], None]
"""Told who could not, who is asked instead, and why."""


def _quiet(could_not: Voice, instead: Voice, error: EngineUnavailable) -> None:
    """Nobody is told."""


class FallbackEngine:
    """Holds the engines of a chain.

    Args:
        members: in the order in which they are asked.
        engine_of: gives an engine by name, entered; without it the chain enters engines itself and closes them.
        passed: told each time one is passed over.
    """

    def __init__(
        self,
        members: tuple[Voice, ...],
        engine_of: Callable[[str], SpeechEngine] | None = None,
        passed: Passed = _quiet,
    ) -> None:
        self._members = members
        self._engine_of = engine_of or self._entered
        self._passed = passed
        self._stack = ExitStack()
        self._own: dict[str, SpeechEngine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own.clear()
        self._stack.close()

    @property
    def capabilities(self) -> SpeechCapabilities:
        """What holds whoever of those that can will speak.

        Raises:
            EngineUnavailable: none can.
        """
        able: list[SpeechCapabilities] = []
        reason: EngineUnavailable | None = None
        for member in self._members:
            try:
                able.append(self._engine_of(member.engine).capabilities)
            except EngineUnavailable as error:
                reason = error
        if not able:
            raise reason or EngineUnavailable(message("speech.empty-chain"))
        return SpeechCapabilities(
            exact_timing=all(c.exact_timing for c in able),
            latin=all(c.latin for c in able),
            on_air=all(c.on_air for c in able),
        )

    def speak(self, utterance: Utterance, voice: Voice) -> Spoken:
        """Speak with the first that can.

        Raises:
            EngineUnavailable: none can; this is why the last could not.
        """
        return self.first(lambda member, engine: engine.speak(utterance, member))

    def first(self, work: Callable[[Voice, SpeechEngine], T]) -> T:
        """What `work` makes with the first member that can.

        Raises:
            EngineUnavailable: none can; this is why the last could not.
        """
        for member, following in zip(self._members, (*self._members[1:], None), strict=True):
            try:
                return work(member, self._engine_of(member.engine))
            except EngineUnavailable as error:
                if following is None:
                    raise
                self._passed(member, following, error)
        raise EngineUnavailable(message("speech.empty-chain"))

    def _entered(self, name: str) -> SpeechEngine:
        if name not in self._own:
            self._own[name] = self._stack.enter_context(speech_engine(name))
        return self._own[name]
